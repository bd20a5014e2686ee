import { IDEMPOTENCY_MS, type Singleton, SQS_RETENTION_MS } from "../../sdk/protocol/index.ts";
import type { RunHeader } from "./types.ts";

/** A key that a run has taken: of an `idempotency`, or of a `singleton`. */
export interface Lock {
  readonly runId: string;
  /** When the run's event arrived, in milliseconds. */
  readonly at: number;
}

/** What to do about a lock. */
export type LockVerdict = "mine" | "take" | "skip" | "cancelOwner";

/** When DynamoDB may forget an idempotency key: nothing that it decides is delivered any more. In milliseconds. */
export const idempotencyExpiry = ({ at }: Lock): number => at + IDEMPOTENCY_MS + SQS_RETENTION_MS;

/** An idempotency key is let through again 24 hours after the event that took it. */
export function onIdempotencyLock(lock: Lock | undefined, me: Lock): LockVerdict {
  if (lock === undefined || lock.at + IDEMPOTENCY_MS <= me.at) return "take";
  return lock.runId === me.runId ? "mine" : "skip";
}

/**
 * A singleton's lock is its owner's until that has ended. With `mode: "cancel"` the newest event wins, whatever the order in which events
 * are routed: one that is delivered late gives way to a newer owner.
 *
 * @param owner the header of the lock's owner; undefined: there is none, or none yet
 */
export function onSingletonLock(
  lock: Lock | undefined,
  owner: Pick<RunHeader, "status"> | undefined,
  me: Lock,
  { mode }: Singleton,
  now: number,
): LockVerdict {
  if (lock === undefined) return "take";
  if (lock.runId === me.runId) return "mine";
  // Without a header its start is on its way, or will never be.
  const isAlive = owner === undefined ? now < lock.at + SQS_RETENTION_MS : owner.status === "active";
  if (!isAlive) return "take";
  return mode === "cancel" && lock.at <= me.at ? "cancelOwner" : "skip";
}
