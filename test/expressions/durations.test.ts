import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, parseDate, parseDuration } from "../../sdk/expressions/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function codeOf(work: () => unknown): string {
  try {
    return `gave ${String(work())}`;
  } catch (error) {
    return StepwellError.is(error) ? error.code : `other error: ${String(error)}`;
  }
}

describe("a duration", () => {
  test.each([
    [0, 0],
    [1, 1],
    [1.2, 2],
    [-0, 0],
    [365 * DAY, 365 * DAY],
    ["0s", 0],
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 2 * HOUR],
    ["1d", DAY],
    ["1w", 7 * DAY],
    ["1h30m", 1.5 * HOUR],
    ["1h 30m", 1.5 * HOUR],
    ["2 days", 2 * DAY],
    ["1 hour 30 minutes", 1.5 * HOUR],
    ["1 Day", DAY],
    [" 10 secs ", 10_000],
    ["1.5h", 1.5 * HOUR],
    ["0.1s", 100],
    ["0.3ms", 1],
    ["1w2d3h4m5s6ms", 9 * DAY + 3 * HOUR + 245_006],
    ["365 days", 365 * DAY],
  ])("%j is %d ms", (written, ms) => {
    expect(parseDuration(written, "here")).toBe(ms);
  });

  test.each<unknown>([
    "",
    " ",
    "5",
    "abc",
    "1x",
    "h",
    "-1h",
    "+1h",
    "1h-30m",
    "30m1h",
    "1h1h",
    "1h 30",
    "1,5h",
    "1e3s",
    "0x10s",
    "1 month",
    "1y",
    "Infinitys",
    "NaNs",
    "١s",
    "1 hour and 5 minutes",
    "1h\0",
    "366d",
    "53w",
    `${"9".repeat(15)}w`,
    `${"9".repeat(400)}s`,
    `${"1".repeat(60)}s     `,
    "PT1H",
    Number.NaN,
    -1,
    -0.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MAX_VALUE,
    365 * DAY + 1,
    null,
    undefined,
    {},
    [],
    ["1h"],
    true,
    5n,
    Symbol("s"),
    () => 1,
    new Date(Number.NaN),
    new Date(0),
    { valueOf: () => 5 },
    new String("1h"),
  ])("garbage such as %o is refused, and never a zero sleep", (garbage) => {
    expect(codeOf(() => parseDuration(garbage, "here"))).toBe("STEPWELL_INVALID_DURATION");
  });

  test("the error says what was given, what is wrong and what to write", () => {
    expect(() => parseDuration("5", 'step.sleep("nap")')).toThrow(
      /^step\.sleep\("nap"\): "5" is not a duration\. Write .*"5m"/,
    );
    expect(() => parseDuration("2 w 400 d", "here")).toThrow(/longer than the limit of 365 days/);
  });

  test("what formatDuration writes, parseDuration reads", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 365 * DAY }), (ms) => {
        expect(parseDuration(formatDuration(ms), "here")).toBe(ms);
      }),
    );
    expect(formatDuration(0)).toBe("0s");
    expect(formatDuration(90_061_001)).toBe("1d 1h 1m 1s 1ms");
  });

  test("any text is a duration or a typed error", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[\d .hmsdw-]{0,20}$/)), (text) => {
        expect(codeOf(() => parseDuration(text, "here"))).toMatch(/^gave \d+$|^STEPWELL_INVALID_DURATION$/);
      }),
    );
  });
});

describe("a date", () => {
  test.each([
    ["1970-01-01", 0],
    ["2027-01-01T00:00:00Z", Date.UTC(2027, 0, 1)],
    ["2027-01-01T00:00", Date.UTC(2027, 0, 1)],
    ["2027-01-01 00:00:00", Date.UTC(2027, 0, 1)],
    ["2027-01-01T08:00:00.250+01:00", Date.UTC(2027, 0, 1, 7, 0, 0, 250)],
    ["2027-01-01T08:00:00-0130", Date.UTC(2027, 0, 1, 9, 30)],
    ["2027-01-01T08:00:00+01:00[Europe/Paris]", Date.UTC(2027, 0, 1, 7)],
    ["2024-02-29", Date.UTC(2024, 1, 29)],
    ["0099-03-01", Date.parse("0099-03-01T00:00:00Z")],
    [new Date(5), 5],
    [12.5, 13],
    [-1, -1],
    [{ epochMilliseconds: 7 }, 7],
  ])("%j is %d ms since the epoch, whatever the machine's zone", (written, ms) => {
    expect(parseDate(written, "here")).toBe(ms);
  });

  test.each<unknown>([
    "",
    "tomorrow",
    "2025-02-29",
    "2025-13-01",
    "2025-00-01",
    "2025-04-31",
    "2025-01-01T24:00:00Z",
    "2025-01-01T00:60:00Z",
    "2025-01-01T00:00:61Z",
    "2025-01-01T00:00:00+99:00",
    "2025",
    "01/02/2025",
    "5m",
    Number.NaN,
    8.64e15 + 1,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    {},
    { epochMilliseconds: "7" },
    new Date(Number.NaN),
    5n,
    [],
    true,
  ])("garbage such as %o is refused", (garbage) => {
    expect(codeOf(() => parseDate(garbage, "here"))).toBe("STEPWELL_INVALID_DURATION");
  });

  test("what toISOString writes is read back", () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date("0001-01-01T00:00:00Z"), max: new Date("9999-12-31T00:00:00Z"), noInvalidDate: true }),
        (date) => {
          expect(parseDate(date.toISOString(), "here")).toBe(date.getTime());
        },
      ),
    );
  });
});
