import { EVENT_DEDUPE_MS, EVENT_RETENTION_MS, type StoredEvent } from "../../sdk/protocol/index.ts";
import { eventKey } from "./keys.ts";
import type { Item, Table } from "./table.ts";

/** Events, each stored once and shared by all its runs. */
export const createEventStore = (table: Table) => ({
  /**
   * Stores an event and returns the one that counts: an id that was accepted less than a day of bus time ago keeps its first event
   * and its first time, so that a repeat leads to the same runs (PROTOCOLS.md §3).
   */
  async put(event: StoredEvent): Promise<StoredEvent> {
    const fresh = { oldest: event.at - EVENT_DEDUPE_MS };
    const applied = await table.put(toItem(event), "attribute_not_exists(pk) OR #at <= :oldest", fresh);
    return applied ? event : ((await this.get(event.env, event.id)) ?? event);
  },

  async get(env: string, id: string): Promise<StoredEvent | undefined> {
    const item = await table.get(eventKey(env, id));
    return item && toEvent(item);
  },

  /** Keeps an event that a live run still needs at `until`. */
  async keepUntil(env: string, id: string, until: number): Promise<void> {
    const ttl = expiry(until);
    await table.update(eventKey(env, id), {
      update: "SET #ttl = :ttl",
      when: "attribute_exists(pk) AND #ttl < :ttl",
      values: { ttl },
    });
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
