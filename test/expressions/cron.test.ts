import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextCron, parseCron } from "../../sdk/expressions/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";

const NOW = Date.UTC(2026, 0, 1);
const ZONES = [
  "UTC",
  "Europe/Paris",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kolkata",
  "America/Santiago",
  "Africa/Cairo",
];
const parse = (text: string) => parseCron(text, "trigger");

/** The next times of AWS expressions, each read by croner as AWS reads them, merged. */
function nextOfSchedules(schedules: readonly string[], timezone: string, after: number, count: number): number[] {
  const times = schedules.flatMap((schedule) => {
    const fields = /^cron\((.*)\)$/.exec(schedule)?.[1];
    const job = new Cron(`0 ${fields}`, {
      paused: true,
      mode: "7-part",
      alternativeWeekdays: true,
      sloppyRanges: true,
      timezone,
    });
    return existingTimes(job, after, count);
  });
  return [...new Set(times)].sort((a, b) => a - b).slice(0, count);
}

/** The next times of the text itself, as croner reads five fields. */
function nextOfText(text: string, timezone: string, after: number, count: number): number[] {
  const job = new Cron(text, { paused: true, mode: "5-part", domAndDow: false, timezone });
  return existingTimes(job, after, count);
}

/** For a time that the clocks leave out, croner names the end of the gap; there is one such gap among so few. */
const existingTimes = (job: Cron, after: number, count: number): number[] =>
  job
    .nextRuns(2 * count, new Date(after))
    .filter((date) => job.match(date))
    .map((date) => date.getTime())
    .slice(0, count);

function nextByRoom(cron: string, timeZone: string, after: number, count: number): number[] {
  const times: number[] = [];
  for (
    let next = nextCron(cron, timeZone, after);
    next !== undefined && times.length < count;
    next = nextCron(cron, timeZone, next)
  ) {
    times.push(next);
  }
  return times;
}

describe("a cron trigger becomes EventBridge schedules", () => {
  test.each([
    ["* * * * *", ["cron(* * * * ? *)"]],
    ["*/15 * * * *", ["cron(*/15 * * * ? *)"]],
    ["0 9 * * 1-5", ["cron(0 9 ? * MON-FRI *)"]],
    ["0 9 * * 5-7", ["cron(0 9 ? * SUN,FRI,SAT *)"]],
    ["0 9 * * 0,6", ["cron(0 9 ? * SUN,SAT *)"]],
    ["0 9 * * */2", ["cron(0 9 ? * SUN,TUE,THU,SAT *)"]],
    ["0 9 * * 7", ["cron(0 9 ? * SUN *)"]],
    ["0 9 * * fri-sun", ["cron(0 9 ? * SUN,FRI,SAT *)"]],
    ["0 0 1,15 * *", ["cron(0 0 1,15 * ? *)"]],
    ["0 0 1 * 1", ["cron(0 0 1 * ? *)", "cron(0 0 ? * MON *)"]],
    ["5-20/5 0-23/6 * JAN-MAR,dec *", ["cron(5,10,15,20 */6 * 1-3,12 ? *)"]],
    ["0 0 29 2 *", ["cron(0 0 29 2 ? *)"]],
    ["0 0 */2 * *", ["cron(0 0 */2 * ? *)"]],
    ["0 0 */1 * 1", ["cron(0 0 ? * MON *)"]],
    ["0 0 1-31 * 1", ["cron(0 0 * * ? *)"]],
    ["0 0 1 * 0-6", ["cron(0 0 * * ? *)"]],
    ["0 0 */2 * 1", ["cron(0 0 */2 * ? *)", "cron(0 0 ? * MON *)"]],
    ["@hourly", ["cron(0 * * * ? *)"]],
    ["@weekly", ["cron(0 0 ? * SUN *)"]],
    ["@Yearly", ["cron(0 0 1 1 ? *)"]],
    [" 0   9 * * 1 ", ["cron(0 9 ? * MON *)"]],
  ])("%j is %j", (text, schedules) => expect(parse(text).schedules).toEqual(schedules));

  test("the zone is taken from the prefix, and UTC by default", () => {
    expect(parse("TZ=Europe/Paris 0 9 * * *")).toMatchObject({ cron: "0 9 * * *", timeZone: "Europe/Paris" });
    expect(parse("TZ=europe/paris @daily")).toMatchObject({ cron: "0 0 * * *", timeZone: "Europe/Paris" });
    expect(parse("0 9 * * *").timeZone).toBe("UTC");
  });

  test.each([
    ["", /0 fields instead of five/],
    ["* * * *", /4 fields/],
    ["0 * * * * *", /6 fields.*Seconds and years/],
    ["60 * * * *", /minute field "60" is out of bounds. Write \*, or numbers from 0 to 59/],
    ["* 24 * * *", /hour field/],
    ["* * 0 * *", /day of month field/],
    ["* * 32 * *", /day of month field/],
    ["* * * 13 *", /month field/],
    ["* * * * 8", /day of week field/],
    ["* * * * MONDAY", /day of week field.*SUN…SAT/],
    ["5/10 * * * *", /step without a range. Write 5-59\/10/],
    ["*/0 * * * *", /step 0/],
    ["*/61 * * * *", /step 61/],
    ["20-10 * * * *", /runs backwards/],
    ["a * * * *", /minute field/],
    ["1,,2 * * * *", /not readable/],
    ["-1 * * * *", /not readable/],
    ["* * ? * *", /five-field cron does not have/],
    ["* * L * *", /out of bounds/],
    ["* * * * 5#2", /does not have/],
    ["0 0 30 2 *", /never fires/],
    ["0 0 31 4,6 *", /never fires/],
    ["@never", /no such nickname/],
    ["TZ=Mars/Olympus * * * * *", /"Mars\/Olympus" is not a time zone/],
    ["TZ=+02:00 * * * * *", /not a time zone/],
    ["TZ= * * * * *", /not a time zone/],
    ["TZ=Europe/Paris", /1 fields/],
  ])("%j is refused, with the reason", (text, reason) => {
    const work = () => parse(text);
    expect(work).toThrow(reason);
    expect(work).toThrow(
      expect.objectContaining({ code: "STEPWELL_INVALID_CRON", message: expect.stringMatching(/^trigger: /) }),
    );
  });

  test("a text of any kind is a cron or a typed error", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.array(fc.stringMatching(/^[\d*/,A-Z-]{1,5}$/), { minLength: 5, maxLength: 5 }).map((f) => f.join(" ")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(parse(text).schedules.length).toBeGreaterThan(0);
        } catch (error) {
          expect(StepwellError.is(error) && error.code).toBe("STEPWELL_INVALID_CRON");
        }
      }),
    );
  });
});

