import { isWait, type Outcome, type StepMemo, WAIT_TIMED_OUT } from "../../sdk/protocol/index.ts";
import type { Held } from "./held.ts";
import { invokeTimeout } from "./operations/invoke.ts";

/** A wait whose time is over while its timeout message is late or lost: the holder brings the timeout itself (L3). */
export async function settleOverdue(held: Held): Promise<void> {
  const now = held.deps.clock.now();
  const overdue = [...held.memo.values()].filter((step) => isOverdue(step, now));
  if (overdue.length === 0) return;
  const { world } = held.deps;
  await Promise.all(
    overdue.map(async (step) => {
      // First, since nobody else does it if no timeout was armed; once it has its outcome, no takeover looks at it any more.
      await world.takeBack(held.run, step);
      await world.steps.resolve(held.run, step.key, { outcome: timeoutOf(step), by: "timeout", at: step.until ?? now });
    }),
  );
  await held.reload();
}

/** Waits for several events of which one has resolved them while a process that has died was still storing the listeners of the others. */
export async function takeBackHalfSetUp({ deps: { world }, run, memo, header: { armed = 0 } }: Held): Promise<void> {
  const half = [...memo.values()].filter(
    ({ wait, outcome, fence }) => (wait?.listeners?.length ?? 0) > 1 && outcome !== undefined && fence > armed,
  );
  await Promise.all(half.map((step) => world.takeBack(run, step)));
}

const isOverdue = (step: StepMemo, now: number): boolean =>
  (isWait(step.kind) || step.kind === "invoke") &&
  step.outcome === undefined &&
  step.until !== undefined &&
  step.until <= now;

const timeoutOf = (step: StepMemo): Outcome =>
  step.kind === "invoke" ? invokeTimeout(step.id, "the invoked function") : WAIT_TIMED_OUT;
