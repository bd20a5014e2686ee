import { expect } from "vitest";
import { type Code, StepwellError } from "../../sdk/index.ts";

/** What `code` throws, or rejects with. */
export async function thrownBy(code: () => unknown): Promise<unknown> {
  try {
    await code();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

/** Expects a typed error with that code, whose message holds all the parts. */
export async function expectProblem(code: () => unknown, expected: Code, ...parts: string[]): Promise<void> {
  const error = await thrownBy(code);
  expect(StepwellError.is(error), String(error)).toBe(true);
  expect((error as StepwellError).code, String(error)).toBe(expected);
  for (const part of parts) expect((error as StepwellError).message).toContain(part);
}