const part = (min: number, max: number) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min, max }).map(String) },
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
    fc.integer({ min: 1, max: max - min }).map((step) => `*/${step}`),
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)];
      return `${from}-${to}/${Math.max(1, Math.floor((to - from) / 2))}`;
    }),
  );
const field = (min: number, max: number) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant("*") },
    { weight: 3, arbitrary: fc.array(part(min, max), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(",")) },
  );
const cron = fc
  .tuple(field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 7))
  .map((fields) => fields.join(" "));

describe("the times at which a cron fires", () => {
  test("are the same for the text, for the room and for the schedules, in every zone and through every change of clocks", () => {
    // The week in which most of the zones above change their clocks, and any other time.
    const start = fc.oneof(
      fc.integer({ min: Date.UTC(2026, 2, 5), max: Date.UTC(2026, 3, 28) }),
      fc.integer({ min: Date.UTC(2026, 9, 1), max: Date.UTC(2026, 10, 2) }),
      fc.integer({ min: NOW, max: NOW + 4 * 365 * 86_400_000 }),
    );
    fc.assert(
      fc.property(cron, fc.constantFrom(...ZONES), start, (text, zone, from) => {
        const parsed = parse(`TZ=${zone} ${text}`);
        const times = nextByRoom(parsed.cron, zone, from, 5);
        expect(nextOfSchedules(parsed.schedules, zone, from, 5)).toEqual(times);
        if (readsAlike(text)) expect(nextOfText(text, zone, from, 5)).toEqual(times);
      }),
      { numRuns: 500 },
    );
  }, 120_000);

  test("a schedule never exceeds Scheduler's 256 characters", () => {
    fc.assert(fc.property(cron, (text) => parse(text).schedules.every((schedule) => schedule.length <= 256)));
  });

  test("a daily time inside the gap of spring is skipped that day, and a repeated one fires once", () => {
    const paris = (from: number) =>
      nextByRoom("30 2 * * *", "Europe/Paris", from, 2).map((time) => new Date(time).toISOString());
    expect(paris(Date.UTC(2026, 2, 28, 12))).toEqual(["2026-03-30T00:30:00.000Z", "2026-03-31T00:30:00.000Z"]);
    expect(paris(Date.UTC(2026, 9, 24, 12))).toEqual(["2026-10-25T00:30:00.000Z", "2026-10-26T01:30:00.000Z"]);
  });

  test("February 29 is found across a century without one, and a cron that cannot fire has no next time", () => {
    expect(nextCron("0 0 29 2 *", "UTC", Date.UTC(2097, 0, 1))).toBe(Date.UTC(2104, 1, 29));
    expect(nextCron("0 0 30 2 *", "UTC", NOW)).toBeUndefined();
    expect(() => nextCron("0 0 * *", "UTC", NOW)).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_CRON" }));
  });
});

/**
 * Where croner reads a text in its own way: `5-5` is no single time to it when clocks change, and a step of 1 of a day field restricts.
 */
const readsAlike = (text: string) =>
  !/\*\/1(?!\d)/.test(text) &&
  text
    .split(" ")
    .slice(0, 2)
    .every((times) => times === "*" || /^\d+$/.test(times) || new Set(times.match(/\d+/g)).size > 1);
