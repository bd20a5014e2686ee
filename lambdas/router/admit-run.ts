import { type FlowManifest, IN_PLACE_SLEEP_MS_MAX, SQS_DELAY_SECONDS_MAX } from "../../sdk/protocol/index.ts";
import { paceKey, startName } from "../aws/index.ts";
import { hashOf, keyOf, placeOf } from "../engine/flow-keys.ts";
import { paceOfThrottle } from "../engine/gcra.ts";
import type { Admitted, Candidate } from "./admit.ts";
import { armStart } from "./arm-start.ts";
import type { RouterDeps } from "./deps.ts";
import { keepForStart } from "./keep-events.ts";
import { listenForCancel } from "./listen-for-cancel.ts";
import { lockRun } from "./singleton.ts";
import { standsSkipped } from "./skip.ts";
import { type OutgoingStart, startRun } from "./start-run.ts";

/** A run that may be one of several events; `event` is the one that decides keys and conditions. */
export interface RunCandidate extends Candidate {
  readonly batch?: true;
}

/**
 * The stages that a run goes through, whether it is of one event or of a bucket: singleton, throttle, and its place in the queues of
 * concurrency, in which the runner puts it. All of it may be repeated at any point.
 *
 * @param candidate `run` is the run itself; `at` the time at which it was decided that there be one, the same for every repeat
 */
export async function admitRun(deps: RouterDeps, candidate: RunCandidate): Promise<Admitted> {
  const { match, run, userEvent, batch } = candidate;
  const locked = await lockRun(deps, candidate);
  const skipped = locked.refusal && (await standsSkipped(deps, candidate, locked.refusal));
  if (skipped !== undefined) return { send: [], skipped };
  const singleton = locked.refusal === undefined ? locked.lock : undefined;
  const startsAt = await reserveStart(deps, candidate);
  await listenForCancel(deps, candidate);
  const now = deps.clock.now();
  const isLater = startsAt !== undefined && startsAt > now;
  const terms = { runId: run.runId, place: placeOf(match, userEvent), singleton, batch };
  const start = startRun(candidate, now, { ...terms, ...(isLater && { startsAt }) });
  if (!isLater) return { send: [start] };
  await keepForStart(deps, candidate, startsAt);
  return startLater(deps, start, startsAt, match.fn.flow?.timeouts);
}

/** Throttle: a start time that nobody else has. Undefined: the run is not throttled. */
async function reserveStart(
  { world }: RouterDeps,
  { match, run, userEvent, at }: Candidate,
): Promise<number | undefined> {
  const throttle = match.fn.flow?.throttle;
  const key = keyOf(throttle?.key, userEvent);
  if (throttle === undefined || !key.on) return undefined;
  const item = paceKey(run, "throttle", hashOf(run.functionId, throttle.key, key.text));
  return world.paces.reserve(item, { runId: run.runId, at, pace: paceOfThrottle(throttle) });
}

/**
 * Queues a run that has to wait for its start: it is created now, so that it can be seen and cancelled. A queue's delay and a schedule are
 * rounded down, and the runner waits for the rest.
 */
async function startLater(
  deps: RouterDeps,
  start: OutgoingStart,
  startsAt: number,
  timeouts: FlowManifest["timeouts"],
): Promise<Admitted> {
  const { world, clock } = deps;
  const { message } = start;
  if (startsAt - clock.now() < IN_PLACE_SLEEP_MS_MAX) return { send: [start] };
  const eventId = "ref" in message.event ? message.event.ref : message.event.id;
  const header = (await world.runs.park(message, { eventId, start: message })) ?? (await world.runs.header(message));
  if (header !== undefined && header.status !== "active") return { send: [] };
  // Cancelled ahead of its start: it does not wait for it, nor for a slot.
  if (header?.cancel !== undefined) return { send: [startAtOnce(start)] };
  await armStart(deps, start, timeouts, startsAt);
  const delaySeconds = Math.floor((startsAt - clock.now()) / 1_000);
  if (delaySeconds <= SQS_DELAY_SECONDS_MAX) return { send: [{ ...start, delaySeconds: Math.max(0, delaySeconds) }] };
  await world.timer.schedule(startName(message.runId), startsAt, message);
  return { send: [] };
}

function startAtOnce(start: OutgoingStart): OutgoingStart {
  const { startsAt: _, ...message } = start.message;
  return { ...start, message };
}
