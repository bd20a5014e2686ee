/** Durations and dates as users write them, as milliseconds. Pure: nothing here reads a clock or the process's time zone. */
import { StepwellError, WAIT_MS_MAX } from "../protocol/index.ts";

const UNITS = [
  { short: "w", ms: 604_800_000, names: ["w", "wk", "wks", "week", "weeks"] },
  { short: "d", ms: 86_400_000, names: ["d", "day", "days"] },
  { short: "h", ms: 3_600_000, names: ["h", "hr", "hrs", "hour", "hours"] },
  { short: "m", ms: 60_000, names: ["m", "min", "mins", "minute", "minutes"] },
  { short: "s", ms: 1_000, names: ["s", "sec", "secs", "second", "seconds"] },
  { short: "ms", ms: 1, names: ["ms", "msec", "msecs", "millisecond", "milliseconds"] },
] as const;

const RANK = new Map<string, number>(UNITS.flatMap(({ names }, rank) => names.map((name) => [name, rank])));
const PART = /(\d{1,15}(?:\.\d{1,9})?) ?([a-z]+) */y;
const TEXT_CHARS_MAX = 64;
const DATE_MS_MAX = 8.64e15;
const DATE = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(Z|[+-]\d{2}:?\d{2})?)?$/i;
const SUGGESTION = 'Write a number of milliseconds, or a text such as "500ms", "30s", "5m", "2h", "1d", "1w", "1h30m"';

/**
 * A duration in whole milliseconds, from 0 to 365 days. Takes a number of milliseconds (fractions round up) or a text of numbers
 * with units, the largest unit first and each at most once: `w d h m s ms`, or their English names. There are no months and years.
 *
 * @param where the call to name in an error, such as `step.sleep("nap")`
 * @throws StepwellError `STEPWELL_INVALID_DURATION` for anything else; nothing ever turns into a zero sleep
 * @example
 * ```ts
 * parseDuration("1 hour 30 minutes", 'step.sleep("nap")'); // 5_400_000
 * ```
 */
export function parseDuration(value: unknown, where: string): number {
  const ms = typeof value === "string" ? textToMs(value) : typeof value === "number" ? value : undefined;
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) {
    if (value instanceof Date) throw refusal(where, "a Date is a point in time: it is for step.sleepUntil.");
    throw refusal(where, `${show(value)} is not a duration. ${SUGGESTION}.`);
  }
  if (ms > WAIT_MS_MAX) {
    throw refusal(
      where,
      `${show(value)} is longer than the limit of ${WAIT_MS_MAX / 86_400_000} days. Use a shorter time, and repeat it.`,
    );
  }
  return Math.ceil(ms) + 0; // no minus zero
}

/**
 * A duration for people, in units that `parseDuration` reads again.
 *
 * @param ms milliseconds; fractions round up, less than zero counts as zero
 * @example
 * ```ts
 * formatDuration(5_400_000); // "1h 30m"
 * ```
 */
export function formatDuration(ms: number): string {
  let rest = Number.isFinite(ms) ? Math.max(0, Math.ceil(ms)) : 0;
  const parts: string[] = [];
  for (const unit of UNITS) {
    const count = Math.floor(rest / unit.ms);
    if (count === 0 || unit.short === "w") continue;
    parts.push(`${count}${unit.short}`);
    rest -= count * unit.ms;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}

/**
 * A point in time, in milliseconds since the epoch; past ones are allowed. Takes a `Date`, a number of milliseconds, an ISO 8601
 * text, or a Temporal object with `epochMilliseconds`. A text without an offset is UTC: the result never depends on the machine.
 *
 * @param where the call to name in an error, such as `step.sleepUntil("launch")`
 * @throws StepwellError `STEPWELL_INVALID_DURATION` for anything else, days that no calendar has included
 * @example
 * ```ts
 * parseDate("2027-01-01T08:00:00+01:00", 'step.sleepUntil("launch")'); // 1_798_786_800_000
 * ```
 */
export function parseDate(value: unknown, where: string): number {
  const ms = toEpochMs(value);
  if (ms !== undefined && Number.isFinite(ms) && Math.abs(ms) <= DATE_MS_MAX) return Math.ceil(ms) + 0;
  throw refusal(
    where,
    `${show(value)} is not a date. Write a Date, an ISO text such as "2027-01-31T08:00:00Z", or milliseconds since the epoch.`,
  );
}

function textToMs(text: string): number | undefined {
  if (text.length > TEXT_CHARS_MAX) return undefined;
  const source = text.trim().toLowerCase();
  let ms = 0;
  let rank = -1;
  PART.lastIndex = 0;
  for (let end = 0; end < source.length; end = PART.lastIndex) {
    const [, count, name] = PART.exec(source) ?? [];
    const next = RANK.get(name ?? "");
    const unit = UNITS[next ?? -1];
    if (next === undefined || unit === undefined || next <= rank) return undefined;
    ms += Number(count) * unit.ms;
    rank = next;
  }
  return rank === -1 ? undefined : Math.ceil(Number(ms.toFixed(3))); // 0.1 + 0.2 is not a millisecond more
}

function toEpochMs(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "string") return isoToMs(value.trim());
  if (value instanceof Date) return value.getTime();
  if (typeof value !== "object" || value === null || !("epochMilliseconds" in value)) return undefined;
  return typeof value.epochMilliseconds === "number" ? value.epochMilliseconds : undefined;
}

/** Read by hand: `Date.parse` rolls February 30 over to March, and takes a text without an offset for local time. */
function isoToMs(text: string): number | undefined {
  const match = DATE.exec(text.replace(/\[[\w/+-]+\]$/, "")); // Temporal's "…+01:00[Europe/Paris]"
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0));
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  const [h = 0, m = 0, s = 0] = [hour, minute, second];
  if (h > 23 || m > 59 || s > 59) return undefined;
  const offset = offsetToMs(match[8] ?? "Z");
  return offset === undefined
    ? undefined
    : date.getTime() +
        h * 3_600_000 +
        m * 60_000 +
        s * 1_000 +
        Math.ceil(Number(`0.${match[7] ?? 0}`) * 1_000) -
        offset;
}

function offsetToMs(offset: string): number | undefined {
  if (offset.toUpperCase() === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(-2));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > TEXT_CHARS_MAX ? `${value.slice(0, TEXT_CHARS_MAX)}…` : value);
  if (typeof value === "object" && value !== null) return value instanceof Date ? "an invalid Date" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}

const refusal = (where: string, message: string) =>
  new StepwellError("STEPWELL_INVALID_DURATION", `${where}: ${message}`);
