import { type Code, ID_CHARS_MAX, StepwellError } from "../protocol/index.ts";

/** An error about something that a user wrote. `where` says where, down to the option: `createFunction "bill": retries`. */
export const badInput = (code: Code, where: string, text: string): StepwellError =>
  new StepwellError(code, `${where}: ${text}`);

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A value, short enough to be quoted in a message. */
export function quote(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "an array";
  if (isRecord(value)) return `an object of ${value.constructor?.name ?? "no class"}`;
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** Refuses keys that are not in `known`, so that no option is silently ignored. `undefined` counts as not given. */
export function refuseUnknownKeys(value: object, known: readonly string[], code: Code, where: string): void {
  for (const [key, given] of Object.entries(value)) {
    if (given === undefined || known.includes(key)) continue;
    throw badInput(code, where, `there is no option "${key}". The options are: ${known.join(", ")}.`);
  }
}

/** Client ids, function ids and environments: they become parts of keys, queue names and addresses. */
export function checkId(value: unknown, code: Code, where: string): string {
  const allowed = `1 to ${ID_CHARS_MAX} characters of a-z, 0-9, "-" and "_"`;
  if (typeof value !== "string") throw badInput(code, where, `must be a string of ${allowed}, got ${quote(value)}.`);
  if (/^[a-z0-9_-]+$/.test(value) && value.length <= ID_CHARS_MAX) return value;
  const better = slug(value);
  const hint = better === "" ? "" : ` Write ${JSON.stringify(better)}.`;
  throw badInput(code, where, `must be ${allowed}, got ${quote(value)}.${hint}`);
}

/** The nearest id to a text: `Sync User` and `syncUser` become `sync-user`. Empty if there is none. */
export const slug = (text: string): string =>
  text
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, "-")
    .slice(0, ID_CHARS_MAX)
    .replace(/^-+|-+$/g, "");
