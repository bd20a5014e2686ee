/** Why a run is not executing: told from what has been read. */
import type { GateRef, SlotHolder, StepMemo, WaitingFor, WaitingForSlot } from "../../sdk/protocol/index.ts";
import type { Bucket } from "../engine/bucket.ts";
import { type Gate, holdersOf } from "../engine/gate.ts";
import type { RunHeader } from "../engine/types.ts";

/** Holders of a gate's slots that are named. */
export const HOLDERS_NAMED_MAX = 10;

/** A gate before which a run stands in line. */
export interface StandingAt {
  readonly gate: GateRef;
  /** Its slots today. */
  readonly limit: number;
  readonly state: Gate;
  /** How many are in line before the run. */
  readonly ahead: number;
}

/** A run in line. */
export function waitingForSlot({ gate, limit, state, ahead }: StandingAt, now: number): WaitingForSlot {
  const holders = holdersOf(state, now);
  const { heldUntil } = state;
  return {
    kind: "concurrency",
    scope: gate.scope,
    ...(gate.key !== undefined && { key: gate.key }),
    limit,
    place: ahead + 1,
    held: holders.length,
    // Ids begin with the time.
    holders: holders
      .toSorted()
      .slice(0, HOLDERS_NAMED_MAX)
      .map((runId): SlotHolder => ({ runId })),
    ...(heldUntil !== undefined && heldUntil > now && { heldUntil }),
  };
}

/** An event in a debounce or a batch. Undefined: it is closed, and its run is on its way. */
export function waitingForBucket(bucket: Bucket, key: string | undefined): WaitingFor | undefined {
  const { kind, until, events, maxSize, closedAt } = bucket;
  if (closedAt !== undefined) return undefined;
  const common = { ...(key !== undefined && { key }), until };
  if (kind !== "batch") return { kind: "debounce", ...common };
  return { kind, ...common, size: events?.length ?? 0, maxSize: maxSize ?? 0 };
}

/** A run that rests between two steps, or before its handler's next try. Undefined: what it waited for is over. */
export function waitingForSteps(
  { retryAt }: Pick<RunHeader, "retryAt">,
  steps: Iterable<StepMemo>,
  now: number,
): WaitingFor | undefined {
  const reasons = [...steps].flatMap((step) => waitingForStep(step, now) ?? []);
  // It stays on the header after that try has begun.
  if (retryAt !== undefined && retryAt > now) reasons.push({ kind: "retry", until: retryAt });
  return reasons.sort((a, b) => untilOf(a) - untilOf(b))[0];
}

const untilOf = (reason: WaitingFor): number =>
  ("until" in reason ? reason.until : undefined) ?? Number.POSITIVE_INFINITY;

function waitingForStep(memo: StepMemo, now: number): WaitingFor | undefined {
  const { id: step, kind, until, wait, outcome } = memo;
  if (outcome !== undefined) return undefined;
  if (kind === "invoke") return { kind, step, ...(until !== undefined && { until }) };
  if (until === undefined) return undefined;
  if (kind === "waitForEvent") {
    const { event = "", events } = wait ?? {};
    return { kind: "event", step, event, ...(events && { events }), until };
  }
  if (kind === "waitForSignal") return { kind: "signal", step, signal: wait?.signal ?? "", until };
  // The clock ends it, and nothing is written then.
  if (until <= now) return undefined;
  return kind === "sleep" ? { kind, step, until } : { kind: "retry", step, until };
}
