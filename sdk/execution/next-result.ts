import type { StepMemo } from "../protocol/index.ts";
import type { Op } from "./replay.ts";

/** The next result to hand over; `record` says that its place in the order has to be written first. */
export interface NextResult {
  readonly op: Op;
  readonly memo: StepMemo;
  readonly record: boolean;
}

/**
 * Which result does the code get next?
 *
 * Those with a place in the order come first, by it. A result without one was handed over when nothing else was open, or never: so
 * if it is alone now, it is handed over again without a write; beside others it gets its place first, the earliest to end leading.
 */
export function nextResult(
  open: readonly Op[],
  memo: ReadonlyMap<string, StepMemo>,
  now: number,
): NextResult | undefined {
  let best: { op: Op; memo: StepMemo } | undefined;
  for (const op of open) {
    const step = memo.get(op.key);
    if (step === undefined || !hasResult(step, now)) continue;
    if (best === undefined || comesBefore(step, best.memo)) best = { op, memo: step };
  }
  if (best === undefined) return undefined;
  return { ...best, record: best.memo.order === undefined && open.length > 1 };
}

/** A sleep has its result when its time has come; everything else when an outcome is stored. */
export const hasResult = (step: StepMemo, now: number): boolean =>
  step.outcome !== undefined || (step.kind === "sleep" && step.until !== undefined && step.until <= now);

function comesBefore(a: StepMemo, b: StepMemo): boolean {
  if (a.order !== undefined || b.order !== undefined) return (a.order ?? Infinity) < (b.order ?? Infinity);
  return endOf(a) < endOf(b);
}

const endOf = (step: StepMemo): number => (step.kind === "sleep" ? step.until : step.endedAt) ?? Infinity;

/**
 * Takes the place away from results that came too late to have been handed over: a frozen worker may write its result after another
 * has taken the run. Places grow with the fence, so a result with an older fence and a place that a newer fence has given (or
 * passed) was never seen by it. And what stands above a gap was not handed over either, since the result that belongs into the gap
 * had not been written; should it still come, the place is another's.
 */
export function withoutStaleOrder(memo: ReadonlyMap<string, StepMemo>): Map<string, StepMemo> {
  const ordered = [...memo.values()].filter((step) => step.order !== undefined).sort((a, b) => b.fence - a.fence);
  const fresh = new Map(memo);
  let lowest = Number.POSITIVE_INFINITY;
  let lowestOfFence = lowest;
  let fence = Number.POSITIVE_INFINITY;
  for (const step of ordered) {
    if (step.fence < fence) [lowest, fence] = [Math.min(lowest, lowestOfFence), step.fence];
    const order = step.order ?? 0;
    lowestOfFence = Math.min(lowestOfFence, order);
    if (order >= lowest) fresh.set(step.key, unordered(step));
  }
  const placed = [...fresh.values()].filter((step) => step.order !== undefined);
  placed.sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
  for (const [i, step] of placed.entries()) if (step.order !== i + 1) fresh.set(step.key, unordered(step));
  return fresh;
}

/** A result that has no place yet: it gets one when it is handed over beside others. */
export function unordered({ order: _, ...step }: StepMemo): StepMemo {
  return step;
}
