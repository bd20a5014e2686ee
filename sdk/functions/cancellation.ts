import { type CancelCause, EVENT_CANCELLED } from "../protocol/index.ts";
import { followUp } from "./follow-up.ts";
import type { AnyHandler, DurableSpec, StepwellFunction } from "./function.ts";

/** An `onCancel` as the code gave it, once its types have done their work. */
export type AnyCancelHandler = (context: Parameters<AnyHandler>[0] & { cause: CancelCause }) => unknown;

/** The function that `onCancel` makes. The cancelled event says by what. */
export function cancelFunction(of: DurableSpec, onCancel: AnyCancelHandler, where: string): StepwellFunction {
  const handler: AnyHandler = (context) => {
    const { cause } = context.event.data as { cause: CancelCause };
    return onCancel({ ...context, cause });
  };
  return followUp(of, { option: "onCancel", suffix: "cancel", event: EVENT_CANCELLED, handler }, where);
}
