import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../sdk/protocol/clock.ts";
import { currentInvocation, type Invocation, runInBackground } from "./invocation.ts";
import { type HeapTimer, TimerHeap } from "./timer-heap.ts";

/** Node's timers take 31 bits of milliseconds; longer ones are set in stages. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

interface Stoppable {
  /** Drops all timers for good: nothing that was set, or will be, runs any more. */
  stop(): void;
}

export interface RealClock extends Clock, Stoppable {
  readonly kind: "real";
}

/** A clock that stands still until the time driver moves it. */
export interface VirtualClock extends Clock, Stoppable {
  readonly kind: "virtual";
  /** When the earliest timer is due; it may be now. */
  nextDue(): number | undefined;
  /** Runs what is due now, in order of time, then of insertion; also what that sets for now. Tells how many ran. */
  runDue(): number;
  /** Moves the clock forward. Runs nothing. */
  set(time: number): void;
}

export type LocalClock = RealClock | VirtualClock;

/** The machine's clock. Its timers never keep a process alive. */
export function realClock(): RealClock {
  const now = RealDate.now.bind(RealDate);
  const timers = new Set<{ cancel: () => void }>();
  let stopped = false;
  const at = (time: number, task: () => void) => {
    if (stopped) return () => {};
    let timer: NodeJS.Timeout;
    const cancel = () => {
      clearTimeout(timer);
      timers.delete(entry);
    };
    const entry = { cancel };
    const run = () => {
      timers.delete(entry);
      task();
    };
    const arm = () => {
      const left = time - now();
      timer = left > TIMEOUT_MS_MAX ? setTimeout(arm, TIMEOUT_MS_MAX) : setTimeout(run, Math.max(0, left));
      timer.unref();
    };
    timers.add(entry);
    arm();
    return cancel;
  };
  const stop = () => {
    stopped = true;
    for (const { cancel } of timers) cancel();
  };
  return { kind: "real", now, at, pause: at, stop };
}

/** Captured before a virtual cloud replaces the global one. */
const RealDate = Date;

interface VirtualTimer extends HeapTimer {
  readonly task: () => void;
  /** The invocation that does nothing until then. */
  readonly paused: Invocation | undefined;
}

/** Queues delay by whole seconds: a clock that stands on one finds their messages due exactly when they should be. */
export const wholeSecond = (time: number, round: "floor" | "ceil") => Math[round](time / 1_000) * 1_000;

/** A virtual clock at `startAt` (ms since the epoch). @default - the machine's time, on a whole second */
export function virtualClock(startAt: number = wholeSecond(RealDate.now(), "floor")): VirtualClock {
  const timers = new TimerHeap<VirtualTimer>();
  let current = startAt;
  let inserted = 0;
  let flushing = false;
  let stopped = false;

  const runDue = () => {
    let ran = 0;
    for (let next = timers.peek(); next !== undefined && next.time <= current; next = timers.peek()) {
      timers.pop();
      next.cancelled = true;
      resume(next);
      next.task();
      ran++;
    }
    return ran;
  };

  // What is due already must not wait for somebody to move the clock.
  const flushSoon = () => {
    if (flushing) return;
    flushing = true;
    setImmediate(() => {
      flushing = false;
      runDue();
    });
  };

  const schedule = (time: number, task: () => void, paused: Invocation | undefined) => {
    if (stopped) return () => {};
    const inContext = AsyncLocalStorage.snapshot();
    const timer = {
      time,
      order: inserted++,
      cancelled: false,
      task: () => inContext(() => runInBackground(task)),
      paused,
    };
    timers.push(timer);
    if (time <= current) flushSoon();
    return () => {
      if (timer.cancelled) return;
      timer.cancelled = true;
      resume(timer);
    };
  };

  const set = (time: number) => {
    if (time < current) throw new Error(`The virtual clock cannot go back from ${current} to ${time}.`);
    current = time;
  };

  const at = (time: number, task: () => void) => schedule(time, task, undefined);
  const pause = (time: number, task: () => void) => {
    const invocation = currentInvocation();
    invocation?.pause();
    return schedule(time, task, invocation);
  };

  const stop = () => {
    stopped = true;
    timers.clear();
  };

  const nextDue = () => timers.peek()?.time;
  return { kind: "virtual", now: () => current, at, pause, nextDue, runDue, set, stop };
}

const resume = (timer: VirtualTimer) => timer.paused?.resume();
