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

  /** Holds for subclasses, and for errors of a second copy of this package in a bundle. */
  static is(error: unknown): error is NonRetriableError {
    return error instanceof NonRetriableError || hasName(error, "NonRetriableError");
  }
}

export const hasName = (error: unknown, name: string): boolean => error instanceof Error && error.name === name;
