import { toUserEvent } from "../../sdk/execution/user-event.ts";
import type { StoredBucket } from "../aws/bucket-store.ts";
import { type BucketKey, flushName } from "../aws/keys.ts";
import { type Bucket, type BucketEvent, bucketRunId, mainEventOf, runEventsOf } from "../engine/bucket.ts";
import { runIdOf } from "../engine/run-id.ts";
import { admitRun } from "./admit-run.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import type { Start } from "./start-run.ts";

/** One generation of a function's bucket. */
export interface Generation extends Pick<Start, "match" | "emits"> {
  readonly of: BucketKey;
  readonly generation: number;
}

/**
 * Closes a bucket, and starts its run: closed, then the pointer, then what the run is read from, then its start. All of it every time,
 * since whoever closed it before may have died on the way; the closed bucket never changes, so it is the same each time.
 */
export async function close(deps: RouterDeps, target: Generation): Promise<Routed> {
  for (;;) {
    const seen = await deps.world.buckets.get(target.of, target.generation);
    if (seen === undefined) return { send: [] };
    if (seen.bucket.closedAt !== undefined) {
      const isDone = await hasBegun(deps, target, seen.bucket);
      return isDone ? { send: [] } : conclude(deps, target, seen.bucket, seen.bucket.closedAt);
    }
    const sent = await closeAsSeen(deps, target, seen);
    if (sent !== undefined) return sent;
  }
}

/** The same if nobody has written it since it was read. Undefined: look again. */
export async function closeAsSeen(
  deps: RouterDeps,
  target: Generation,
  seen: StoredBucket,
): Promise<Routed | undefined> {
  const closedAt = deps.clock.now();
  const closed = { ...seen, bucket: { ...seen.bucket, closedAt }, rev: seen.rev + 1 };
  if (!(await deps.world.buckets.put(target.of, target.generation, seen, closed))) return undefined;
  return conclude(deps, target, closed.bucket, closedAt);
}

async function conclude(
  deps: RouterDeps,
  { of, generation, match, emits }: Generation,
  bucket: Bucket,
  closedAt: number,
): Promise<Routed> {
  const { world } = deps;
  await world.buckets.pointTo(of, generation + 1, closedAt);
  const runId = bucketRunId(of, of.bucket, generation, bucket);
  const main = mainEventOf(bucket);
  const events = runEventsOf(bucket);
  if (events === undefined) await world.members.unlist(memberOf(of, main));
  else await world.runEvents.put({ ...of, runId }, events, closedAt);
  if (closedAt < bucket.armedFor)
    await world.timer.disarm(flushName(runId, bucket.armedFor), bucket.armedFor, bucket.firstAt);
  const event = await world.events.get(of.env, main.id, main.at);
  if (event === undefined) throw new Error(`The event "${main.id}" of the run ${runId} is not stored any more.`);
  const { env, app, functionId } = of;
  return admitRun(deps, {
    ...{ match, emits, event, at: closedAt },
    run: { env, app, functionId, runId },
    userEvent: toUserEvent(event, await world.payloads.load(event.data)),
    ...(events !== undefined && { batch: true }),
  });
}

/** A runner has had the run: there is nothing left to do for a repeated close. */
async function hasBegun({ world }: RouterDeps, { of, generation }: Generation, bucket: Bucket): Promise<boolean> {
  const header = await world.runs.header({ ...of, runId: bucketRunId(of, of.bucket, generation, bucket) });
  return header !== undefined && (header.fence > 0 || header.status !== "active");
}

/** The place of the run that the event alone would have had. */
const memberOf = (of: BucketKey, { id, at }: BucketEvent) => ({ env: of.env, app: of.app, runId: runIdOf(of, id, at) });
