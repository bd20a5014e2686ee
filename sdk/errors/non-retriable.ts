import { NON_RETRIABLE } from "../execution/retry-wish.ts";
import { isError, read } from "../protocol/index.ts";

/**
 * Ends the retries: thrown in a step the step fails at once, thrown outside of steps the run does.
 *
 * @example
 * ```ts
 * if (user === undefined) throw new NonRetriableError(`There is no user ${id}`, { cause: error });
 * ```
 */
export class NonRetriableError extends Error {
  override readonly name: string = "NonRetriableError";

  static {
    Object.defineProperty(NonRetriableError.prototype, NON_RETRIABLE, { value: true });
  }

  /** Holds for subclasses, and for errors of a second copy of this package in a bundle. */
  static is(error: unknown): error is NonRetriableError {
    return hasName(error, "NonRetriableError") || hasBrand(error, NON_RETRIABLE);
  }
}

export const hasName = (error: unknown, name: string): boolean => isError(error) && read(error, "name") === name;
export const hasBrand = (error: unknown, brand: symbol): boolean => isError(error) && read(error, brand) === true;
