import { EVENT_RETENTION_MS, STATE_SLACK_MS, type StepMemo } from "../../sdk/protocol/index.ts";
import type { RunHeader } from "./types.ts";

/**
 * How long state is kept. Finished runs stay readable for the retention, and DynamoDB's TTL then removes them at no cost. So each step
 * is written with its expiry, as if its run ended within the slack; what lives longer has it renewed before it rests.
 */

/** When a step may be gone, unless it is renewed. In milliseconds. */
export const stepExpiry = (step: StepMemo, retentionMs: number): number =>
  Math.max(step.endedAt ?? step.startedAt, step.until ?? 0) + STATE_SLACK_MS + retentionMs;

/** The steps of a run that has to be awake at `due` which might not stay readable for the retention after it. */
export const toRenew = (steps: Iterable<StepMemo>, due: number, retentionMs: number): readonly StepMemo[] =>
  [...steps].filter((step) => keptUntil(step, retentionMs) < due + retentionMs);

/** When a closed debounce or batch may be gone, and what leads to it: not before all messages about it. */
export const bucketExpiry = (time: number, retentionMs: number): number =>
  time + STATE_SLACK_MS + Math.max(retentionMs, EVENT_RETENTION_MS);

/** The expiry of what is renewed for a run that has to be awake at `due`. */
export const renewedExpiry = (due: number, retentionMs: number): number => due + STATE_SLACK_MS + retentionMs;

/**
 * Whether results of a run have expired. The last suspend has counted them; a run that has never rested cannot be so old, unless nobody
 * could take its message. One that has never been executed, as when it is throttled or in line for long, has none.
 */
export const isExpired = (header: RunHeader, results: number, now: number, retentionMs: number): boolean => {
  if (header.results !== undefined) return results < header.results;
  // It has rested, and was not counted: by the code of before, which gave steps no expiry.
  if (header.armed !== undefined) return false;
  return header.startedAt !== undefined && now > header.startedAt + STATE_SLACK_MS + retentionMs;
};

const keptUntil = (step: StepMemo, retentionMs: number): number => step.keptUntil ?? stepExpiry(step, retentionMs);
