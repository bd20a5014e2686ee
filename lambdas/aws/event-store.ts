import { EVENT_DEDUPE_MS, EVENT_RETENTION_MS, type StoredEvent } from "../../sdk/protocol/index.ts";
import { eventKey, olderEventKey } from "./keys.ts";
import type { Item, Table } from "./table.ts";

/** Events, each stored once and shared by all its runs. */
export const createEventStore = (table: Table) => ({
  /**
   * Stores an event and returns the one that counts: an id that was accepted less than a day of bus time ago keeps its first event
   * and its first time, so that a repeat leads to the same runs (PROTOCOLS.md §3). Accepted again later, it opens a new time; the
   * event of before is set aside first, since its runs may still need it.
   */
  async put(event: StoredEvent): Promise<StoredEvent> {
    if (await table.put(toItem(event), "attribute_not_exists(pk)")) return event;
    const item = await table.get(eventKey(event.env, event.id));
    if (item === undefined) return this.put(event);
    const stored = toEvent(item);
    if (stored.at > event.at - EVENT_DEDUPE_MS) return stored;
    await table.put({ ...item, ...olderEventKey(event.env, event.id, stored.at) });
    const applied = await table.put(toItem(event), "#at = :before", { before: stored.at });
    return applied ? event : this.put(event);
  },

  /** The event of that id: the latest, or the one that was accepted at `at`. */
  async get(env: string, id: string, at?: number): Promise<StoredEvent | undefined> {
    const item = await table.get(eventKey(env, id));
    if (item === undefined || at === undefined || item.at === at) return item && toEvent(item);
    const older = await table.get(olderEventKey(env, id, at));
    return older && toEvent(older);
  },

  /** Keeps an event that a live run still needs at `until`. */
  async keepUntil({ env, id, at }: Pick<StoredEvent, "env" | "id" | "at">, until: number): Promise<void> {
    const ttl = expiry(until);
    const keep = { update: "SET #ttl = :ttl", when: "#at = :at AND #ttl < :ttl", values: { ttl, at } };
    const { applied } = await table.update(eventKey(env, id), keep);
    if (!applied) await table.update(olderEventKey(env, id, at), keep);
  },
});

export type EventStore = ReturnType<typeof createEventStore>;

/** DynamoDB's TTL attribute, in seconds. */
const expiry = (from: number) => Math.ceil((from + EVENT_RETENTION_MS) / 1_000);

function toItem(event: StoredEvent) {
  const { data, foreign, ...rest } = event;
  return {
    ...eventKey(event.env, event.id),
    ...rest,
    ...data,
    ...(foreign && { foreign: JSON.stringify(foreign) }),
    ttl: expiry(event.at),
  };
}

function toEvent({ pk, sk, ttl, json, s3, bytes, foreign, ...rest }: Item): StoredEvent {
  const data = s3 === undefined ? { json } : { s3, bytes };
  return {
    ...rest,
    data,
    ...(foreign !== undefined && { foreign: JSON.parse(foreign as string) }),
  } as unknown as StoredEvent;
}
