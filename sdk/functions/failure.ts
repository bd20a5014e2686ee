import { badInput } from "../errors/index.ts";
import {
  ATTEMPTS_DEFAULT,
  BACKOFF_MS_MAX,
  deserializeError,
  EVENT_FAILED,
  ID_CHARS_MAX,
  type SerializedError,
  STEPS_PER_RUN_DEFAULT,
} from "../protocol/index.ts";
import type { Context } from "../types/index.ts";
import { type AnyHandler, type DurableSpec, StepwellFunction } from "./function.ts";

const SUFFIX = "-failure";

/** An `onFailure` as the code gave it, once its types have done their work. */
export type AnyFailureHandler = (context: Parameters<AnyHandler>[0] & { error: Error }) => unknown;

/** The second function that `onFailure` makes: started by the event with which a run of the first one fails. */
export function failureFunction(of: DurableSpec, onFailure: AnyFailureHandler, where: string): StepwellFunction {
  const id = `${of.id}${SUFFIX}`;
  if (id.length > ID_CHARS_MAX) {
    const text = `it becomes the function "${id}", whose id has more than ${ID_CHARS_MAX} characters. Shorten the id.`;
    throw badInput("STEPWELL_INVALID_FUNCTION", `${where}: onFailure`, text);
  }
  return new StepwellFunction({
    app: of.app,
    id,
    name: `${of.name ?? of.id} (failure)`,
    triggers: [{ kind: "event", event: EVENT_FAILED, if: `event.data.function_id == "${of.app}/${of.id}"` }],
    retry: { attempts: ATTEMPTS_DEFAULT, backoff: "exponential", maxDelayMs: BACKOFF_MS_MAX },
    maxSteps: STEPS_PER_RUN_DEFAULT,
    handler: (context) => onFailure({ ...context, error: errorOf(context.event) }),
    logger: of.logger,
  });
}

/** The failed event carries the error as plain data. */
function errorOf(event: Context<unknown, { data: unknown }>["event"]): Error {
  const { error } = event.data as { error: SerializedError };
  return deserializeError(error);
}
