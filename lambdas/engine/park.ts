import { isWait, type StepMemo } from "../../sdk/protocol/index.ts";

/** An invoke without a timeout is looked after this often, in milliseconds: its child tells us, this only checks (L3). */
const INVOKE_CHECK_MS = 60 * 60_000;

/** Timers that would have fired within this time are armed again after an unexpected wake. In milliseconds. */
const NEAR_MS = 60_000;
/**
 * Clocks differ by less than this, in milliseconds: a timer that is so close has perhaps been spent already, on a process that is ahead of
 * this one.
 */
const CLOCK_SKEW_MS = 5_000;

export interface Parking {
  readonly doing: "sleeping" | "waiting";
  /** When the run has to be awake again, in milliseconds: the sweeper looks after it then. */
  readonly due: number;
}

/** How a run rests whose open operations are all timers, waits and invokes. */
export function parkingOf(
  open: readonly StepMemo[],
  { retryAt, finishBy }: { readonly retryAt?: number | undefined; readonly finishBy?: number | undefined },
  now: number,
): Parking {
  const times = open.map((step) => step.until ?? now + INVOKE_CHECK_MS);
  const waiting = open.some((step) => isWait(step.kind) || step.kind === "invoke");
  return {
    doing: waiting ? "waiting" : "sleeping",
    due: Math.min(...times, ...[retryAt, finishBy].filter((time) => time !== undefined)),
  };
}

export interface ArmingFacts {
  /** The fence of the last suspend: what was planned up to it is set up already. */
  readonly armed: number;
  /** Set everything up again (a sweeper's wake). */
  readonly all: boolean;
  /** A wake came that may have been one of the near timers, spent before its time. */
  readonly near: boolean;
}

/** Which open operations need their timers and messages (again) before the run may suspend. */
export function toArm<Timer extends Pick<StepMemo, "fence" | "until">>(
  open: readonly Timer[],
  facts: ArmingFacts,
  now: number,
): readonly Timer[] {
  const near = now + (facts.near ? NEAR_MS : CLOCK_SKEW_MS);
  return open.filter(({ fence, until }) => facts.all || fence > facts.armed || (until !== undefined && until < near));
}
