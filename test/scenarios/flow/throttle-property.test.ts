import { expect, it } from "vitest";
import { seededRandom } from "../../../local/random.ts";
import type { Throttle } from "../../../sdk/protocol/index.ts";
import { openThrottled } from "./throttled.ts";

const SECOND = 1_000;
const SEEDS = 12;
/** The router has a deploy's walk a second after it. */
const WALK = SECOND;

interface Act {
  readonly at: number;
  /** A deploy of this throttle, else an arrival. */
  readonly deploy?: Throttle;
}

/** Arrivals in bursts, and deploys between them. */
function actsOf(seed: number): { first: Throttle; acts: readonly Act[] } {
  const random = seededRandom(seed);
  const draw = (count: number) => Math.floor(random.fraction() * count);
  const rate = (): Throttle => ({ limit: 1 + draw(3), periodMs: (1 + draw(20)) * 30 * SECOND, burst: draw(3) });
  const first = rate();
  let at = 0;
  const acts = Array.from({ length: 16 }, (_, i): Act => {
    at += draw(3) === 0 ? 0 : 3 * SECOND + draw(120) * SECOND;
    if (i % 5 !== 4) return { at };
    at += 3 * SECOND;
    const act = { at, deploy: rate() };
    at += 3 * SECOND;
    return act;
  });
  return { first, acts };
}

/** A run's start, and how many runs' worth of the bucket is used right after it. */
interface Start {
  at: number;
  used: number;
}

/** A leaky bucket, counted in runs: a deploy changes its size and its leak, and lets those who wait queue anew. */
function model(first: Throttle, acts: readonly Act[]): readonly number[] {
  let rate = first;
  const starts: Start[] = [];
  const next = (before: Start | undefined, arrival: number): Start => {
    const leak = rate.limit / rate.periodMs;
    const capacity = rate.limit + rate.burst;
    const used = Math.min(before?.used ?? 0, capacity);
    const from = before?.at ?? arrival;
    // When there is room for one more.
    const at = Math.max(arrival, from, from + (used + 1 - capacity) / leak);
    return { at, used: Math.max(0, used - (at - from) * leak) + 1 };
  };
  for (const { at, deploy } of acts) {
    if (deploy === undefined) {
      starts.push(next(starts.at(-1), at));
      continue;
    }
    rate = deploy;
    const now = at + WALK;
    for (const [i, start] of starts.entries()) if (start.at > now) starts[i] = next(starts[i - 1], now);
  }
  return starts.map((start) => start.at);
}

it.each(Array.from({ length: SEEDS }, (_, i) => i + 1))(
  "runs that arrive and wait while deploys change their throttle start as a leaky bucket lets them: seed %i",
  async (seed) => {
    const { first, acts } = actsOf(seed);
    const stage = await openThrottled(first);
    const from = stage.aws.clock.now();
    const ids: string[] = [];
    for (const { at, deploy } of acts) {
      await stage.pass(from + at - stage.aws.clock.now());
      if (deploy !== undefined) await stage.deploy(deploy);
      else await stage.go("mail", [ids[ids.push(`e${ids.length}`) - 1] as string]);
    }
    await stage.pass(24 * 3_600 * SECOND);
    const begins = stage.begins(ids).map((at) => Math.round((at ?? Number.NaN) / 10));
    const expected = model(first, acts).map((at) => Math.round(at / 10));
    // Roundings up to whole milliseconds add up where rates change.
    expect(begins.map((at, i) => (Math.abs(at - (expected[i] ?? 0)) <= 1 ? 0 : at - (expected[i] ?? 0)))).toEqual(
      ids.map(() => 0),
    );
  },
);
