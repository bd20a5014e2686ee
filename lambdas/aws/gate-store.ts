import type { GateRef, RunAddress } from "../../sdk/protocol/index.ts";
import type { Gate, Opening, Promised, Shard, Slot } from "../engine/gate.ts";
import { type AppKey, entryKey, heldKey, lineEnd, lineOf, linePrefix, shardKey, slotsPartition } from "./keys.ts";
import { type Item, type Table, toTtl, type Update } from "./table.ts";

/** A run in line before a gate. */
export interface LineEntry extends RunAddress {
  readonly gate: GateRef;
  readonly order: string;
  /** A new one each time the run gets in line: only what was seen is taken out. */
  readonly nonce: string;
  /** The limit as the run's app had it then: for others, who do not know it better. */
  readonly limit: number;
  /** Since when it stands here, in milliseconds. */
  readonly since: number;
}

export interface Taking {
  readonly runId: string;
  readonly slot: Slot;
  readonly opening: Opening;
}

/** A slot that is given up, and the runs that are promised one of this shard in the same write. */
export interface Leaving {
  readonly shard: number;
  readonly runId: string;
  /** Only a slot under this fence; after the run's end anybody may. */
  readonly fence?: number;
  readonly to: readonly string[];
}

/** Slots that nobody has used for so long are forgotten by DynamoDB. In milliseconds. */
const SLOTS_TTL_MS = 7 * 86_400_000;
/** Entries of a line that are read at once: as many as one hand-over may need. */
const LINE_READ = 10;

/** Concurrency gates: slots, promises and lines. Each method is one call; what is meant by it, and in which order, is in `engine/gate.ts`. */
export const createGateStore = (table: Table) => ({
  async read(app: AppKey, gate: GateRef): Promise<Gate> {
    const shards = new Map<number, Shard>();
    let heldUntil: number | undefined;
    for await (const item of table.query(slotsPartition(app, gate))) {
      const [kind, number] = (item.sk as string).split("#");
      if (kind === "held") heldUntil = item.until as number;
      else shards.set(Number(number), item as unknown as Shard);
    }
    return { shards, ...(heldUntil !== undefined && { heldUntil }) };
  },

  /** Takes a slot, or renews the run's own. False: look again. */
  async take(app: AppKey, gate: GateRef, taking: Taking): Promise<boolean> {
    const { applied } = await table.update(shardKey(app, gate, taking.opening.shard), takeWrite(taking));
    return applied;
  },

  /** Gives a slot up. Undefined: it was another's, or one of the runs has been promised a slot meanwhile. Else the shard as it is now. */
  async leave(app: AppKey, gate: GateRef, leaving: Leaving, promise: Promised): Promise<Shard | undefined> {
    const { shard, runId, fence, to } = leaving;
    const owned = fence === undefined ? "attribute_exists(#holders)" : `#holders.#${runId}.#fence = :fence`;
    const written = await table.update(shardKey(app, gate, shard), {
      update: `${promises(to)} REMOVE #holders.#${runId}, #promised.#${runId}`,
      when: [owned, ...to.map(unpromised)].join(" AND "),
      values: { fence, ...(to.length > 0 && { promise, now: promise.until - PROMISE_MS }) },
      returns: "ALL_NEW",
    });
    return written.applied ? (written.item as unknown as Shard) : undefined;
  },

  /** Promises slots of a shard. False: another has promised one of these runs something meanwhile. */
  async promise(app: AppKey, gate: GateRef, shard: number, to: readonly string[], promise: Promised): Promise<boolean> {
    const key = shardKey(app, gate, shard);
    const values = { promise, now: promise.until - PROMISE_MS };
    const when = ["attribute_exists(#holders)", ...to.map(unpromised)].join(" AND ");
    const { applied } = await table.update(key, { update: promises(to), when, values });
    if (applied) return true;
    const promised = Object.fromEntries(to.map((runId) => [runId, promise]));
    return table.put({ ...key, v: 1, holders: {}, promised, ttl: toTtl(promise.until + SLOTS_TTL_MS) }, ABSENT);
  },

  /** Takes promises back: those of `by`, or whosever. */
  async takeBack(app: AppKey, gate: GateRef, shard: number, runIds: readonly string[], by?: string): Promise<void> {
    await table.update(shardKey(app, gate, shard), {
      update: `REMOVE ${runIds.map((id) => `#promised.#${id}`).join(", ")}`,
      when:
        by === undefined
          ? "attribute_exists(#holders)"
          : runIds.map((id) => `#promised.#${id}.#by = :by`).join(" AND "),
      values: { by },
    });
  },

  /** Puts a run in line; where it stands already it gets a new nonce. */
  async enqueue({ gate, order, ...entry }: LineEntry): Promise<void> {
    await table.put({
      ...entryKey(entry, gate, order, entry.runId),
      v: 1,
      ...entry,
      order,
      gate: JSON.stringify(gate),
    });
  },

  /** The first ones in line. */
  async line(app: AppKey, gate: GateRef): Promise<readonly LineEntry[]> {
    const { pk, prefix } = lineOf(app, gate);
    return (await table.first(pk, prefix, LINE_READ)).map(toEntry);
  },

  /** Takes a run out of the line, unless it has got in line again since. */
  async dequeue({ gate, order, ...entry }: LineEntry): Promise<void> {
    await table.deleteIf(entryKey(entry, gate, order, entry.runId), "#nonce = :nonce", { nonce: entry.nonce });
  },

  /** Takes a run that has ended out of the line. */
  async drop(run: RunAddress, gate: GateRef, order: string): Promise<void> {
    await table.delete(entryKey(run, gate, order, run.runId));
  },

  /** How many are in line before a run; undefined when it is not in line itself. Counted up to some thousands. */
  async ahead(run: RunAddress, gate: GateRef, order: string): Promise<number | undefined> {
    const { pk, sk } = entryKey(run, gate, order, run.runId);
    if ((await table.get({ pk, sk })) === undefined) return undefined;
    return (await table.count(pk, linePrefix(gate.id), sk)) - 1;
  },

  /** Whoever is first in line before the next gate of a backlog, after the gate `after`. */
  async nextInBacklog(backlog: string, after: string | undefined): Promise<LineEntry | undefined> {
    const item = await table.next(backlog, after === undefined ? " " : lineEnd(after));
    return item && toEntry(item);
  },

  /** Lets nobody in before `until`; a later time that is there already stays. */
  async hold(app: AppKey, gate: GateRef, until: number): Promise<void> {
    await table.update(heldKey(app, gate), {
      update: "SET #until = :until, #ttl = :ttl",
      when: "attribute_not_exists(#until) OR #until < :until",
      values: { until, ttl: toTtl(until + SLOTS_TTL_MS) },
    });
  },
});

