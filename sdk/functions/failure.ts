import { deserializeError, EVENT_FAILED, type SerializedError } from "../protocol/index.ts";
import { followUp } from "./follow-up.ts";
import type { AnyHandler, DurableSpec, StepwellFunction } from "./function.ts";

/** An `onFailure` as the code gave it, once its types have done their work. */
export type AnyFailureHandler = (context: Parameters<AnyHandler>[0] & { error: Error }) => unknown;

/** The function that `onFailure` makes. The failed event carries the error as plain data. */
export function failureFunction(of: DurableSpec, onFailure: AnyFailureHandler, where: string): StepwellFunction {
  const handler: AnyHandler = (context) => {
    const { error } = context.event.data as { error: SerializedError };
    return onFailure({ ...context, error: deserializeError(error) });
  };
  return followUp(of, { option: "onFailure", suffix: "failure", event: EVENT_FAILED, handler }, where);
}
