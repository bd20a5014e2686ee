import { EVENT_RETENTION_MS } from "../../sdk/protocol/index.ts";
import type { BucketKey } from "../aws/keys.ts";
import { type Bucket, mainEventOf } from "../engine/bucket.ts";
import type { RouterDeps } from "./deps.ts";

const DAY_MS = 86_400_000;
/** A bucket that is open for longer than this may outlive what it is made of. In milliseconds. */
const LONG_MS = 7 * DAY_MS;

/** A debounce without a timeout stays open as long as events come: what it needs is kept until then (live state has no TTL). */
export async function keepOpen(
  { world, clock }: RouterDeps,
  of: BucketKey,
  bucket: Bucket,
  due: number,
): Promise<void> {
  if (due - bucket.firstAt < LONG_MS) return;
  await world.buckets.keepPointer(of, clock.now());
  const events = bucket.events ?? [mainEventOf(bucket)];
  const expiring = events.filter(({ at }) => at + EVENT_RETENTION_MS < due + LONG_MS);
  await Promise.all(expiring.map(({ id, at }) => world.events.keepUntil({ env: of.env, id, at }, due + LONG_MS)));
}
