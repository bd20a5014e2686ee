import { Duration } from "aws-cdk-lib";
import type { Code } from "aws-cdk-lib/aws-lambda";
import { describe, expect, it } from "vitest";
import { checkApp } from "../infra/app-check.ts";
import type { IEngine } from "../infra/engine-base.ts";
import { checkEvents } from "../sdk/client/index.ts";
import { parseDuration } from "../sdk/expressions/index.ts";
import { Stepwell } from "../sdk/index.ts";
import { CODES } from "../sdk/protocol/index.ts";
import * as limits from "../sdk/protocol/limits.ts";
import { codeIn, numberIn, readRepository, rowsOf } from "./docs-tables.ts";

const DOCUMENT = "docs/limits.md";
const LIMITS: Readonly<Record<string, number>> = { ...limits };

const MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, min: 60_000, h: 3_600_000, days: 86_400_000 };
const BYTES: Readonly<Record<string, number>> = { bytes: 1, KiB: 1_024, MiB: 1_048_576 };

/** A documented value in the unit that the constant's name tells: `9.5 s` of LEASE_MS is 9500. */
function documented(name: string, text: string | undefined): number {
  const unit = /[a-z]+$/i.exec(text ?? "")?.[0] ?? "";
  if (/_MS(_|$)/.test(name)) return numberIn(text) * (MS[unit] ?? Number.NaN);
  if (/_BYTES(_|$)/.test(name)) return numberIn(text) * (BYTES[unit] ?? Number.NaN);
  if (/_SECONDS(_|$)/.test(name)) return unit === "s" ? numberIn(text) : Number.NaN;
  if (/_DAYS(_|$)/.test(name)) return unit === "days" ? numberIn(text) : Number.NaN;
  if (/_CHARS(_|$)/.test(name)) return unit === "characters" ? numberIn(text) : Number.NaN;
  return numberIn(text);
}

/** The value of a constant that its file keeps to itself: a sum or product of numbers and limits. */
function constantIn(file: string | undefined, name: string): number {
  const [, source = ""] = new RegExp(`const ${name} = ([^;]+);`).exec(readRepository(file ?? "")) ?? [];
  const arithmetic = source
    .replace(/[A-Z][A-Z_]+/g, (limit) => String(LIMITS[limit]))
    .replaceAll(/Math\.ceil|(?<=\d)_/g, "");
  if (!/^[\d\s.()+*/-]+$/.test(arithmetic)) throw new Error(`${file} has no number "${name}".`);
  return Number(new Function(`return ${arithmetic}`)());
}

const text = (chars: number) => "x".repeat(chars);
const client = (id: string) => new Stepwell({ id });
const define = (options: object, trigger: object = { event: "a" }) =>
  client("app").createFunction({ id: "f", ...options }, trigger as { event: string }, () => 1);
const send = (event: object) => checkEvents({ name: "a", ...event }, "send");

const APP = { clientId: "app", code: {} as Code, engine: {} as IEngine };

