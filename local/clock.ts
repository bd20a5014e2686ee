import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../sdk/protocol/clock.ts";
import { currentInvocation, type Invocation, runInBackground } from "./invocation.ts";
import { type HeapTimer, TimerHeap } from "./timer-heap.ts";

/** Node's timers take 31 bits of milliseconds; longer ones are set in stages. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export interface RealClock extends Clock {
  readonly kind: "real";
}

/** A clock that stands still until the time driver moves it. */
export interface VirtualClock extends Clock {
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
  const at = (time: number, task: () => void) => {
    let timer: NodeJS.Timeout;
    const arm = () => {
      const left = time - now();
      timer = left > TIMEOUT_MS_MAX ? setTimeout(arm, TIMEOUT_MS_MAX) : setTimeout(task, Math.max(0, left));
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  };
  return { kind: "real", now, at, pause: at };
}

/** Captured before a virtual cloud replaces the global one. */
const RealDate = Date;

interface VirtualTimer extends HeapTimer {
  readonly task: () => void;
  /** The invocation that does nothing until then. */
  readonly paused: Invocation | undefined;
}

/** A virtual clock at `startAt` (ms since the epoch). */
export function virtualClock(startAt: number = RealDate.now()): VirtualClock {
  const timers = new TimerHeap<VirtualTimer>();
  let current = startAt;
  let inserted = 0;
  let flushing = false;

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

  return { kind: "virtual", now: () => current, at, pause, nextDue: () => timers.peek()?.time, runDue, set };
}

const resume = (timer: VirtualTimer) => timer.paused?.resume();
