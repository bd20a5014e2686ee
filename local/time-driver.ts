import { StepwellError } from "../sdk/protocol/index.ts";
import type { Activity } from "./activity.ts";
import type { LocalClock, VirtualClock } from "./clock.ts";
import type { Invocation } from "./invocation.ts";

/** An invocation without a sign of life for so long is hung: it waits for something that only time, or nothing, brings. Real ms. */
export const HUNG_AFTER_MS = 1_000;
/** Event loop turns that must go by without any change before all is quiet: promise chains and immediates need a few. */
const QUIET_TURNS = 4;
/**
 * So many, in addition to the time above, before an invocation counts as hung: on a busy machine a second may go by without a turn, and
 * how long that is must not decide what a test sees.
 */
const HUNG_TURNS = 500;

export interface TimeDriver {
  /** Resolves when everything that is due now has happened. */
  settle(): Promise<void>;
  /** Moves the clock on by `ms`, through everything that falls due on the way, in order. Calls queue up: their times add. */
  passTime(ms: number, options?: JumpOptions): Promise<void>;
  /** The same up to `time` (ms since the epoch). Does nothing when that is past: several may wait for the same time. */
  passTo(time: number, options?: JumpOptions): Promise<void>;
  /**
   * When an invocation in flight that does not wait for the clock has last given a sign of life, in real ms (monotonic): after
   * `settle`, one that is hung. Undefined when there is none.
   */
  silentSince(): number | undefined;
  /** When the next timer is due, in ms since the epoch. */
  nextDue(): number | undefined;
}

export interface JumpOptions {
  /** Runs once, at the end of the jump; what it starts is settled as well. */
  readonly onJumpEnd?: () => void | Promise<void>;
}

export const createTimeDriver = (clock: LocalClock, activity: Activity): TimeDriver =>
  clock.kind === "virtual" ? virtualDriver(clock, activity) : realDriver();

function realDriver(): TimeDriver {
  const settle = async () => {};
  const refuse = async () => {
    throw invalid("Only a virtual clock can be moved; the real one passes by itself.");
  };
  return { settle, passTime: refuse, passTo: refuse, nextDue: () => undefined, silentSince: () => undefined };
}

const invalid = (text: string) => new StepwellError("STEPWELL_INVALID_OPTION", text);

function virtualDriver(clock: VirtualClock, activity: Activity): TimeDriver {
  let jumps: Promise<void> = Promise.resolve();

  const silentSince = () => {
    const signs = [...activity.invocations].filter(({ paused }) => !paused).map(({ lastActivity }) => lastActivity);
    return signs.length === 0 ? undefined : Math.max(...signs);
  };

  const settle = async () => {
    for (;;) {
      await quietTurns(clock, activity);
      if (activity.busy > 0) {
        await activity.nextChange();
        continue;
      }
      const patience = longestPatience(activity.invocations);
      if (patience !== undefined) await changeOrPatience(activity, patience);
      else if (silentSince() === undefined || (await staysQuiet(activity))) return;
    }
  };

  const jump = async (target: () => number, { onJumpEnd }: JumpOptions) => {
    await settle();
    const end = target();
    for (let due = clock.nextDue(); due !== undefined && due <= end; due = clock.nextDue()) {
      clock.set(Math.max(due, clock.now()));
      await settle();
    }
    clock.set(Math.max(end, clock.now()));
    await settle();
    if (onJumpEnd === undefined) return;
    await onJumpEnd();
    await settle();
  };

  /** One jump at a time; a failed one does not stop those behind it. */
  const inTurn = (target: () => number, options: JumpOptions = {}) => {
    const mine = jumps.then(() => jump(target, options));
    jumps = mine.catch(() => undefined);
    return mine;
  };

  const passTime: TimeDriver["passTime"] = async (ms, options) => {
    if (!(ms >= 0 && Number.isFinite(ms))) throw invalid(`passTime takes milliseconds from 0 up, not ${ms}.`);
    await inTurn(() => clock.now() + ms, options);
  };
  const passTo: TimeDriver["passTo"] = (time, options) => inTurn(() => time, options);

  return { settle, passTime, passTo, nextDue: clock.nextDue, silentSince };
}

/** Resolves when nothing is under way that is about to end, at the latest after so many real ms. */
export async function untilQuiet(activity: Activity, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  for (let left = timeoutMs; left > 0; left = end - performance.now()) {
    const patience = activity.busy > 0 ? left : longestPatience(activity.invocations);
    if (patience === undefined) return;
    await changeOrPatience(activity, Math.min(left, patience));
  }
}

/** Lets the event loop turn until nothing has changed for a few turns, and runs what is due. */
async function quietTurns(clock: VirtualClock, activity: Activity): Promise<void> {
  let version = -1;
  let quiet = 0;
  while (quiet < QUIET_TURNS) {
    const ran = clock.runDue();
    await new Promise((resolve) => setImmediate(resolve));
    quiet = ran === 0 && version === activity.version && activity.busy === 0 ? quiet + 1 : 0;
    version = activity.version;
    if (activity.busy > 0) return;
  }
}

/** Whether nothing changes for many turns of the event loop. */
async function staysQuiet(activity: Activity): Promise<boolean> {
  const { version } = activity;
  for (let turn = 0; turn < HUNG_TURNS && activity.version === version; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  return activity.version === version;
}

/** Real ms until the last of the live invocations must have given a sign of life; undefined when none is live. */
function longestPatience(invocations: Iterable<Invocation>): number | undefined {
  let longest: number | undefined;
  for (const { paused, lastActivity } of invocations) {
    const left = lastActivity + HUNG_AFTER_MS - performance.now();
    if (!paused && left > 0) longest = Math.max(longest ?? 0, left);
  }
  return longest;
}

async function changeOrPatience(activity: Activity, patienceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    // Ref'd on purpose: somebody awaits this.
    timer = setTimeout(resolve, Math.ceil(patienceMs));
  });
  await Promise.race([activity.nextChange(), patience]);
  clearTimeout(timer);
}
