import {
  type FlowManifest,
  IN_PLACE_SLEEP_MS_MAX,
  type RunAddress,
  SQS_DELAY_SECONDS_MAX,
} from "../../sdk/protocol/index.ts";
import { startName, type World } from "../aws/index.ts";
import { keyIn, type Recalled, type StoredPlace } from "../aws/place-store.ts";
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
  const reserved = await reserveStart(deps, candidate);
  await listenForCancel(deps, candidate);
  const now = deps.clock.now();
  const place = reserved !== undefined && reserved.startsAt > now ? reserved : undefined;
  const terms = { runId: run.runId, place: placeOf(match, userEvent), singleton, batch };
  const start = startRun(candidate, now, { ...terms, ...(place && { reserved: reservedBy(place) }) });
  if (place === undefined) return { send: [start] };
  await keepForStart(deps, candidate, place.startsAt);
  return startLater(deps, start, place, match.fn.flow?.timeouts);
}

const reservedBy = ({ name, startsAt }: StoredPlace) => ({ place: name, at: startsAt });

/** Throttle: a start time that nobody else has. Undefined: the run is not throttled, or it has been let go already. */
async function reserveStart(
  { world, clock }: RouterDeps,
  { match, run, userEvent, at }: Candidate,
): Promise<StoredPlace | undefined> {
  const throttle = match.fn.flow?.throttle;
  const key = keyOf(throttle?.key, userEvent);
  if (throttle === undefined || !key.on) return undefined;
  const hash = hashOf(run.functionId, throttle.key, key.text);
  const arrival = { runId: run.runId, at, pace: paceOfThrottle(throttle) };
  const place = await world.places.reserve(run, hash, arrival, clock.now(), () => recall(world, run));
  return place === "atOnce" ? undefined : place;
}

async function recall({ runs }: World, run: RunAddress): Promise<Recalled> {
  const header = await runs.header(run);
  if (header === undefined) return undefined;
  return header.reserved === undefined ? "atOnce" : { place: header.reserved };
}

/**
 * Queues a run that has to wait for its start: it is created now, so that it can be seen and cancelled. A queue's delay and a schedule are
 * rounded down, and the runner waits for the rest.
 */
async function startLater(
  deps: RouterDeps,
  start: OutgoingStart,
  reserved: StoredPlace,
  timeouts: FlowManifest["timeouts"],
): Promise<Admitted> {
  const { world, clock } = deps;
  const { message } = start;
  if (reserved.startsAt - clock.now() >= IN_PLACE_SLEEP_MS_MAX) {
    const eventId = "ref" in message.event ? message.event.ref : message.event.id;
    const header = (await world.runs.park(message, { eventId, start: message })) ?? (await world.runs.header(message));
    if (header !== undefined && header.status !== "active") return { send: [] };
    // Cancelled ahead of its start: it does not wait for it, nor for a slot.
    if (header?.cancel !== undefined) return { send: [startAtOnce(start)] };
  }
  const place = await lookBack(deps, message, reserved);
  const { startsAt } = place;
  await armStart(deps, start, timeouts, startsAt);
  const planned = { ...start, message: { ...message, reserved: reservedBy(place) } };
  const delaySeconds = Math.max(0, Math.floor((startsAt - clock.now()) / 1_000));
  if (delaySeconds <= SQS_DELAY_SECONDS_MAX) return { send: [{ ...planned, delaySeconds }] };
  await world.timer.schedule(startName(message.runId, place.rev), startsAt, planned.message);
  return { send: [] };
}

/**
 * The place as it is now, once the run is there to be woken: a walk may have moved it meanwhile. If the place before it has been moved,
 * and this one has not, that walk did not see it: another one has to (T2).
 */
async function lookBack({ world }: RouterDeps, run: RunAddress, reserved: StoredPlace): Promise<StoredPlace> {
  const { place = reserved, before } = (await world.places.withBefore(run, reserved)) ?? {};
  if (before !== undefined && before.rev !== place.follows) {
    const { env, app, functionId, runId } = run;
    const about = { env, app, functionId, by: runId, key: keyIn(place.name), only: true } as const;
    await world.queue.sendToRouter({ v: 1, stepwell: true, kind: "repace", ...about });
  }
  return place;
}

function startAtOnce(start: OutgoingStart): OutgoingStart {
  const { reserved: _, ...message } = start.message;
  return { ...start, message };
}
