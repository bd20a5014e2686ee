/** A throttled start has been moved, as its place says: what wakes its run then, and what it needs until then. */
import {
  type FlowManifest,
  type RunAddress,
  type RunMessage,
  SQS_DELAY_SECONDS_MAX,
} from "../../sdk/protocol/index.ts";
import { startName } from "../aws/index.ts";
import type { PlacesOf, StoredPlace } from "../aws/place-store.ts";
import { startBy } from "../engine/cancel.ts";
import { timeOf } from "../engine/run-id.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { keepForStart, mayBeGone } from "./keep-events.ts";

/** The function whose starts are moved. */
export interface MovingFor extends PlacesOf {
  readonly queueUrl: string;
  readonly timeouts: FlowManifest["timeouts"];
}

/** May be done again: a message more changes nothing. */
export async function moveStart(
  deps: RouterDeps,
  { queueUrl, timeouts, ...of }: MovingFor,
  place: StoredPlace,
): Promise<Routed> {
  const { timer } = deps.world;
  const { runId, startsAt, rev, was = startsAt } = place;
  const run = { ...of, runId };
  if (startsAt > was) await keepFor(deps, run, place, { queueUrl, timeouts });
  const now = deps.clock.now();
  const isScheduled = was - now > SQS_DELAY_SECONDS_MAX * 1_000;
  const after = isScheduled ? () => timer.disarm(startName(runId, rev - 1), was, now) : undefined;
  // What is in a queue cannot be taken back: that of the run's own start comes too early, and goes on to wait.
  if (startsAt > was && !isScheduled && rev === 2) return { send: [] };
  const reserved = { place: place.name, at: startsAt };
  const message: RunMessage = { v: 1, id: `start:${rev}`, ...run, kind: "wake", reserved };
  const delaySeconds = Math.max(0, Math.floor((startsAt - now) / 1_000));
  if (delaySeconds <= SQS_DELAY_SECONDS_MAX)
    return { send: [{ queueUrl, message, delaySeconds }], ...(after && { after }) };
  await timer.schedule(startName(runId, rev), startsAt, message);
  return { send: [], ...(after && { after }) };
}

/** A run that starts later than it was to: its events are kept, and `timeouts.start` may be over before. */
async function keepFor(
  deps: RouterDeps,
  run: RunAddress,
  { startsAt, was = startsAt }: StoredPlace,
  { queueUrl, timeouts }: Omit<MovingFor, keyof PlacesOf>,
): Promise<void> {
  const { world, clock } = deps;
  const isLong = mayBeGone(timeOf(run.runId), startsAt);
  if (!isLong && timeouts?.startMs === undefined) return;
  const header = await world.runs.header(run);
  if (header === undefined || header.status !== "active" || header.startedAt !== undefined) return;
  const { eventId, eventAt = timeOf(run.runId), batch, queuedAt } = header;
  if (isLong) await keepForStart(deps, { run, event: { id: eventId, at: eventAt }, batch }, startsAt);
  const by = startBy(timeouts, queuedAt);
  if (by !== undefined && by > was && by <= startsAt) await world.armDeadline(run, "start", by, clock.now(), queueUrl);
}
