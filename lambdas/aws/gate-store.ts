import type { GateRef } from "../../sdk/protocol/index.ts";
import type { Dead, Gate, Handover, Opening, Promised, Shard, Slot } from "../engine/gate.ts";
import { type AppKey, heldKey, shardKey, slotsPartition } from "./keys.ts";
import { type Item, type Table, toTtl, type Update } from "./table.ts";

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
  readonly to: readonly Handover[];
}

/** Slots that nobody has used for so long are forgotten by DynamoDB. In milliseconds. */
const SLOTS_TTL_MS = 7 * 86_400_000;

/** The slots of concurrency gates, and promises of them. Each method is one call; what is meant by it, and in which order, is in `engine/gate.ts`. */
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

  /** Takes a slot, or renews the run's own. Undefined: look again. Else the shard as it is now. */
  async take(app: AppKey, gate: GateRef, taking: Taking): Promise<Shard | undefined> {
    const written = await table.update(shardKey(app, gate, taking.opening.shard), takeWrite(taking));
    return written.applied ? (written.item as unknown as Shard) : undefined;
  },

  /** Promises a newcomer the slot that was seen to be free. False: look again. */
  async offer(app: AppKey, gate: GateRef, runId: string, opening: Opening, promise: Promised): Promise<boolean> {
    const { applied } = await table.update(shardKey(app, gate, opening.shard), offerWrite(runId, opening, promise));
    return applied;
  },

  /**
   * Gives a slot up. Promises that another has given meanwhile stay his. Undefined: the slot is another's, or a promise that had lapsed
   * was renewed. Else the shard as it is now.
   */
  async leave(app: AppKey, gate: GateRef, leaving: Leaving, promise: Promised): Promise<Shard | undefined> {
    const { shard, runId, fence, to } = leaving;
    const owned = fence === undefined ? "attribute_exists(#holders)" : `#holders.#${runId}.#fence = :fence`;
    const { set, when, values } = promising(to, promise);
    const written = await table.update(shardKey(app, gate, shard), {
      update: `${set} REMOVE #holders.#${runId}, #promised.#${runId}`,
      when: [owned, ...when].join(" AND "),
      values: { fence, ...values },
      returns: "ALL_NEW",
    });
    return written.applied ? (written.item as unknown as Shard) : undefined;
  },

  /** Promises slots of a shard, but for what another has promised meanwhile. Undefined: look again. Else the shard as it is now. */
  async promise(
    app: AppKey,
    gate: GateRef,
    shard: number,
    to: readonly Handover[],
    promise: Promised,
  ): Promise<Shard | undefined> {
    const key = shardKey(app, gate, shard);
    const isUnused = to.some(({ unused }) => unused);
    const promised = Object.fromEntries(
      to.map(({ runId, rank }) => [runId, rank === undefined ? promise : { ...promise, rank }]),
    );
    const { set, when, values } = promising(to, promise);
    const written = await table.update(
      key,
      isUnused
        ? unusedWrite({ holders: {}, promised }, promise.until)
        : { update: set, when: ["attribute_exists(#holders)", ...when].join(" AND "), values, returns: "ALL_NEW" },
    );
    return written.applied ? (written.item as unknown as Shard) : undefined;
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

/**
 * Lapsed promises that one write takes away: while nobody answers the messages of a line, a gate gathers more and more of them, and an
 * expression of DynamoDB has 4 KB.
 */
const PROMISES_REMOVED_MAX = 24;

function takeWrite({ runId, slot, opening }: Taking): Update {
  const ttl = toTtl(slot.until + SLOTS_TTL_MS);
  if (opening.unused) return unusedWrite({ holders: { [runId]: slot }, promised: {} }, slot.until);
  const gone = goneOf(opening.dead);
  const { when, values } = mayTake(runId, slot, opening);
  // Its own promise may be among them.
  const removed = [...new Set([`#promised.#${runId}`, ...gone.map(({ path }) => path)])];
  return {
    update: `SET #holders.#${runId} = :slot, #ttl = :ttl REMOVE ${removed.join(", ")}`,
    when: [when, ...stillGone(gone)].join(" AND "),
    values: { slot, ttl, ...values, ...valuesOf(gone) },
    returns: "ALL_NEW",
  };
}

function offerWrite(runId: string, { unused, dead, held, promises }: Opening, promise: Promised): Update {
  if (unused) return unusedWrite({ promised: { [runId]: promise }, holders: {} }, promise.until);
  const gone = goneOf(dead);
  const absent = `attribute_not_exists(#holders.#${runId}) AND attribute_not_exists(#promised.#${runId})`;
  const removed = gone.map(({ path }) => path);
  return {
    update: `SET #promised.#${runId} = :promise${removed.length > 0 ? ` REMOVE ${removed.join(", ")}` : ""}`,
    when: [`${absent} AND size(#holders) <= :held AND size(#promised) <= :promises`, ...stillGone(gone)].join(" AND "),
    values: {
      promise,
      held: held + Object.keys(dead.holders).length,
      promises: promises + Object.keys(dead.promised).length,
      ...valuesOf(gone),
    },
  };
}

/** The first use of a shard. */
function unusedWrite(shard: Shard, until: number): Update {
  const values = { v: 1, ...shard, ttl: toTtl(until + SLOTS_TTL_MS) };
  return {
    update: "SET #v = :v, #holders = :holders, #promised = :promised, #ttl = :ttl",
    when: ABSENT,
    values,
    returns: "ALL_NEW",
  };
}

interface Gone {
  readonly path: string;
  readonly until: number;
}

/** They still are gone: what has been renewed since ends later than all of them. Not compared as maps, which the embedded store cannot. */
const stillGone = (gone: readonly Gone[]): string[] => gone.map(({ path }) => `${path}.#until <= :gone`);
const valuesOf = (gone: readonly Gone[]): Item =>
  gone.length === 0 ? {} : { gone: Math.max(...gone.map(({ until }) => until)) };

/** What of the dead is taken away with a write. Of promises no more than an expression can name; those that are left do no harm. */
function goneOf({ holders, promised }: Dead): readonly Gone[] {
  const slots = Object.entries(holders).map(([id, { until }]) => ({ path: `#holders.#${id}`, until }));
  const promises = Object.entries(promised).map(([id, { until }]) => ({ path: `#promised.#${id}`, until }));
  return [...slots, ...promises.slice(0, PROMISES_REMOVED_MAX)];
}

/** The condition under which an opening may still be used. What is removed by the same write counts until then. */
function mayTake(
  runId: string,
  { fence }: Slot,
  { as, share, promises, reserved, dead }: Opening,
): { when: string; values: Item } {
  const holder = `#holders.#${runId}`;
  if (as === "own") return { when: `${holder}.#fence <= :fence`, values: { fence } };
  const most = share + Object.keys(dead.holders).length;
  if (as === "promised") {
    const when = `attribute_not_exists(${holder}) AND attribute_exists(#promised.#${runId}) AND size(#holders) < :most`;
    return { when, values: { most } };
  }
  const when = `attribute_not_exists(${holder}) AND size(#holders) < :most AND size(#promised) <= :promises`;
  return { when, values: { most: most - reserved, promises: promises + Object.keys(dead.promised).length } };
}

/** What is not promised yet is promised; what had lapsed only if it still has. */
function promising(to: readonly Handover[], promise: Promised): { set: string; when: readonly string[]; values: Item } {
  const sets = to.map(({ runId, lapsed }, i) => {
    const path = `#promised.#${runId}`;
    return `${path} = ${lapsed ? `:promise${i}` : `if_not_exists(${path}, :promise${i})`}`;
  });
  const lapsed = to.filter((one) => one.lapsed);
  const promises = to.map(({ rank }, i) => [`promise${i}`, rank === undefined ? promise : { ...promise, rank }]);
  return {
    set: sets.length === 0 ? "" : `SET ${sets.join(", ")}`,
    when: lapsed.map(({ runId }) => `#promised.#${runId}.#until <= :now`),
    values: { ...Object.fromEntries(promises), ...(lapsed.length > 0 && { now: promise.until - PROMISE_MS }) },
  };
}
