import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { STEP_ID_CHARS_MAX } from "../protocol/index.ts";
import type { StepId } from "../types/index.ts";

const CODE = "STEPWELL_INVALID_STEP";

/** The first argument of every step tool, checked: its id, its name for people, and the prefix of errors about it. */
export interface CheckedId {
  readonly where: string;
  /** The part that belongs in a request. */
  readonly step: { readonly id: string; readonly name?: string };
}

export function checkStepId(given: StepId, tool: string): CheckedId {
  const { id, name }: Record<string, unknown> = isRecord(given) ? given : { id: given };
  if (typeof id !== "string" || id.trim() === "" || id.length > STEP_ID_CHARS_MAX) {
    const text = `the first argument must be the step's id: 1 to ${STEP_ID_CHARS_MAX} characters, got ${quote(id)}.`;
    throw badInput(CODE, tool, text);
  }
  const where = `${tool} "${id}"`;
  if (isRecord(given)) refuseUnknownKeys(given, ["id", "name"], CODE, where);
  if (name === undefined) return { where, step: { id } };
  if (typeof name !== "string" || name.length > STEP_ID_CHARS_MAX) {
    const text = `the name must be a string of at most ${STEP_ID_CHARS_MAX} characters, got ${quote(name)}.`;
    throw badInput(CODE, where, text);
  }
  return { where, step: { id, name } };
}

/**
 * Errors of a step tool reject, they never throw: `step.run(…).catch(…)` gets them all. What `ask` returns goes through as it is, so
 * that the code goes on in the very turn in which the ledger hands over the result.
 */
export function rejecting<T>(ask: () => Promise<unknown>): Promise<T> {
  try {
    return ask() as Promise<T>;
  } catch (error) {
    return Promise.reject(error);
  }
}
