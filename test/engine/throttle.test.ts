import { describe, expect, it } from "vitest";
import { laterUnder, type Pace, reserve, type Tat, tatUnder } from "../../lambdas/engine/gcra.ts";
import {
  HELD_BACK_MS,
  isRight,
  mayWait,
  type Place,
  paceOf,
  placeBehind,
  planAgain,
  startVerdict,
} from "../../lambdas/engine/throttle.ts";

const every = (periodMs: number, capacity = 1, limit = 1): Pace => ({ limit, periodMs, capacity });
const whole = (ms: number, of = 1): Tat => ({ ms, part: 0, of });

const place = (more: Partial<Place> = {}): Place => ({
  ...{ runId: "r", at: 0, startsAt: 0, tat: whole(60_000), pace: every(60_000), rev: 1, follows: 0 },
  ...more,
});

describe("what a start has used up, under another rate", () => {
  it.each<[string, Place, Pace, Tat]>([
    ["comes back sooner at a higher one", place(), every(10_000), whole(10_000)],
    ["comes back later at a lower one", place(), every(600_000), whole(600_000)],
    [
      "is the same at the same one",
      place({ tat: { ms: 1, part: 1, of: 3 } }),
      every(60_000),
      { ms: 1, part: 1, of: 3 },
    ],
    [
      "is as many runs as before, and no more than the new rate has",
      place({ tat: whole(300_000), pace: every(60_000, 5) }),
      every(10_000, 3),
      whole(30_000),
    ],
    ["is half a run where half has come back", place({ startsAt: 30_000 }), every(10_000), whole(35_000)],
    ["is nothing when all has come back", place({ startsAt: 90_000 }), every(10_000), whole(90_000)],
    [
      "is rounded up",
      place({ tat: { ms: 333, part: 1, of: 3 }, pace: every(1_000, 1, 3) }),
      every(1_000, 1, 7),
      { ms: 142, part: 6, of: 7 },
    ],
  ])("%s", (_, before, pace, expected) => {
    expect(tatUnder(pace, before)).toEqual(expected);
  });

  it("keeps the next one waiting for as long as the longer of two does", () => {
    const [long, short] = [place({ tat: whole(90_000) }), place({ startsAt: 40_000, tat: whole(60_000) })];
    expect([laterUnder(every(60_000), long, short), laterUnder(every(60_000), short, long)]).toEqual([long, long]);
  });

  it("gives back what was there after a change and its reverse, but for roundings", () => {
    for (let ms = 1; ms < 60_000; ms += 977) {
      const there = place({ pace: every(7_777, 1, 3), tat: whole(60_000 + ms), startsAt: 60_000 });
      const back = tatUnder(there.pace, { ...there, pace: every(777, 9, 13), tat: tatUnder(every(777, 9, 13), there) });
      expect(Math.abs(back.ms - Math.min(there.tat.ms, 60_000 + 2_593))).toBeLessThanOrEqual(6);
    }
  });
});

describe("an arrival", () => {
  const arrival = { runId: "new", at: 1_000, pace: every(10_000) };

  it("starts at once behind nobody", () => {
    expect(placeBehind(undefined, arrival, 1_000)).toMatchObject({ startsAt: 1_000, rev: 1, follows: 0 });
  });

  it("goes by its own rate behind a run that has started", () => {
    expect(placeBehind(place({ rev: 3 }), arrival, 1_000)).toMatchObject({
      startsAt: 10_000,
      pace: arrival.pace,
      follows: 3,
    });
  });

  it("goes by the rate of the queue behind one that waits", () => {
    const last = place({ startsAt: 60_000, tat: whole(120_000) });
    expect(placeBehind(last, arrival, 1_000)).toMatchObject({ startsAt: 120_000, pace: last.pace });
  });
});

describe("a start whose message has come", () => {
  const waiting = place({ startsAt: 60_000 });
  it.each<[string, Place, Pace | undefined, number, string]>([
    ["goes at its time", waiting, waiting.pace, 60_000, "go"],
    ["waits before it", waiting, waiting.pace, 59_999, "early"],
    ["goes when there is no throttle any more", waiting, undefined, 0, "go"],
    ["is held back at the time of a rate of before", waiting, every(1_000), 60_000, "stale"],
    ["is not held back for ever", waiting, every(1_000), 60_000 + HELD_BACK_MS, "go"],
    ["goes when nothing has ever held it back", place(), every(1_000), 0, "go"],
  ])("%s", (_, of, pace, now, expected) => {
    expect(startVerdict(of, pace, now)).toBe(expected);
  });
});

describe("a walk", () => {
  const pace = every(10_000);
  const replan = { pace, now: 5_000, by: "walk" };

  it.each<[string, Place, Place | undefined, Pace | undefined, boolean]>([
    [
      "of today's rate, behind the place that it was planned from",
      place({ pace, follows: 2 }),
      place({ rev: 2 }),
      pace,
      true,
    ],
    [
      "of today's rate, behind one that has been moved since",
      place({ pace, follows: 1 }),
      place({ rev: 2 }),
      pace,
      false,
    ],
    ["of today's rate, the first that is still kept", place({ pace, follows: 1 }), undefined, pace, true],
    ["of another rate", place({ follows: 2 }), place({ rev: 2 }), pace, false],
    ["without a throttle", place({ pace, follows: 2 }), place({ rev: 2 }), undefined, false],
  ])("finds a place %s right, or not", (_, of, before, today, expected) => {
    expect(isRight(of, before, today)).toBe(expected);
  });

  it("plans a place from the one before it, as if it had just arrived", () => {
    const before = place({ rev: 7, startsAt: 1_000, tat: whole(61_000) });
    expect(planAgain(place({ runId: "me", rev: 2, startsAt: 60_000 }), before, before, replan)).toEqual({
      ...{ runId: "me", at: 5_000, startsAt: 11_000, tat: whole(21_000), pace },
      ...{ rev: 3, follows: 7, by: "walk", was: 60_000 },
    });
  });

  it("lets all start at once without a throttle, and leaves nothing used up", () => {
    const moved = planAgain(place({ startsAt: 60_000 }), undefined, undefined, { ...replan, pace: undefined });
    expect(moved).toMatchObject({ startsAt: 5_000, at: 5_000 });
    expect(reserve(pace, tatUnder(pace, moved), 5_000).startsAt).toBe(5_000);
  });

  it("looks for those whose time has not come, and those that may be held back", () => {
    const waiting = place({ startsAt: 60_000 });
    expect([0, 60_000, 60_000 + HELD_BACK_MS].map((now) => mayWait(waiting, now))).toEqual([true, true, false]);
    expect(mayWait(place({ at: 60_000, startsAt: 60_000 }), 0)).toBe(false);
  });
});

it("a burst is capacity beyond the limit", () => {
  expect(paceOf({ limit: 2, periodMs: 1_000, burst: 3 })).toEqual({ limit: 2, periodMs: 1_000, capacity: 5 });
  expect(paceOf(undefined)).toBeUndefined();
});
