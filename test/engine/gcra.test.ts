import { describe, expect, it } from "vitest";
import { type Pace, paceOfRateLimit, paceOfThrottle, reserve, type Tat } from "../../lambdas/engine/gcra.ts";
import { seededRandom } from "../../local/random.ts";

const ARRIVALS = 10_000;
const EPOCH = Date.UTC(2027, 0, 1);

/** Arrivals in bursts and pauses: often at the same moment, often on the border of an interval. */
function arrivalsOf(seed: number, { limit, periodMs }: Pick<Pace, "limit" | "periodMs">): number[] {
  const random = seededRandom(seed);
  const interval = periodMs / limit;
  const gaps = [0, 0, 1, interval / 2, interval, interval * 3, periodMs];
  let at = EPOCH;
  return Array.from({ length: ARRIVALS }, () => {
    const gap = gaps[Math.floor(random.fraction() * gaps.length)] ?? 0;
    at += random.fraction() < 0.5 ? Math.round(gap) : Math.round(gap * random.fraction());
    return at;
  });
}

/**
 * The reference: a bucket that holds `capacity` tokens and gains one in every interval. Levels are counted in parts of a token, `1 / periodMs` each,
 * so that they are whole: a millisecond brings `limit` of them. Knows nothing of arrival times to come.
 */
class Bucket {
  #level: number;
  #at = EPOCH;
  readonly #pace: Pace;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#level = pace.capacity * pace.periodMs;
  }

  #fill(at: number): void {
    const { limit, periodMs, capacity } = this.#pace;
    this.#level = Math.min(capacity * periodMs, this.#level + (at - this.#at) * limit);
    this.#at = at;
  }

  /** Whether there is a token; if so it is gone. */
  take(at: number): boolean {
    this.#fill(at);
    if (this.#level < this.#pace.periodMs) return false;
    this.#level -= this.#pace.periodMs;
    return true;
  }

  /** Takes a token, be it that it has yet to come; returns when it is there. */
  takeAhead(at: number): number {
    this.#fill(at);
    const { limit, periodMs } = this.#pace;
    const missing = periodMs - this.#level;
    this.#level -= periodMs;
    return missing <= 0 ? at : at + Math.ceil(missing / limit);
  }
}

const rates = [
  { limit: 1, periodMs: 1_000 },
  { limit: 3, periodMs: 1_000 },
  { limit: 7, periodMs: 60_000 },
  { limit: 10, periodMs: 1_000 },
  { limit: 13, periodMs: 7_777 },
];

describe("GCRA and a reference bucket agree on 10,000 arrivals", () => {
  it.each(rates)("on what a rate limit of $limit in $periodMs ms drops", (rate) => {
    const pace = paceOfRateLimit(rate);
    const bucket = new Bucket(pace);
    let tat: Tat | undefined;
    let dropped = 0;
    for (const at of arrivalsOf(rate.limit, rate)) {
      const place = reserve(pace, tat, at);
      const passes = place.startsAt === at;
      if (passes !== bucket.take(at)) expect.fail(`they differ at ${at - EPOCH}`);
      if (passes) tat = place.tat;
      else dropped += 1;
    }
    expect(dropped).toBeGreaterThan(0);
  });

  it.each(rates.flatMap((rate) => [0, 1, 5].map((burst) => ({ ...rate, burst }))))(
    "on when a throttle of $limit in $periodMs ms, burst $burst, starts each",
    (rate) => {
      const pace = paceOfThrottle(rate);
      const bucket = new Bucket(pace);
      let tat: Tat | undefined;
      let delayed = 0;
      for (const at of arrivalsOf(rate.limit + rate.burst, { ...rate, limit: rate.limit * 2 })) {
        const place = reserve(pace, tat, at);
        if (place.startsAt !== bucket.takeAhead(at)) expect.fail(`they differ at ${at - EPOCH}`);
        tat = place.tat;
        if (place.startsAt > at) delayed += 1;
      }
      expect(delayed).toBeGreaterThan(0);
    },
  );
});

describe("a reservation", () => {
  const startsOf = (pace: Pace, arrivals: readonly number[]) => {
    let tat: Tat | undefined;
    return arrivals.map((at) => {
      const place = reserve(pace, tat, at);
      tat = place.tat;
      return place.startsAt;
    });
  };

  it("is at once up to the limit, and then one in each interval", () => {
    const pace = paceOfThrottle({ limit: 2, periodMs: 1_000, burst: 0 });
    expect(startsOf(pace, [0, 0, 0, 0, 0])).toEqual([0, 0, 500, 1_000, 1_500]);
  });

  it("lets the burst pass beyond the limit", () => {
    const pace = paceOfThrottle({ limit: 1, periodMs: 1_000, burst: 2 });
    expect(startsOf(pace, [0, 0, 0, 0, 4_000, 4_000])).toEqual([0, 0, 0, 1_000, 4_000, 4_000]);
  });

  it("is never before its time, where the interval is no whole number", () => {
    const pace = paceOfThrottle({ limit: 3, periodMs: 1_000, burst: 0 });
    expect(startsOf(pace, [0, 0, 0, 0, 0, 0])).toEqual([0, 0, 0, 334, 667, 1_000]);
  });

  it("keeps what was reserved when the limit changes", () => {
    const before = reserve({ limit: 3, periodMs: 1_000, capacity: 1 }, undefined, 0);
    expect(before.tat).toEqual({ ms: 333, part: 1, of: 3 });
    const after = reserve({ limit: 2, periodMs: 1_000, capacity: 1 }, before.tat, 0);
    expect(after).toEqual({ startsAt: 334, tat: { ms: 833, part: 1, of: 2 } });
  });

  it("of an arrival that is older than another is no sooner than in its own order", () => {
    const pace = paceOfRateLimit({ limit: 1, periodMs: 1_000 });
    const { tat } = reserve(pace, undefined, 5_000);
    expect(reserve(pace, tat, 4_000).startsAt).toBe(6_000);
  });
});
