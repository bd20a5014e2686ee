/** A message in the hands of an invocation, and when it comes back unless it is acknowledged. */
import { HEARTBEAT_MS, LEASE_MS, type RunMessage, SQS_RECEIVES_MAX } from "../../sdk/protocol/index.ts";
import type { Receipt } from "../aws/queue.ts";
import type { RunnerDeps } from "./deps.ts";
import { VISIBILITY_MS } from "./heartbeat.ts";
import type { Verdict } from "./hold.ts";

/**
 * A message that is kept while another holds its run comes back after this time at the soonest, in milliseconds: as often as a
 * holder's 15 minutes allow, it is received less often than makes it a dead letter (L8).
 */
const KEEP_MS_MIN = Math.ceil((15 * 60_000) / (SQS_RECEIVES_MAX - 10));

/** A delivery of a message of the run queue. */
export interface Delivery {
  readonly message: RunMessage;
  readonly receipt: Receipt;
  /** From when on the invocation begins no new steps, in milliseconds. */
  readonly outOfTimeAt: number;
  /** When the invocation ends, in milliseconds. */
  readonly deadline: number;
}

/** The invocation's first act: a crash is followed by a delivery in seconds. Without it the delivery only comes later. */
export async function shortenVisibility({ world, log }: RunnerDeps, receipt: Receipt): Promise<void> {
  try {
    await world.queue.returnAfter(receipt, VISIBILITY_MS);
  } catch (error) {
    log.warn("the visibility of a message could not be set", { error: String(error) });
  }
}

/** The holder's own message, and the first waker's, are not acknowledged while it holds: one of them follows a crash (L2). */
export async function keepUntil(
  deps: RunnerDeps,
  { receipt }: Pick<Delivery, "receipt">,
  until: number,
): Promise<Verdict> {
  await deps.world.queue.returnAfter(receipt, keptFor(until - deps.clock.now()));
  return "keep";
}

/**
 * When a message that is kept comes back, in milliseconds, by what is left of its holder's lease. A lease that has come near its end
 * was not renewed when it should have been: its holder is dead, or about to lose it.
 */
export function keptFor(left: number): number {
  const untilFree = left + VISIBILITY_MS - LEASE_MS;
  const isDying = left < (LEASE_MS - HEARTBEAT_MS) / 2;
  return isDying ? untilFree : Math.max(KEEP_MS_MIN, untilFree);
}
