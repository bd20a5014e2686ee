import { badInput, quote } from "../errors/index.ts";
import { type Code, EVENT_BYTES_MAX, EVENT_USER_BYTES_MAX } from "../protocol/index.ts";

/**
 * The JSON of a value that a user wants to send. What JSON would lose silently, or not take, is refused by its path: functions, symbols,
 * BigInt, circles, and getters and `toJSON` that throw. Dates become text; `undefined` fields are left out, as JSON does.
 */
export function jsonText(value: unknown, path: string, code: Code, where: string): string {
  try {
    refuseNonJson(value, path, [], (at, text) => badInput(code, `${where}: ${at}`, text));
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw badInput(code, `${where}: ${path}`, "is nested too deeply to be JSON.");
    throw error;
  }
}

/** Refuses what is larger, as JSON, than an event or its `user` may be. */
export function checkEventBytes(texts: readonly string[], user: string | undefined, where: string): void {
  const userBytes = Buffer.byteLength(user ?? "");
  if (userBytes > EVENT_USER_BYTES_MAX) {
    const text = `has at most ${EVENT_USER_BYTES_MAX} bytes as JSON, this one has ${userBytes}. Put the rest into data.`;
    throw badInput("STEPWELL_EVENT_TOO_LARGE", `${where}: user`, text);
  }
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), userBytes);
  if (bytes <= EVENT_BYTES_MAX) return;
  const text = `an event has at most ${EVENT_BYTES_MAX} bytes as JSON, this one has ${bytes}. Store the data and send its address.`;
  throw badInput("STEPWELL_EVENT_TOO_LARGE", where, text);
}

type Refuse = (path: string, text: string) => Error;

function refuseNonJson(given: unknown, path: string, above: object[], refuse: Refuse): void {
  const value = attempt(() => asJson(given), path, refuse);
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    const what = typeof value === "bigint" ? `the BigInt ${quote(value)}` : `a ${typeof value}`;
    throw refuse(path, `is ${what}, which JSON cannot hold. Send text or a number instead.`);
  }
  if (typeof value !== "object" || value === null) return;
  if (above.includes(value)) throw refuse(path, "refers back to an object that contains it; a circle cannot be JSON.");
  above.push(value);
  for (const key of Object.keys(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`;
    const field = attempt(() => (value as Record<string, unknown>)[key], at, refuse);
    refuseNonJson(field, at, above, refuse);
  }
  above.pop();
}

function asJson(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { toJSON } = value as { toJSON?: unknown };
  return typeof toJSON === "function" ? toJSON.call(value, "") : value;
}

function attempt(read: () => unknown, path: string, refuse: Refuse): unknown {
  try {
    return read();
  } catch (error) {
    throw refuse(path, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}
