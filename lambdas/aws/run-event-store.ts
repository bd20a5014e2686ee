import type { EventRef } from "../engine/bucket.ts";
import { bucketExpiry } from "../engine/retention.ts";
import { type RunKey, runEventsKey } from "./keys.ts";
import { type Table, toTtl } from "./table.ts";

/** Where the events of a run are stored, in their order. */
export interface RunEventList {
  readonly events: readonly EventRef[];
  readonly keptUntil: number;
}

/** The events of runs that have several. */
export const createRunEventStore = (table: Table, retentionMs: number) => ({
  /** The events of a run that has several; undefined: it has but one. */
  async get(run: RunKey): Promise<RunEventList | undefined> {
    const item = await table.get(runEventsKey(run));
    return item && { events: JSON.parse(item.events as string), keptUntil: (item.ttl as number) * 1_000 };
  },

  /** Keeps that list for a run that rests long. */
  async keep(run: RunKey, until: number): Promise<void> {
    const values = { ttl: toTtl(until) };
    await table.update(runEventsKey(run), { update: "SET #ttl = :ttl", when: "attribute_exists(pk)", values });
  },

  /** The events of a run that has several: always the same ones, so writing them twice is harmless. */
  async put(run: RunKey, events: readonly EventRef[], now: number): Promise<void> {
    const ids = JSON.stringify(events.map(({ id, at }) => ({ id, at })));
    await table.put({ ...runEventsKey(run), v: 1, events: ids, ttl: toTtl(bucketExpiry(now, retentionMs)) });
  },
});