export type GateStore = ReturnType<typeof createGateStore>;

/** How long a slot is kept free for a run that has been sent its message, in milliseconds. */
export const PROMISE_MS = 30_000;

const ABSENT = "attribute_not_exists(pk)";

function takeWrite({ runId, slot, opening }: Taking): Update {
  const ttl = toTtl(slot.until + SLOTS_TTL_MS);
  if (opening.unused) {
    const values = { v: 1, holders: { [runId]: slot }, promised: {}, ttl };
    return { update: "SET #v = :v, #holders = :holders, #promised = :promised, #ttl = :ttl", when: ABSENT, values };
  }
  const gone = [...goneOf("holders", opening.dead.holders), ...goneOf("promised", opening.dead.promised)];
  const { when, values } = mayTake(runId, slot, opening);
  const removed = [`#promised.#${runId}`, ...gone.map(({ path }) => path)];
  return {
    update: `SET #holders.#${runId} = :slot, #ttl = :ttl REMOVE ${removed.join(", ")}`,
    when: [when, ...gone.map(({ path }, i) => `${path} = :gone${i}`)].join(" AND "),
    values: { slot, ttl, ...values, ...Object.fromEntries(gone.map(({ seen }, i) => [`gone${i}`, seen])) },
  };
}

const goneOf = (map: "holders" | "promised", dead: Readonly<Record<string, Slot | Promised>>) =>
  Object.entries(dead).map(([id, seen]) => ({ path: `#${map}.#${id}`, seen }));

/** The condition under which an opening may still be used. What is removed by the same write counts until then. */
function mayTake(
  runId: string,
  { fence }: Slot,
  { as, share, promises, dead }: Opening,
): { when: string; values: Item } {
  const holder = `#holders.#${runId}`;
  if (as === "own") return { when: `${holder}.#fence <= :fence`, values: { fence } };
  const most = share + Object.keys(dead.holders).length;
  if (as === "promised") {
    const when = `attribute_not_exists(${holder}) AND attribute_exists(#promised.#${runId}) AND size(#holders) < :most`;
    return { when, values: { most } };
  }
  const when = `attribute_not_exists(${holder}) AND size(#holders) < :most AND size(#promised) <= :promises`;
  return { when, values: { most: most - promises, promises: promises + Object.keys(dead.promised).length } };
}

const promises = (to: readonly string[]): string =>
  to.length === 0 ? "" : `SET ${to.map((runId) => `#promised.#${runId} = :promise`).join(", ")}`;

const unpromised = (runId: string): string =>
  `(attribute_not_exists(#promised.#${runId}) OR #promised.#${runId}.#until <= :now)`;

const toEntry = ({ pk, sk, v, gate, ...rest }: Item): LineEntry =>
  ({ ...rest, gate: JSON.parse(gate as string) }) as unknown as LineEntry;
