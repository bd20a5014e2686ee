/**
 * GCRA, the generic cell rate algorithm: a limit without windows. One number is remembered, the theoretical arrival time (TAT) at which
 * the next one would come if all came evenly, `period / limit` apart. Whoever comes before it by more than the capacity allows is early.
 *
 * All in whole numbers, so that no rounding adds up: times are milliseconds times the limit.
 */
import type { RateLimit, Throttle } from "../../sdk/protocol/index.ts";

export interface Pace {
  readonly limit: number;
  readonly periodMs: number;
  /** How many may come at once. */
  readonly capacity: number;
}

/** The theoretical arrival time, exactly: `ms + part / of`, in milliseconds since the epoch. */
export interface Tat {
  readonly ms: number;
  readonly part: number;
  readonly of: number;
}

export interface Reservation {
  /** From when on this one is within the limit, in whole milliseconds, rounded up; the arrival itself when it is not early. */
  readonly startsAt: number;
  /** What is remembered if the reservation is used. */
  readonly tat: Tat;
}

export const paceOfRateLimit = ({ limit, periodMs }: RateLimit): Pace => ({ limit, periodMs, capacity: limit });

export const paceOfThrottle = ({ limit, periodMs, burst }: Throttle): Pace => ({
  limit,
  periodMs,
  capacity: limit + burst,
});

/**
 * The place of an arrival. A throttle takes it and waits until then; a rate limit takes it only if that is at once. The time that a rate
 * limit remembers counts also when the limit has changed since.
 *
 * @param at the arrival, in milliseconds since the epoch
 * @example
 * ```ts
 * const first = reserve({ limit: 1, periodMs: 1_000, capacity: 1 }, undefined, 0); // startsAt: 0
 * reserve({ limit: 1, periodMs: 1_000, capacity: 1 }, first.tat, 400); // startsAt: 1_000
 * ```
 */
export function reserve({ limit, periodMs, capacity }: Pace, seen: Tat | undefined, at: number): Reservation {
  const unit = BigInt(limit);
  const interval = BigInt(Math.round(periodMs));
  const arrival = BigInt(Math.ceil(at)) * unit;
  const tat = seen === undefined ? arrival : max(arrival, inUnits(seen, unit));
  const start = tat - BigInt(capacity - 1) * interval;
  const next = tat + interval;
  return {
    startsAt: start <= arrival ? at : Number(divideUp(start, unit)),
    tat: { ms: Number(next / unit), part: Number(next % unit), of: limit },
  };
}

/** A reservation, and the pace by which it was made. */
export interface Reserved extends Reservation {
  readonly pace: Pace;
}

export const isSamePace = (a: Pace, b: Pace): boolean =>
  a.limit === b.limit && a.periodMs === b.periodMs && a.capacity === b.capacity;

/**
 * What a reservation means to those behind it that go by another pace: as many as had come close together when it started, at most a
 * capacity, now each take the other pace's interval.
 *
 * @example
 * ```ts
 * // Two of two are used at 0, of which one comes back in a minute. At one in ten seconds, it comes back in ten seconds.
 * tatUnder({ limit: 1, periodMs: 10_000, capacity: 2 }, { pace: aMinute, startsAt: 0, tat: { ms: 120_000, part: 0, of: 1 } });
 * // { ms: 20_000, part: 0, of: 1 }
 * ```
 */
export function tatUnder(pace: Pace, { pace: old, startsAt, tat }: Reserved): Tat {
  if (isSamePace(pace, old)) return tat;
  const [limit, period] = [BigInt(pace.limit), BigInt(Math.round(pace.periodMs))];
  // From the start to the TAT, in milliseconds times `tat.of`; an interval of the old pace is `period / limit` of it.
  const taken = max(0n, BigInt(tat.ms - Math.ceil(startsAt)) * BigInt(tat.of) + BigInt(tat.part));
  const oldPeriod = BigInt(Math.round(old.periodMs)) * BigInt(tat.of);
  const ahead = min(divideUp(taken * BigInt(old.limit) * period, oldPeriod), BigInt(pace.capacity) * period);
  const next = BigInt(Math.ceil(startsAt)) * limit + ahead;
  return { ms: Number(next / limit), part: Number(next % limit), of: pace.limit };
}

/** Which of two, under a pace, keeps those behind it waiting for longer. */
export const laterUnder = <R extends Reserved>(pace: Pace, a: R, b: R): R => {
  const unit = BigInt(pace.limit);
  return inUnits(tatUnder(pace, a), unit) > inUnits(tatUnder(pace, b), unit) ? a : b;
};

/** Rounded up where the unit is another: never sooner than was reserved. */
const inUnits = ({ ms, part, of }: Tat, unit: bigint): bigint =>
  divideUp((BigInt(ms) * BigInt(of) + BigInt(part)) * unit, BigInt(of));

/** Of numbers that are not negative. */
const divideUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
