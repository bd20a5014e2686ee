import { toUserEvent, type UserEvent } from "../../sdk/execution/user-event.ts";
import type { RunAddress } from "../../sdk/protocol/index.ts";
import { lockKey, paceKey } from "../aws/index.ts";
import { hashOf, keyOf, labelOf, offOptions } from "../engine/flow-keys.ts";
import { paceOfRateLimit } from "../engine/gcra.ts";
import { idempotencyExpiry, type Lock, onIdempotencyLock } from "../engine/locks.ts";
import type { Skipped } from "../engine/types.ts";
import { admitRun } from "./admit-run.ts";
import { addToBucket } from "./bucket.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { standsSkipped } from "./skip.ts";
import { runOf, type Start, startRun } from "./start-run.ts";

/**
 * Admission: what becomes of an event that has matched a function, by the function's flow control. The stages come in the order of
 * docs/flow-control.md: idempotency, rateLimit, then debounce or batchEvents, and for the run singleton, throttle and concurrency. Each
 * decides from what it finds stored under its key, by the time at which the event first arrived: a redelivery decides the same.
 */

/** An event that is being admitted, and the run that it would have alone. */
export interface Candidate extends Start {
  readonly run: RunAddress;
  readonly userEvent: UserEvent;
  /** When the event arrived, in milliseconds. */
  readonly at: number;
}

/** What is sent, or why there is no run. */
export interface Admitted extends Routed {
  readonly skipped?: Skipped;
}

/** @param loaded the event as expressions see it, where it is known already */
export async function admit(deps: RouterDeps, start: Start, loaded?: UserEvent): Promise<Admitted> {
  const { flow } = start.match.fn;
  if (flow === undefined) return { send: [startRun(start, deps.clock.now())] };
  const { event } = start;
  const userEvent = loaded ?? toUserEvent(event, await deps.world.payloads.load(event.data));
  const candidate = { ...start, run: runOf(start), userEvent, at: event.arrivedAt ?? event.at };
  reportOff(deps, candidate);
  const refusal = (await refusedByKey(deps, candidate)) ?? (await refusedByRate(deps, candidate));
  const skipped = refusal && (await standsSkipped(deps, candidate, refusal));
  if (skipped !== undefined) return { send: [], skipped };
  // A parent waits for the one run that it has asked for, and a client knows it by its id.
  const isAsked = start.parent !== undefined || start.requested === true;
  const isCollected = (flow.debounce ?? flow.batchEvents) !== undefined && !isAsked;
  return isCollected ? addToBucket(deps, candidate) : admitRun(deps, candidate);
}

/** Idempotency: of the events with a key, only the first in 24 hours. */
async function refusedByKey(
  { world }: RouterDeps,
  { match, run, userEvent, at }: Candidate,
): Promise<Skipped | undefined> {
  const expression = match.fn.flow?.idempotency;
  const key = keyOf(expression, userEvent);
  if (!key.on || key.text === undefined) return undefined;
  const item = lockKey(run, "idempotency", hashOf(run.functionId, expression, key.text));
  const me: Lock = { runId: run.runId, at };
  for (;;) {
    const lock = await world.locks.get(item);
    const verdict = onIdempotencyLock(lock, me);
    if (verdict === "skip")
      return { reason: "idempotency", key: labelOf(key.text), ...(lock && { runId: lock.runId }) };
    if (verdict === "mine" || (await world.locks.take(item, me, lock, idempotencyExpiry(me)))) return undefined;
  }
}

/** Rate limit: what comes faster is dropped. */
async function refusedByRate(
  { world }: RouterDeps,
  { match, run, userEvent, at }: Candidate,
): Promise<Skipped | undefined> {
  const limit = match.fn.flow?.rateLimit;
  const key = keyOf(limit?.key, userEvent);
  if (limit === undefined || !key.on) return undefined;
  const item = paceKey(run, hashOf(run.functionId, limit.key, key.text));
  const admitted = await world.paces.admit(item, { runId: run.runId, at, pace: paceOfRateLimit(limit) });
  if (admitted) return undefined;
  return { reason: "rateLimit", ...(key.text !== undefined && { key: labelOf(key.text) }) };
}

/** A key that is missing in an event is as often a mistake as meant. */
function reportOff({ log }: RouterDeps, { match: { fn }, event, userEvent }: Candidate): void {
  for (const option of offOptions(fn.flow ?? {}, userEvent))
    log.warn("a flow control option is switched off for an event: its expression gives no usable value", {
      functionId: fn.id,
      option,
      eventId: event.id,
    });
}
