/**
 * The queue of a throttle's key: a chain of places, each planned from the one before it, by which runs start. A deploy that changes the rate
 * has the chain planned again, from the first that still waits on, by walks that may meet each other and new arrivals (docs/flow-control.md).
 *
 * T1. A place says when its run starts, and nobody else does. It is changed under the condition that it is as it was seen (`rev`).
 * T2. A place is right if it was planned by today's rate, and from what the place before it is now (`follows`). Whoever has written a place
 *     looks at the next one after that, and whoever has added one at the one before it: so the last of them sees what is wrong.
 * T3. Who gets in line behind others goes by their rate; only a walk changes it, for all of them. So no one is set right before those ahead.
 * T4. What has started is never planned again. Its place in the bucket stays taken, and comes back at today's rate.
 */
import type { Throttle } from "../../sdk/protocol/index.ts";
import { isSamePace, type Pace, paceOfThrottle, type Reserved, reserve, tatUnder } from "./gcra.ts";

export interface Place extends Reserved {
  readonly runId: string;
  /** When it was planned: the arrival, or the walk that has moved it. In milliseconds. */
  readonly at: number;
  /** Raised by every change, from 1. */
  readonly rev: number;
  /** The `rev` of the place before it, as it was planned from; 0: there was none. */
  readonly follows: number;
  /** Who moved it last, and when it would have started before that. */
  readonly by?: string;
  readonly was?: number;
}

/**
 * A start that has not been planned by the runner's own rate is held back for so long, in milliseconds: until the deploy is registered, and
 * a walk has come by. After that it is let go: better by a rate of before than never.
 */
export const HELD_BACK_MS = 120_000;

export const paceOf = (throttle: Throttle | undefined): Pace | undefined => throttle && paceOfThrottle(throttle);

/** Who gets a place. */
export interface PlaceArrival {
  readonly runId: string;
  /** When its event arrived, in milliseconds. */
  readonly at: number;
  readonly pace: Pace;
}

/** The place of an arrival behind the last one of its key. */
export function placeBehind(last: Place | undefined, { runId, at, pace: own }: PlaceArrival, now: number): Place {
  const pace = last !== undefined && last.startsAt > now ? last.pace : own;
  return { runId, at, pace, ...reserve(pace, last && tatUnder(pace, last), at), rev: 1, follows: last?.rev ?? 0 };
}

/** It was not early when it was planned: its start was sent then, and nothing holds it back. */
export const isLetGo = ({ startsAt, at }: Place): boolean => startsAt <= at;

/** Whether a place's run may not have been started yet. */
export const mayWait = (place: Place, now: number): boolean => !isLetGo(place) && place.startsAt > now - HELD_BACK_MS;

/** What a start has to do by its place: to go, to wait until then, or to be held back until it has been planned again. */
export type StartVerdict = "go" | "early" | "stale";

/** @param pace the rate by the runner's own code; undefined: there is no throttle any more */
export function startVerdict(place: Place, pace: Pace | undefined, now: number): StartVerdict {
  if (pace === undefined) return "go";
  if (place.startsAt > now) return "early";
  return isSamePace(place.pace, pace) || !mayWait(place, now) ? "go" : "stale";
}

/** Whether a place that waits is as it should be (T2). `before`: undefined when it is the first, or the others are too old to be kept. */
export const isRight = (place: Place, before: Place | undefined, pace: Pace | undefined): boolean =>
  pace !== undefined && isSamePace(place.pace, pace) && (before === undefined || place.follows === before.rev);

/** A walk over the places of a key. */
export interface Replan {
  readonly pace: Pace | undefined;
  readonly now: number;
  readonly by: string;
}

/**
 * Plans a place that waits again, as if it had just arrived. Without a throttle it starts at once.
 *
 * @param before the place before it
 * @param basis what it is planned from: the place before it, or one further ahead that keeps it waiting for longer
 */
export function planAgain(place: Place, before: Place | undefined, basis: Place | undefined, replan: Replan): Place {
  const { pace, now, by } = replan;
  const planned =
    pace === undefined
      ? { pace: place.pace, startsAt: now, tat: { ms: now, part: 0, of: place.pace.limit } }
      : { pace, ...reserve(pace, basis && tatUnder(pace, basis), now) };
  return {
    runId: place.runId,
    at: now,
    ...planned,
    rev: place.rev + 1,
    follows: before?.rev ?? 0,
    by,
    was: place.startsAt,
  };
}
