import { badInput } from "../errors/index.ts";
import { ATTEMPTS_DEFAULT, BACKOFF_MS_MAX, ID_CHARS_MAX, STEPS_PER_RUN_DEFAULT } from "../protocol/index.ts";
import { type AnyHandler, type DurableSpec, StepwellFunction } from "./function.ts";

/** What follows the end of another function's run: `onFailure` or `onCancel`. */
export interface FollowUp {
  readonly option: "onFailure" | "onCancel";
  /** The id is the first function's with this, and the name too. */
  readonly suffix: "failure" | "cancel";
  /** The lifecycle event with which a run of the first function ends. */
  readonly event: string;
  readonly handler: AnyHandler;
}

/** A second function, with steps and retries of its own and no flow control: started by the event with which a run of the first ends. */
export function followUp(
  of: DurableSpec,
  { option, suffix, event, handler }: FollowUp,
  where: string,
): StepwellFunction {
  const id = `${of.id}-${suffix}`;
  if (id.length > ID_CHARS_MAX) {
    const text = `it becomes the function "${id}", whose id has more than ${ID_CHARS_MAX} characters. Shorten the id.`;
    throw badInput("STEPWELL_INVALID_FUNCTION", `${where}: ${option}`, text);
  }
  return new StepwellFunction({
    app: of.app,
    id,
    name: `${of.name ?? of.id} (${suffix})`,
    triggers: [{ kind: "event", event, if: `event.data.function_id == "${of.app}/${of.id}"` }],
    retry: { attempts: ATTEMPTS_DEFAULT, backoff: "exponential", maxDelayMs: BACKOFF_MS_MAX },
    maxSteps: STEPS_PER_RUN_DEFAULT,
    parallelism: "inline",
    checkpointing: of.checkpointing,
    handler,
    logger: of.logger,
    schemas: of.schemas,
    ...(of.middleware !== undefined && { middleware: of.middleware }),
  });
}
