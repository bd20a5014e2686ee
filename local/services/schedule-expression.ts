import { Cron } from "croner";
import { invalid } from "../aws-error.ts";

/** When a schedule fires. */
export type Expression =
  | { readonly kind: "at"; readonly time: number }
  | { readonly kind: "rate"; readonly everyMs: number }
  | { readonly kind: "cron"; readonly cron: Cron };

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Parses `at(…)`, `rate(…)` and `cron(…)` of EventBridge Scheduler. Throws ValidationException. */
export function parseExpression(text: string, timeZone = "UTC"): Expression {
  checkTimeZone(timeZone);
  const [, kind, inner = ""] = /^(at|rate|cron)\((.*)\)$/.exec(text) ?? [];
  switch (kind) {
    case "at":
      return { kind, time: parseAt(inner, timeZone) };
    case "rate":
      return { kind, everyMs: parseRate(inner) };
    case "cron":
      return { kind, cron: parseCron(inner, timeZone) };
    default:
      throw invalid(`Invalid Schedule Expression ${text}.`);
  }
}

/** The first time after `after` (ms) that the expression names; `anchor` is when a rate began. */
export function nextTime(expression: Expression, after: number, anchor: number): number | undefined {
  switch (expression.kind) {
    case "at":
      return expression.time > after ? expression.time : undefined;
    case "rate": {
      const passed = Math.max(0, Math.floor((after - anchor) / expression.everyMs));
      return anchor + (passed + 1) * expression.everyMs;
    }
    case "cron":
      return nextExisting(expression.cron, new Date(after))?.getTime();
  }
}

/** A time that the clocks leave out in spring is skipped, as AWS does; croner names the end of the gap for it. */
function nextExisting(cron: Cron, after: Date): Date | null {
  const next = cron.nextRun(after);
  return next === null || cron.match(next) ? next : nextExisting(cron, next);
}

function parseRate(inner: string): number {
  const [, count = "", unit = "", plural] = /^(\d+) (minute|hour|day)(s?)$/.exec(inner.trim()) ?? [];
  const every = Number(count) * (UNIT_MS[unit] ?? 0);
  const agrees = (plural === "s") === (Number(count) !== 1);
  if (every === 0 || !agrees) throw invalid(`Invalid Schedule Expression rate(${inner}).`);
  return every;
}

/**
 * AWS's six fields: minutes hours day-of-month month day-of-week year, with Sunday as 1. One of the two days has to be `?`; croner reads
 * that as the day of now, so it becomes a star.
 */
function parseCron(inner: string, timeZone: string): Cron {
  const fields = inner.trim().split(/\s+/);
  const [minutes, hours, day = "", month, weekday = "", year] = fields;
  if (fields.length !== 6 || (day === "?") === (weekday === "?")) {
    throw invalid(`Invalid Schedule Expression cron(${inner}): six fields, one of the two days is ?.`);
  }
  const days = day === "?" ? "*" : day;
  const weekdays = weekday === "?" ? "*" : weekday === "L" ? "7" : weekday;
  try {
    return new Cron(`0 ${minutes} ${hours} ${days} ${month} ${weekdays} ${year}`, {
      mode: "7-part",
      alternativeWeekdays: true,
      sloppyRanges: true,
      timezone: timeZone,
      paused: true,
    });
  } catch (cause) {
    throw invalid(`Invalid Schedule Expression cron(${inner}): ${String(cause)}`);
  }
}

/** `yyyy-mm-ddThh:mm:ss` in the time zone. */
function parseAt(inner: string, timeZone: string): number {
  const asUtc = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(inner) ? Date.parse(`${inner}Z`) : Number.NaN;
  // JavaScript takes the 30th of February for the 2nd of March.
  if (Number.isNaN(asUtc) || !new Date(asUtc).toISOString().startsWith(inner))
    throw invalid(`Invalid Schedule Expression at(${inner}).`);
  // The offset at the instant itself may differ from the one at the first guess: correct twice.
  const guess = asUtc - offsetMs(asUtc, timeZone);
  return asUtc - offsetMs(guess, timeZone);
}

/** How far local time is ahead of UTC. */
function offsetMs(instant: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - instant;
}

function checkTimeZone(timeZone: string): void {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone });
  } catch {
    throw invalid(`Invalid ScheduleExpressionTimezone ${timeZone}.`);
  }
}
