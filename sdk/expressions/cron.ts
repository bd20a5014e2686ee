/** Cron triggers: five fields and a time zone, checked when a function is defined, and told to EventBridge Scheduler. */
import { StepwellError } from "../protocol/index.ts";
import { type CronFields, readFields, toSchedules } from "./cron-fields.ts";

/** EventBridge Scheduler: characters of a schedule expression. */
const SCHEDULE_CHARS_MAX = 256;
const NICKNAMES: ReadonlyMap<string, string> = new Map([
  ["@hourly", "0 * * * *"],
  ["@daily", "0 0 * * *"],
  ["@weekly", "0 0 * * 0"],
  ["@monthly", "0 0 1 * *"],
  ["@yearly", "0 0 1 1 *"],
]);
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A cron trigger, understood. */
export interface ParsedCron {
  /** Five fields, as the user wrote them; a nickname has become its fields. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  /** The same as EventBridge Scheduler writes it, one or two; all the times of both, once each. */
  readonly schedules: string[];
}

/**
 * Reads `"[TZ=Area/City ]minute hour day-of-month month day-of-week"`, or a nickname (`@hourly @daily @weekly @monthly @yearly`).
 * The default zone is UTC. If both day fields are other than `*`, either suffices.
 *
 * @param where the trigger to name in an error
 * @throws StepwellError `STEPWELL_INVALID_CRON` for bad fields, an unknown zone, or a cron that never fires
 * @example
 * ```ts
 * parseCron("TZ=Europe/Paris 0 9 * * 1-5", 'function "digest"').schedules; // ["cron(0 9 ? * MON-FRI *)"]
 * ```
 */
export function parseCron(text: string, where: string): ParsedCron {
  const refuse = (problem: string) =>
    new StepwellError("STEPWELL_INVALID_CRON", `${where}: the cron ${JSON.stringify(text)} is refused: ${problem}`);
  if (typeof text !== "string") throw refuse('it is not a text. Write five fields, such as "0 9 * * 1-5".');
  const [zone, body] = split(text);
  const timeZone = zoneOf(zone);
  if (timeZone === undefined) {
    throw refuse(
      `${JSON.stringify(zone)} is not a time zone. Write an IANA name, such as "TZ=Europe/Paris 0 9 * * *".`,
    );
  }
  const fields = fieldsOf(body);
  if (typeof fields === "string") throw refuse(fields);
  if (!dateExists(fields)) throw refuse("it never fires: none of its months has such a day. Give a day that exists.");
  const cron = (NICKNAMES.get(body.toLowerCase()) ?? body).replace(/\s+/g, " ");
  const schedules = toSchedules(fields);
  if (schedules.some((schedule) => schedule.length > SCHEDULE_CHARS_MAX)) {
    throw refuse(
      `it takes more than ${SCHEDULE_CHARS_MAX} characters in EventBridge Scheduler. Use ranges, or two triggers.`,
    );
  }
  return { cron, timeZone, schedules };
}

function split(text: string): [zone: string, body: string] {
  const [, zone = "UTC", body = text] = /^\s*TZ=(\S*)\s+(.*)$/s.exec(text) ?? [];
  return [zone, body.trim()];
}

/** Five fields, or a nickname; or what is wrong, as a sentence. */
export function fieldsOf(body: string): CronFields | string {
  const expanded = NICKNAMES.get(body.toLowerCase()) ?? body;
  if (expanded.startsWith("@")) return `there is no such nickname. Use one of ${[...NICKNAMES.keys()].join(" ")}.`;
  const texts = expanded.split(/\s+/).filter((field) => field !== "");
  if (texts.length === 5) return readFields(texts);
  const hint = texts.length === 6 ? " Seconds and years are not supported." : "";
  return `it has ${texts.length} fields instead of five: minute, hour, day of month, month, day of week.${hint}`;
}

/** Offsets are refused: Scheduler takes names only. */
function zoneOf(zone: string): string | undefined {
  if (!/^[A-Za-z]/.test(zone)) return undefined;
  try {
    const { timeZone } = new Intl.DateTimeFormat("en-US", { timeZone: zone }).resolvedOptions();
    return timeZone.toLowerCase() === zone.toLowerCase() ? timeZone : zone;
  } catch {
    return undefined;
  }
}

function dateExists({ dayOfMonth, dayOfWeek, month }: CronFields): boolean {
  if (!dayOfWeek.any) return true; // then a weekday suffices
  const first = dayOfMonth.values[0] ?? 1;
  return month.values.some((number) => first <= (DAYS_OF_MONTH[number - 1] ?? 0));
}
