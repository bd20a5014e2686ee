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
 * The place of an arrival. A throttle takes it and waits until then; a rate limit takes it only if that is at once. The remembered time
 * counts also when the limit has changed since.
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

/** Rounded up where the unit is another: never sooner than was reserved. */
const inUnits = ({ ms, part, of }: Tat, unit: bigint): bigint =>
  divideUp((BigInt(ms) * BigInt(of) + BigInt(part)) * unit, BigInt(of));

/** Of numbers that are not negative. */
const divideUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
