import { badInput, isRecord, quote, refuseUnknownKeys } from "../../errors/index.ts";
import { formatDuration, parseDuration } from "../../expressions/index.ts";
import { PERIOD_MS_MAX, PERIOD_MS_MIN } from "../../protocol/index.ts";

export const CODE = "STEPWELL_INVALID_FUNCTION";

/** An option's object, after its fields have been seen to be among `shape`: names, with a `?` where they may be absent. */
export function checkFields(value: unknown, shape: readonly string[], where: string, or = ""): Record<string, unknown> {
  if (!isRecord(value)) throw badInput(CODE, where, `must be ${or}{ ${shape.join(", ")} }, got ${quote(value)}.`);
  const names = shape.map((name) => name.replace("?", ""));
  refuseUnknownKeys(value, names, CODE, where);
  return value;
}

/** A period of flow control, in milliseconds. `min` is another one that it is not shorter than. */
export function checkPeriod(value: unknown, where: string, min = PERIOD_MS_MIN): number {
  const ms = parseDuration(value, where);
  if (ms >= min && ms <= PERIOD_MS_MAX) return ms;
  const text = `must be from ${formatDuration(min)} to ${formatDuration(PERIOD_MS_MAX)}, got ${quote(value)}.`;
  throw badInput("STEPWELL_INVALID_DURATION", where, text);
}
