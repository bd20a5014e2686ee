import { RETRY_AFTER } from "../execution/retry-wish.ts";
import { parseDuration } from "../expressions/index.ts";
import { StepwellError } from "../protocol/index.ts";
import { hasBrand, hasName } from "./non-retriable.ts";

/** When to try again: a while after the error (ms), or at a point in time (ms since the epoch). */
export type RetryAfter = { readonly delayMs: number } | { readonly at: number };

/**
 * Fails this try and says when the next one is due, instead of the back-off. It uses up a retry as any error does.
 *
 * The time is a number of milliseconds, a duration such as `"30s"`, or a `Date`; anything else throws a `StepwellError` of code
 * `STEPWELL_INVALID_DURATION`, which is not retried.
 *
 * @example
 * ```ts
 * if (response.status === 429) throw new RetryAfterError("rate limited", "30s");
 * ```
 */
export class RetryAfterError extends Error {
  override readonly name: string = "RetryAfterError";
  readonly retryAfter: RetryAfter;

  constructor(message: string, retryAfter: number | string | Date, options?: ErrorOptions) {
    super(message, options);
    this.retryAfter = retryAfterOf(retryAfter, "RetryAfterError");
  }

  static {
    Object.defineProperty(RetryAfterError.prototype, RETRY_AFTER, { value: true });
  }

  /** Holds for subclasses, and for errors of a second copy of this package in a bundle. */
  static is(error: unknown): error is RetryAfterError {
    return hasBrand(error, RETRY_AFTER) || (hasName(error, "RetryAfterError") && hasRetryAfter(error));
  }
}

const hasRetryAfter = (error: unknown): boolean =>
  typeof (error as { retryAfter?: unknown }).retryAfter === "object" &&
  (error as { retryAfter?: unknown }).retryAfter !== null;

/** The time that an error was given, read. `where` is the name of the error. */
export function retryAfterOf(retryAfter: number | string | Date, where: string): RetryAfter {
  if (!(retryAfter instanceof Date)) return { delayMs: parseDuration(retryAfter, where) };
  const at = retryAfter.getTime();
  if (Number.isNaN(at)) {
    throw new StepwellError("STEPWELL_INVALID_DURATION", `${where}: the Date is invalid. Check where it comes from.`);
  }
  return { at };
}
