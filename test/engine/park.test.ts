import { describe, expect, it } from "vitest";
import { parkingOf, toArm } from "../../lambdas/engine/park.ts";
import type { StepKind, StepMemo } from "../../sdk/protocol/index.ts";

const now = 1_000_000;
const step = (kind: StepKind, until?: number, fence = 1): StepMemo => ({
  v: 1,
  key: `${kind}-${until}`,
  id: kind,
  kind,
  fence,
  attempts: 0,
  startedAt: 0,
  ...(until !== undefined && { until }),
});

describe("parkingOf", () => {
  it.each([
    ["sleeps", [step("sleep", now + 10), step("sleep", now + 5)], undefined, { doing: "sleeping", due: now + 5 }],
    ["backs off", [step("run", now + 10)], undefined, { doing: "sleeping", due: now + 10 }],
    ["waits", [step("waitForEvent", now + 99)], undefined, { doing: "waiting", due: now + 99 }],
    ["waits beside a sleep", [step("sleep", now + 5), step("invoke")], undefined, { doing: "waiting", due: now + 5 }],
    ["waits for a child without a timeout", [step("invoke")], undefined, { doing: "waiting", due: now + 3_600_000 }],
    ["has steps elsewhere", [step("sleep", now + 5)], { apart: true }, { doing: "running", due: now + 5 }],
    ["has nothing but steps elsewhere", [], { apart: true }, { doing: "running", due: now + 3_600_000 }],
    ["rests until its handler is tried again", [], { retryAt: now + 7 }, { doing: "sleeping", due: now + 7 }],
    ["sleeps past its deadline", [step("sleep", now + 9)], { finishBy: now + 6 }, { doing: "sleeping", due: now + 6 }],
  ])("a run that %s is looked after when it is due (L3)", (_case, open, until, expected) => {
    expect(parkingOf(open, until ?? {}, now)).toEqual(expected);
  });
});

describe("toArm", () => {
  const old = step("sleep", now + 3_600_000, 1);
  const near = step("sleep", now + 30_000, 1);
  const fresh = step("sleep", now + 7_200_000, 2);
  const facts = { armed: 1, all: false, near: false };

  it("sets up what no suspend has set up yet", () => {
    expect(toArm([old, near, fresh], facts, now)).toEqual([fresh]);
  });

  it("sets up everything after a crash of the first holder", () => {
    expect(toArm([old, near, fresh], { ...facts, armed: 0 }, now)).toEqual([old, near, fresh]);
  });

  it("sets up near timers again when one may have been spent early", () => {
    expect(toArm([old, near, fresh], { ...facts, near: true }, now)).toEqual([near, fresh]);
  });

  it("sets up a timer again that is closer than clocks differ", () => {
    const close = step("sleep", now + 2_000, 1);
    expect(toArm([old, near, close], facts, now)).toEqual([close]);
  });

  it("sets up everything again when the sweeper asks", () => {
    expect(toArm([old, near, fresh], { ...facts, all: true }, now)).toEqual([old, near, fresh]);
  });
});
