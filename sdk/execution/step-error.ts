import { deserializeError, isError, read, type SerializedError } from "../protocol/index.ts";

const BRAND = Symbol.for("stepwell.StepError");

/**
 * What a step rejects with in the handler once it is out of retries. `name`, `message`, `code` and `cause` are those of the original error (for
 * `step.invoke`: the child's). Uncaught, it fails the run.
 *
 * @example
 * ```ts
 * const charge = await step.run("charge", pay).catch((error) => {
 *   if (StepError.is(error) && error.name === "CardDeclined") return null;
 *   throw error;
 * });
 * ```
 */
export class StepError extends Error {
  override readonly name: string;
  /** The step's id in the code, with `:1`, `:2`, … for repeats. */
  readonly stepId: string;
  /** The step's name for people; its id if it has none. */
  readonly stepName: string;
  readonly code?: string;
  readonly [BRAND] = true;

  constructor(error: SerializedError, stepId: string, stepName: string = stepId) {
    super(error.message, error.cause === undefined ? undefined : { cause: deserializeError(error.cause) });
    this.name = error.name;
    this.stepId = stepId;
    this.stepName = stepName;
    if (error.code !== undefined) this.code = error.code;
    if (error.stack !== undefined) this.stack = error.stack;
    Object.defineProperty(this, BRAND, { enumerable: false });
  }

  /** Tests a brand and not the name, which is the original's; holds for a second copy of this package too. */
  static is(error: unknown): error is StepError {
    return isError(error) && read(error, BRAND) === true;
  }
}

/** A stored error of a step, as the handler gets it. */
export const stepErrorFrom = (error: SerializedError, stepId: string, displayName?: string): StepError =>
  new StepError(error, stepId, displayName);
