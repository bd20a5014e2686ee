import { type Bucket, bucketRunId } from "../engine/bucket.ts";
import { bucketExpiry } from "../engine/retention.ts";
import { type BucketKey, bucketKey, bucketPartition, dueIndexKey, pointerKey } from "./keys.ts";
import { oneByOne } from "./one-by-one.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** A generation as it was read, with the number of its writes so far. */
export interface StoredBucket {
  readonly bucket: Bucket;
  readonly rev: number;
  /** The key's value, for people. */
  readonly key?: string;
}

/**
 * Debounce and batch: pointer, members, generations. Each method is one call; their order is in `router/bucket.ts` (PROTOCOLS.md §6).
 * An open generation has no expiry, and stands in the index of what is due, by the time of its first timer.
 */
export const createBucketStore = (table: Table, retentionMs: number) => {
  const inTurn = oneByOne();
  const ttlFrom = (time: number) => toTtl(bucketExpiry(time, retentionMs));
  return {
    /** Lets what this process does with a bucket go one after another. */
    inTurn: <T>(of: BucketKey, work: () => Promise<T>): Promise<T> => inTurn(bucketPartition(of), work),

    /** The generation that is open, or the next to be. */
    async pointer(of: BucketKey): Promise<number> {
      return ((await table.get(pointerKey(of)))?.generation as number | undefined) ?? 0;
    },

    /** Never back: a pointer that is behind, since a closer died, jumps. */
    async pointTo(of: BucketKey, generation: number, now: number): Promise<void> {
      await table.update(pointerKey(of), {
        update: "SET #generation = :generation, #ttl = :ttl, #v = :v",
        when: "attribute_not_exists(pk) OR #generation < :generation",
        values: { generation, ttl: ttlFrom(now), v: 1 },
      });
    },

    /** Keeps the pointer of a generation that stays open for long. */
    async keepPointer(of: BucketKey, now: number): Promise<void> {
      const values = { ttl: ttlFrom(now) };
      await table.update(pointerKey(of), { update: "SET #ttl = :ttl", when: "attribute_exists(pk)", values });
    },

    async get(of: BucketKey, generation: number): Promise<StoredBucket | undefined> {
      const item = await table.get(bucketKey(of, generation));
      return item && toStored(item);
    },

    /** Writes a generation that nobody has written since it was read. False: look again. */
    async put(of: BucketKey, generation: number, seen: StoredBucket | undefined, next: StoredBucket): Promise<boolean> {
      const { latest, first, events, ...bucket } = next.bucket;
      const item = {
        ...bucketKey(of, generation),
        v: 1,
        ...bucket,
        first: JSON.stringify(first),
        latest: JSON.stringify(latest),
        ...(events && { events: JSON.stringify(events.map(({ id, at, ts }) => [id, at, ts])) }),
        ...(next.key !== undefined && { key: next.key }),
        rev: next.rev,
        ...(bucket.closedAt === undefined
          ? dueIndexKey(bucketRunId(of, of.bucket, generation, next.bucket), bucket.armedFor)
          : { ttl: ttlFrom(bucket.closedAt) }),
      };
      if (seen === undefined) return table.put(item, "attribute_not_exists(pk)");
      return table.put(item, "#rev = :rev", { rev: seen.rev });
    },
  };
};

export type BucketStore = ReturnType<typeof createBucketStore>;

function toStored({ pk, sk, v, ttl, gsi2pk, gsi2sk, rev, key, first, latest, events, ...rest }: Item): StoredBucket {
  const bucket = {
    ...rest,
    first: JSON.parse(first as string),
    latest: JSON.parse(latest as string),
    ...(events !== undefined && { events: (JSON.parse(events as string) as unknown[][]).map(toEvent) }),
  } as unknown as Bucket;
  return { bucket, rev: rev as number, ...(key !== undefined && { key: key as string }) };
}

const toEvent = ([id, at, ts]: readonly unknown[]) => ({ id, at, ts });
