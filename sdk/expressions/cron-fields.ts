/** The five fields of a cron expression as sets of numbers, read strictly, and written as cron and as EventBridge Scheduler read them. */

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const ALL_DAYS = Array.from({ length: 31 }, (_, index) => index + 1);
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

interface FieldKind {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

/** In the order in which a cron expression has them. */
const FIELDS: readonly FieldKind[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: MONTHS },
  { name: "day of week", min: 0, max: 7, names: WEEKDAYS },
];

/**
 * Values in ascending order. `any` if the field has a `*` (or the same with a step of 1): a day field so written leaves the choice to the
 * other one, while of two that restrict, either suffices. A step over `*` restricts, as in robfig's cron, which Inngest uses.
 */
export interface CronField {
  readonly any: boolean;
  readonly values: readonly number[];
}

export interface CronFields {
  readonly minute: CronField;
  readonly hour: CronField;
  readonly dayOfMonth: CronField;
  readonly month: CronField;
  /** 0 is Sunday; 7 has become 0. */
  readonly dayOfWeek: CronField;
}

/**
 * Reads five fields: `*`, numbers, ranges, lists, steps over `*` or over a range, and English names of months and weekdays.
 *
 * @returns the fields, or what is wrong, as a sentence
 * @example
 * ```ts
 * readFields(["0", "9", "*", "*", "MON-FRI"]);
 * ```
 */
export function readFields(texts: readonly string[]): CronFields | string {
  const fields: CronField[] = [];
  for (const [place, kind] of FIELDS.entries()) {
    const field = readField(texts[place] ?? "", kind);
    if (typeof field === "string") return field;
    fields.push(field);
  }
  const [minute, hour, dayOfMonth, month, weekday] = fields;
  if (!minute || !hour || !dayOfMonth || !month || !weekday) return "it does not have five fields.";
  const days = [...new Set(weekday.values.map((day) => day % 7))].sort((a, b) => a - b);
  const dayOfWeek = { any: weekday.any, values: days };
  const daily = isFull(dayOfMonth, 31) || isFull(dayOfWeek, 7); // such as 1-31, which makes the other field superfluous
  if (!daily) return { minute, hour, dayOfMonth, month, dayOfWeek };
  return {
    minute,
    hour,
    dayOfMonth: { ...dayOfMonth, any: true, values: ALL_DAYS },
    month,
    dayOfWeek: { ...dayOfWeek, any: true },
  };
}

/**
 * The fields as plain five-field cron, the same for every way of writing them.
 *
 * @example
 * ```ts
 * toCron(fields); // "0 9 * * 1-5"
 * ```
 */
export function toCron({ minute, hour, dayOfMonth, month, dayOfWeek }: CronFields): string {
  const days = dayOfWeek.any ? "*" : dayOfWeek.values.join(",");
  return [write(minute, 0, 59), write(hour, 0, 23), write(dayOfMonth, 1, 31), write(month, 1, 12), days].join(" ");
}

/**
 * The same times as EventBridge Scheduler writes them. It numbers weekdays from 1 and wants `?` in one of the two day fields, so that
 * cron's "this day of the month or that weekday" takes two expressions.
 *
 * @example
 * ```ts
 * toSchedules(fields); // ["cron(0 9 ? * MON-FRI *)"]
 * ```
 */
export function toSchedules({ minute, hour, dayOfMonth, month, dayOfWeek }: CronFields): string[] {
  const time = `${write(minute, 0, 59)} ${write(hour, 0, 23)}`;
  const months = write(month, 1, 12);
  const byDate = `cron(${time} ${write(dayOfMonth, 1, 31)} ${months} ? *)`;
  const byWeekday = `cron(${time} ? ${months} ${writeWeekdays(dayOfWeek)} *)`;
  if (dayOfWeek.any) return [byDate];
  return dayOfMonth.any ? [byWeekday] : [byDate, byWeekday];
}

function readField(text: string, kind: FieldKind): CronField | string {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const numbers = readPart(part.toUpperCase(), kind);
    if (typeof numbers === "string") return `the ${kind.name} field ${JSON.stringify(text)} ${numbers}`;
    for (const number of numbers) values.add(number);
  }
  return { any: /(?:^|,)\*(?:\/0*1)?(?:,|$)/.test(text), values: [...values].sort((a, b) => a - b) };
}

function readPart(part: string, kind: FieldKind): readonly number[] | string {
  const range = `Write *, or numbers from ${kind.min} to ${kind.max}${kind.names ? ` or ${kind.names[0]}…${kind.names.at(-1)}` : ""}.`;
  const match = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d{1,4}))?$/.exec(part);
  if (match === null) {
    return /[?LW#]/.test(part)
      ? `uses ?, L, W or #, which five-field cron does not have. ${range}`
      : `is not readable. ${range}`;
  }
  const [, star, from = "", to, step] = match;
  const first = star ? kind.min : readNumber(from, kind, false);
  const last = star ? lastOf(kind) : readNumber(to ?? from, kind, to !== undefined);
  if (first === undefined || last === undefined) return `is out of bounds. ${range}`;
  if (first > last) return "has a range that runs backwards. Write it as a list of two ranges.";
  if (step !== undefined && !star && to === undefined)
    return `has a step without a range. Write ${from}-${lastOf(kind)}/${step}.`;
  const by = Number(step ?? 1);
  if (by < 1 || by > last - first + 1)
    return `has the step ${step}, which does not fit. Write one from 1 to ${last - first + 1}.`;
  return Array.from({ length: Math.floor((last - first) / by) + 1 }, (_, index) => first + index * by);
}

const isFull = ({ any, values }: CronField, count: number) => !any && values.length === count;

const lastOf = (kind: FieldKind) => (kind.names === WEEKDAYS ? 6 : kind.max);

/** `FRI-SUN` means 5-7: a Sunday that ends a range is 7. */
function readNumber(text: string, kind: FieldKind, endsRange: boolean): number | undefined {
  const index = kind.names?.indexOf(text) ?? -1;
  if (index >= 0) return kind.names === WEEKDAYS ? (endsRange && index === 0 ? 7 : index) : index + 1;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number >= kind.min && number <= kind.max ? number : undefined;
}

function write({ values }: CronField, min: number, max: number): string {
  if (values.length === max - min + 1) return "*";
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const even = values.length > 2 && values.every((value, index) => value === min + index * step);
  if (even && step > 1 && (values.at(-1) ?? 0) + step > max) return `*/${step}`;
  return writeRuns(values, String);
}

const writeWeekdays = ({ values }: CronField) => writeRuns(values, (day) => WEEKDAYS[day] ?? "");

/** Neighbours become ranges, which keeps every expression well under Scheduler's 256 characters. */
function writeRuns(values: readonly number[], name: (value: number) => string): string {
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run?.at(-1) === value - 1) run.push(value);
    else runs.push([value]);
  }
  return runs
    .map((run) => (run.length > 2 ? `${name(run[0] ?? 0)}-${name(run.at(-1) ?? 0)}` : run.map(name).join(",")))
    .join(",");
}
