import { StepwellError } from "../sdk/index.ts";

/** What `call` returns; its errors speak of what the user wrote, by replacements in their order. */
export function underOwnNames<T>(call: () => T, names: readonly (readonly [RegExp | string, string])[]): T {
  try {
    return call();
  } catch (error) {
    if (!StepwellError.is(error)) throw error;
    const text = names.reduce((message, [theirs, own]) => message.replace(theirs, own), error.message);
    throw new StepwellError(error.code, text, { cause: error });
  }
}
