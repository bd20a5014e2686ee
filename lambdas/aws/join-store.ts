import { STATE_SLACK_MS } from "../../sdk/protocol/index.ts";
import { joinKey, type RunKey } from "./keys.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** The steps of a run that are in invocations of their own. */
export interface Join {
  /** Keys of those that have not left it. */
  readonly pending: ReadonlySet<string>;
  /** The fence of the holder who wrote it last. */
  readonly fence: number;
  /** Another one after each change, a step's leaving too. */
  readonly rev: number;
}

/** Joins: a set and not a counter, so that a step which leaves twice has left once (PROTOCOLS.md, P6). */
export const createJoinStore = (table: Table, retentionMs: number, now: () => number) => ({
  async get(run: RunKey): Promise<Join | undefined> {
    const item = await table.get(joinKey(run));
    return item && { pending: pendingOf(item), fence: item.fence as number, rev: item.rev as number };
  },

  /** Writes who is in it. False: it is not as it was `seen` any more, or the reply to this very write was lost. */
  async write(run: RunKey, { pending, fence }: Omit<Join, "rev">, seen: Join | undefined): Promise<boolean> {
    const ttl = toTtl(now() + STATE_SLACK_MS + retentionMs);
    const item = { ...joinKey(run), v: 1, pending: new Set(pending), fence, rev: (seen?.rev ?? 0) + 1, ttl };
    return seen === undefined
      ? table.put(item, "attribute_not_exists(pk)")
      : table.put(item, "#rev = :seen", { seen: seen.rev });
  },

  /** Takes a step out of it, however often. Returns how many are left; undefined: there is no join. */
  async leave(run: RunKey, key: string): Promise<number | undefined> {
    const written = await table.update(joinKey(run), {
      update: "SET #rev = #rev + :one DELETE #pending :left",
      when: "attribute_exists(pk)",
      values: { one: 1, left: new Set([key]) },
      returns: "ALL_NEW",
    });
    return written.applied ? pendingOf(written.item).size : undefined;
  },
});

/** An empty set is no attribute at all. */
const pendingOf = ({ pending }: Item): ReadonlySet<string> => (pending as Set<string> | undefined) ?? new Set();
