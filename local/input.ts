import { invalid } from "./aws-error.ts";

/** Reads members of a request's input, with AWS's kind of complaint when they are not what they must be. */

export type Input = Readonly<Record<string, unknown>>;

export function text(input: Input, key: string): string {
  const value = optionalText(input, key);
  if (value === undefined || value === "") throw invalid(`${key} is required.`);
  return value;
}

export function optionalText(input: Input, key: string): string | undefined {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw invalid(`${key} must be a string.`);
  return value;
}

export function optionalNumber(input: Input, key: string): number | undefined {
  const value = input[key];
  if (value === undefined || value === null) return undefined;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) throw invalid(`${key} must be a number.`);
  return number;
}

export function list(input: Input, key: string): readonly unknown[] {
  const value = input[key] ?? [];
  if (!Array.isArray(value)) throw invalid(`${key} must be a list.`);
  return value;
}

export const records = (input: Input, key: string): readonly Input[] =>
  list(input, key).map((value) => {
    if (!isRecord(value)) throw invalid(`${key} must be a list of structures.`);
    return value;
  });

export function record(input: Input, key: string): Input {
  const value = input[key] ?? {};
  if (!isRecord(value)) throw invalid(`${key} must be a structure.`);
  return value;
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
