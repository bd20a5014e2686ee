import type { Lock } from "../engine/locks.ts";
import type { Item, Key, Table } from "./table.ts";
import { toTtl } from "./table.ts";

/** Locks on keys, each owned by a run. What they mean is decided in `engine/locks.ts`, from what is read. */
export const createLockStore = (table: Table) => ({
  async get(key: Key): Promise<Lock | undefined> {
    const item = await table.get(key);
    return item && toLock(item);
  },

  /**
   * Takes a lock that is as it was seen. False: look again; it may be ours.
   *
   * @param until when DynamoDB may forget it, in milliseconds; undefined: never, its owner gives it back
   */
  async take(key: Key, lock: Lock, seen: Lock | undefined, until?: number): Promise<boolean> {
    const item = { ...key, v: 1, ...lock, ...(until !== undefined && { ttl: toTtl(until) }) };
    if (seen === undefined) return table.put(item, "attribute_not_exists(pk)");
    return table.put(item, "#runId = :runId AND #at = :at", { runId: seen.runId, at: seen.at });
  },

  /** Gives a lock back, if it is still the run's. */
  async release(key: Key, runId: string): Promise<void> {
    await table.deleteIf(key, "#runId = :runId", { runId });
  },
});

export type LockStore = ReturnType<typeof createLockStore>;

const toLock = ({ runId, at }: Item): Lock => ({ runId, at }) as Lock;