/** What stands at a limit when it is given the limit's value, and past it when it is given one more. */
const REACHED: Readonly<Record<string, (value: number) => unknown>> = {
  STEPS_PER_RUN_MAX: (maxSteps) => define({ maxSteps }),
  BUFFERED_STEPS_MAX: (bufferedSteps) => define({ checkpointing: { bufferedSteps } }),
  TRIGGERS_MAX: (length) =>
    define(
      {},
      Array.from({ length }, () => ({ event: "a" })),
    ),
  RETRIES_MAX: (retries) => define({ retries }),
  EVENT_BYTES_MAX: (bytes) => send({ data: { t: text(bytes - 'a{"t":""}'.length) } }),
  EVENT_USER_BYTES_MAX: (bytes) => send({ user: { t: text(bytes - '{"t":""}'.length) } }),
  EVENT_NAME_CHARS_MAX: (chars) => define({}, { event: text(chars) }),
  EVENT_ID_CHARS_MAX: (chars) => send({ id: text(chars) }),
  ID_CHARS_MAX: (chars) => client(text(chars)),
  EXPRESSION_CHARS_MAX: (chars) => define({}, { event: "a", if: "event.data.n == 1".padEnd(chars) }),
  WAIT_MS_MAX: (ms) => parseDuration(ms, "step.sleep"),
  PERIOD_MS_MAX: (period) => define({ throttle: { limit: 1, period } }),
  RATE_MAX: (limit) => define({ rateLimit: { limit, period: "1m" } }),
  CONCURRENCY_MAX: (concurrency) => define({ concurrency }),
  CONCURRENCY_LIMITS_MAX: (length) =>
    define({ concurrency: Array.from({ length }, (_, key) => ({ limit: 1, key: `${key}` })) }),
  PRIORITY_SECONDS_MAX: (seconds) => define({ priority: { run: `${seconds}` } }),
  BATCH_SIZE_MAX: (maxSize) => define({ batchEvents: { maxSize, timeout: "1m" } }),
  CANCEL_ON_MAX: (length) => define({ cancelOn: Array(length).fill({ event: "a" }) }),
};

describe("docs/limits.md", () => {
  it("names every limit, and no other", () => {
    const named = rowsOf(DOCUMENT).flatMap((row) => codeIn(row.limit) ?? []);
    expect([...named].sort()).toEqual(Object.keys(LIMITS).sort());
  });

  it.each(Object.entries(LIMITS))("has the value of %s", (name, value) => {
    const row = rowsOf(DOCUMENT).find((candidate) => codeIn(candidate.limit) === name);
    expect(documented(name, row?.value)).toBe(value);
  });

  it.each(rowsOf(DOCUMENT, "Numbers inside the engine").map((row) => [codeIn(row.constant) ?? "", row] as const))(
    "has the value of the engine's own %s",
    (name, row) => {
      expect(documented(name, row.value)).toBe(constantIn(codeIn(row.in), name));
    },
  );

  it("says what happens past each limit, by codes that there are", () => {
    for (const row of rowsOf(DOCUMENT).filter(({ limit }) => limit !== undefined))
      expect(row["past it"], row.limit).not.toBe("");
    const codes = [...readRepository(DOCUMENT).matchAll(/STEPWELL_[A-Z_]+/g)].map(([code]) => code);
    expect([...new Set(codes)].filter((code) => !CODES.includes(code as never))).toEqual([]);
  });

  it.each(Object.entries(REACHED))("tells the error just past %s", (name, reach) => {
    const row = rowsOf(DOCUMENT).find((candidate) => codeIn(candidate.limit) === name);
    const [code] = /STEPWELL_[A-Z_]+/.exec(row?.["past it"] ?? "") ?? [];
    const value = LIMITS[name] ?? Number.NaN;
    expect(() => reach(value)).not.toThrow();
    expect(() => reach(value + 1)).toThrow(expect.objectContaining({ code }));
  });

  it("tells the error just before PERIOD_MS_MIN", () => {
    const period = limits.PERIOD_MS_MIN;
    expect(() => define({ debounce: { period } })).not.toThrow();
    const code = "STEPWELL_INVALID_DURATION";
    expect(() => define({ debounce: { period: period - 1 } })).toThrow(expect.objectContaining({ code }));
  });

  it.each(rowsOf(DOCUMENT, "Settings of a deployed App").map((row) => [codeIn(row.setting) ?? "", row] as const))(
    "tells from where to where an App takes %s",
    (name, row) => {
      const [least, most] = [numberIn(row.least), numberIn(row.most)];
      const check = (value: number) => () =>
        checkApp({ ...APP, [name]: name === "timeout" ? Duration.seconds(value) : value });
      for (const fine of [least, most]) expect(check(fine)).not.toThrow();
      for (const wrong of [least - 1, most + 1]) expect(check(wrong)).toThrow(name);
    },
  );
});
