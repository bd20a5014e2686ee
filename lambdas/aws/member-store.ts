import type { RunAddress } from "../../sdk/protocol/index.ts";
import type { ArrivedEvent, BucketKind } from "../engine/bucket.ts";
import { bucketExpiry } from "../engine/retention.ts";
import type { BucketRef } from "../engine/types.ts";
import { headerKey, type RunKey, runsIndexKey } from "./keys.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** What stands in the place of the run that the event alone would have had. Write-once but for its generation. */
export interface Member extends RunAddress {
  readonly event: ArrivedEvent;
  readonly kind: BucketKind;
  readonly bucket: BucketRef;
  /** The key's value, for people. */
  readonly key?: string;
  readonly queuedAt: number;
}

/** Which debounce or batch an event went into (PROTOCOLS.md §6): without that, one that comes again would go into the next as well. */
export const createMemberStore = (table: Table, retentionMs: number) => ({
  /** The generation that an event belongs to, once it has been told; undefined: the event has a run of its own. */
  async join(member: Member): Promise<BucketRef | undefined> {
    if (
      await table.put(
        memberItem(member, toTtl(bucketExpiry(member.event.arrivedAt, retentionMs))),
        "attribute_not_exists(#eventId)",
      )
    )
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
});

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
