import { EVENT_RETENTION_MS, type RunAddress, STATE_SLACK_MS } from "../../sdk/protocol/index.ts";
import type { ArrivedEvent, Bucket, BucketKind, EventRef } from "../engine/bucket.ts";
import type { BucketRef } from "../engine/types.ts";
import { type BucketKey, bucketKey, bucketPartition, headerKey, pointerKey, type RunKey, runEventsKey, runsIndexKey } from "./keys.ts";
import { oneByOne } from "./one-by-one.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** A generation as it was read, with the number of its writes so far. */
export interface StoredBucket {
  readonly bucket: Bucket;
  readonly rev: number;
  /** The key's value, for people. */
  readonly key?: string;
}

/** What stands in the place of the run that the event alone would have had. Write-once but for its generation. */
export interface Member extends RunAddress {
  readonly event: ArrivedEvent;
  readonly kind: BucketKind;
  readonly bucket: BucketRef;
  /** The key's value, for people. */
  readonly key?: string;
  readonly queuedAt: number;
}

/** Where the events of a run are stored, in their order. */
export interface RunEventList {
  readonly events: readonly EventRef[];
  readonly keptUntil: number;
}

/**
 * Debounce and batch: pointer, members, generations. Each method is one call; their order is in `router/bucket.ts` (PROTOCOLS.md §6).
 * An open generation has no expiry.
 */
export const createBucketStore = (table: Table, retentionMs: number) => {
  /** Longer than a message can come again, with all that it entails. */
  const keptMs = STATE_SLACK_MS + Math.max(retentionMs, EVENT_RETENTION_MS);
  const inTurn = oneByOne();
  const ttlFrom = (time: number) => toTtl(time + keptMs);
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
        ...(bucket.closedAt !== undefined && { ttl: ttlFrom(bucket.closedAt) }),
      };
      if (seen === undefined) return table.put(item, "attribute_not_exists(pk)");
      return table.put(item, "#rev = :rev", { rev: seen.rev });
    },

    /** The generation that an event belongs to, once it has been told; undefined: the event has a run of its own. */
    async join(member: Member): Promise<BucketRef | undefined> {
      if (await table.put(memberItem(member, ttlFrom(member.event.arrivedAt)), "attribute_not_exists(pk)"))
        return member.bucket;
      return bucketOf(await table.get(headerKey(member)));
    },

    /** Moves an event on from a generation that is closed. Returns where it belongs now: another delivery may have gone further. */
    async moveOn(run: RunKey, from: BucketRef): Promise<BucketRef | undefined> {
      const to = { ...from, generation: from.generation + 1 };
      const { applied } = await table.update(headerKey(run), {
        update: "SET #bucket = :to",
        when: "#bucket = :from",
        values: { from: JSON.stringify(from), to: JSON.stringify(to) },
      });
      return applied ? to : bucketOf(await table.get(headerKey(run)));
    },

    /** An event whose run it is has not been skipped: off the list of runs. */
    async unlist(run: RunKey): Promise<void> {
      await table.update(headerKey(run), {
        update: "REMOVE #gsi1pk, #gsi1sk",
        when: "attribute_exists(pk)",
      });
    },

    /** The events of a run that has several; undefined: it has but one. */
    async runEvents(run: RunKey): Promise<RunEventList | undefined> {
      const item = await table.get(runEventsKey(run));
      return item && { events: JSON.parse(item.events as string), keptUntil: (item.ttl as number) * 1_000 };
    },

    /** Keeps that list for a run that rests long. */
    async keepRunEvents(run: RunKey, until: number): Promise<void> {
      const values = { ttl: toTtl(until) };
      await table.update(runEventsKey(run), { update: "SET #ttl = :ttl", when: "attribute_exists(pk)", values });
    },

    /** The events of a run that has several: always the same ones, so writing them twice is harmless. */
    async putRunEvents(run: RunKey, events: readonly EventRef[], now: number): Promise<void> {
      const ids = JSON.stringify(events.map(({ id, at }) => ({ id, at })));
      await table.put({ ...runEventsKey(run), v: 1, events: ids, ttl: ttlFrom(now) });
    },
  };
};

export type BucketStore = ReturnType<typeof createBucketStore>;

const bucketOf = (item: Item | undefined): BucketRef | undefined =>
  item?.bucket === undefined ? undefined : (JSON.parse(item.bucket as string) as BucketRef);

/** Of a debounce it is listed, as the record of an event that started no run. */
function memberItem({ event, kind, bucket, key, ...run }: Member, ttl: number) {
  const { env, app, functionId, runId, queuedAt } = run;
  const isRecord = kind === "debounce";
  return {
    ...headerKey(run),
    ...{ v: 1, env, app, functionId, runId, status: "skipped", eventId: event.id, queuedAt },
    ...{ fence: 0, wakeSeq: 0, attempts: 0 },
    bucket: JSON.stringify(bucket),
    ...(isRecord && {
      ...runsIndexKey(run, new Date(queuedAt).toISOString().slice(0, 10)),
      skipped: JSON.stringify({ reason: "debounce", ...(key !== undefined && { key }) }),
    }),
    ttl,
  };
}

function toStored({ pk, sk, v, ttl, rev, key, first, latest, events, ...rest }: Item): StoredBucket {
  const bucket = {
    ...rest,
    first: JSON.parse(first as string),
    latest: JSON.parse(latest as string),
    ...(events !== undefined && { events: (JSON.parse(events as string) as unknown[][]).map(toEvent) }),
  } as unknown as Bucket;
  return { bucket, rev: rev as number, ...(key !== undefined && { key: key as string }) };
}

const toEvent = ([id, at, ts]: readonly unknown[]) => ({ id, at, ts });
