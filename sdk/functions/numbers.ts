import { badInput, quote } from "../errors/index.ts";

/** A number of `createFunction`'s options that counts something. */
export function checkCount(value: unknown, min: number, max: number, where: string): number {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  const text = `must be a whole number from ${min} to ${max}, got ${quote(value)}.`;
  throw badInput("STEPWELL_INVALID_FUNCTION", where, text);
}
