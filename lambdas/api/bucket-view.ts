import type { RunAddress, RunView, StoredEvent } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import type { BucketKey } from "../aws/keys.ts";
import { type Bucket, bucketRunId, isSame, mainEventOf } from "../engine/bucket.ts";
import { timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";
import { queuedView } from "./run-view.ts";
import { waitingForBucket } from "./waiting-for.ts";

/** Where an event is that went into a debounce or a batch. */
export interface BucketPlace {
  readonly bucket: Bucket;
  /** The key's value, for people. */
  readonly key?: string;
  /** The run that it has, or will have. */
  readonly run: RunAddress;
}

/** The debounce or batch to which the item in the place of a run's header leads. Undefined: to none, or it is kept no longer. */
export async function bucketPlaceOf(world: World, header: RunHeader): Promise<BucketPlace | undefined> {
  if (header.bucket === undefined) return undefined;
  const { id, generation } = header.bucket;
  const { env, app, functionId } = header;
  const of: BucketKey = { env, app, functionId, bucket: id };
  const stored = await world.buckets.get(of, generation);
  if (stored === undefined) return undefined;
  const { bucket, key } = stored;
  const run = { env, app, functionId, runId: bucketRunId(of, id, generation, bucket) };
  return { bucket, run, ...(key !== undefined && { key }) };
}

/** Whether an event is one of those that the bucket's run has got, or will get as it stands now. */
export const leadsToRun = ({ bucket }: BucketPlace, event: Pick<StoredEvent, "id" | "at">): boolean =>
  bucket.closedAt === undefined || bucket.events !== undefined || isSame(mainEventOf(bucket), event);

/** Tells whether an event is still in its debounce, or became its run: until that is over its record does not mean that it was skipped. */
export function stillIn(world: World): (header: RunHeader) => Promise<boolean> {
  const places = new Map<string, Promise<BucketPlace | undefined>>();
  return async (header) => {
    if (header.bucket === undefined) return false;
    const name = [header.app, header.functionId, header.bucket.id, header.bucket.generation].join("#");
    const place = places.get(name) ?? bucketPlaceOf(world, header);
    places.set(name, place);
    const found = await place;
    return found !== undefined && leadsToRun(found, { id: header.eventId, at: timeOf(header.runId) });
  };
}

/** The run of a bucket that is open, or whose run no runner has taken yet. */
export function bucketView({ bucket, key, run }: BucketPlace): RunView {
  const waitingFor = waitingForBucket(bucket, key);
  return {
    ...queuedView(run, mainEventOf(bucket)),
    eventIds: (bucket.events ?? [mainEventOf(bucket)]).map(({ id }) => id),
    queuedAt: bucket.closedAt ?? bucket.firstAt,
    ...(waitingFor && { waitingFor }),
  };
}
