/**
 * Concurrency gates: who may enter, and whom a free slot is for (PROTOCOLS.md §5, with promises added; ARCHITECTURE.md says what was checked).
 *
 * G1. A slot is taken by its run's own worker only, under the run's lease, by one conditional write (L5).
 * G2. Whoever leaves hands on a message, and keeps the slot free for it for a while: a promise. Newcomers respect promises; slots are never
 *     taken for another. A promise that lapses, or is lost, costs order and time, never a slot.
 * G3. Nobody passes the queue: who finds others in line before him gets in line, and has the line move on.
 * G4. Get in line, then look whether it moves; leave, then look who is in line.
 * G5. Of two runs under two limits the earlier one does not wait for what the later one has only been promised. Each might else be promised
 *     what the other one needs, give up what it has, and so on for ever.
 */

/** A slot in use: until when at the latest, and the fence under which its run took it. */
export interface Slot {
  readonly until: number;
  readonly fence: number;
}

/** A free slot that a run in line has been sent a message for. `by`: who sent it. */
export interface Promised {
  readonly until: number;
  readonly by: string;
  /** Of a run under two limits: what it is sorted by. */
  readonly rank?: string;
}

/** A part of a gate's slots: one item, so that it stays small however high the limit is. */
export interface Shard {
  readonly holders: Readonly<Record<string, Slot>>;
  readonly promised: Readonly<Record<string, Promised>>;
}

/** A gate as it was read. */
export interface Gate {
  /** By number; a shard that nobody has used yet is absent. */
  readonly shards: ReadonlyMap<number, Shard>;
  /** Nobody enters before that: a step has asked for it (`Backoff`). */
  readonly heldUntil?: number;
}

export interface Entrant {
  readonly runId: string;
  /** Slots of the whole gate, today. */
  readonly limit: number;
  /** Whether runs are in line before this one that have not been promised a slot. */
  readonly behind: boolean;
  readonly now: number;
  /** Of a run under two limits: what it is sorted by. */
  readonly rank?: string | undefined;
}

export type Entry = { readonly kind: "full" } | Opening;

/** A shard with a slot for a run. */
export interface Opening {
  readonly kind: "room";
  readonly shard: number;
  /** A slot that it holds already, one that it has been promised, or one that is free for anybody. */
  readonly as: "own" | "promised" | "new";
  /** Nobody has used the shard yet. */
  readonly unused: boolean;
  /** How many may hold this shard, and how many did when it was looked at. */
  readonly share: number;
  readonly held: number;
  /** How many slots of it others had been promised when it was looked at, and how many of these are not for this run. */
  readonly promises: number;
  readonly reserved: number;
  readonly dead: Dead;
}

/** Slots of others in a shard, and promises whosever, whose time is over. */
export interface Dead {
  readonly holders: Readonly<Record<string, Slot>>;
  readonly promised: Readonly<Record<string, Promised>>;
}

/** Slots in one item. More would make it larger than the 1 KB that a write unit pays for. */
const SHARD_SLOTS = 8;

/**
 * A slot whose time is over is its run's until another takes it, which nobody does in a shard beyond a lowered limit. There it counts for so
 * much longer, in milliseconds: a run that has not come back by then has been lost, and must not close the gate for good.
 */
const FORGOTTEN_MS = 60 * 60_000;

export const EMPTY_SHARD: Shard = { holders: {}, promised: {} };

/** How many of `limit` slots are in shard `index`. They are filled up one after the other, so that a higher limit shrinks none. */
export const shareOf = (limit: number, index: number): number =>
  Math.max(0, Math.min(SHARD_SLOTS, limit - SHARD_SLOTS * index));

/** Where a run may enter, if it may. */
export function entryFor(gate: Gate, entrant: Entrant): Entry {
  const { runId, now } = entrant;
  const own = find(gate, ({ holders }) => runId in holders);
  if (own !== undefined) return openingIn(gate, own, "own", entrant, 0);
  if ((gate.heldUntil ?? 0) > now) return { kind: "full" };
  const promise = find(gate, ({ promised }) => isLive(promised[runId], now));
  const rooms = roomsOf(gate, entrant);
  if (promise !== undefined) {
    const room = rooms.find(({ shard }) => shard === promise);
    return room !== undefined && room.held < room.share
      ? openingIn(gate, promise, "promised", entrant, room.share)
      : FULL;
  }
  const open = rooms.filter(({ free }) => free > 0);
  if (entrant.behind || open.length === 0) return FULL;
  const room = open[startOf(runId, open.length)] as Room;
  return openingIn(gate, room.shard, "new", entrant, room.share);
}

const FULL: Entry = { kind: "full" };

/** The slot that a run has been promised, as its message says. */
export const promisedIn = (shard: number, limit: number): Opening => ({
  ...{
    kind: "room",
    shard,
    as: "promised",
    unused: false,
    share: shareOf(limit, shard),
    held: 0,
    promises: 0,
    reserved: 0,
  },
  dead: { holders: {}, promised: {} },
});

/** Someone in line: his place, and the limit under which he goes. */
export interface Waiting {
  readonly runId: string;
  readonly limit: number;
  readonly rank?: string;
}

export interface Handover {
  readonly runId: string;
  readonly rank?: string;
  readonly shard: number;
  /** The promise was given before, by the same; its message may not have been sent. */
  readonly again?: true;
  /** There is an older promise that has lapsed. */
  readonly lapsed?: true;
  /** Nobody has used the shard yet. */
  readonly unused?: true;
}

/**
 * To whom a run that leaves hands its own slot on, with others that are free beside it, and whom it had promised one before. What is promised
 * in one shard another does not see: so that those who leave together do not all choose the first in line, each then chooses among the first
 * ones by its own id.
 */
export function successorsOf(
  gate: Gate,
  line: readonly Waiting[],
  { runId, shard, now }: { readonly runId: string; readonly shard: number; readonly now: number },
): readonly Handover[] {
  const [first] = line;
  const from = first === undefined || first.limit <= SHARD_SLOTS ? 0 : startOf(runId, line.length);
  const turned = [...line.slice(from), ...line.slice(0, from)];
  return handoversOf(gate, turned, { by: runId, now, leaving: runId }, shard).filter((one) => one.shard === shard);
}

/**
 * After a slot was given up in the only shard of a gate, and the one that it was meant for has been promised another meanwhile: whom it is
 * for now. Those who leave together see the free slots grow one by one, so each takes the one in line at that place. "none": all slots
 * are taken or kept. Undefined: look anew.
 */
export function successorAfter(
  shard: Shard,
  line: readonly Waiting[],
  now: number,
): { readonly next: Handover | "none" } | undefined {
  const limit = line[0]?.limit;
  if (limit === undefined || limit > SHARD_SLOTS) return undefined;
  const live = [...Object.values(shard.holders), ...Object.values(shard.promised)].filter((one) => isLive(one, now));
  const free = limit - live.length;
  if (free <= 0) return { next: "none" };
  const one = line.filter(({ runId }) => !(runId in shard.promised) && !(runId in shard.holders))[free - 1];
  return one && { next: { runId: one.runId, shard: 0, ...(one.rank !== undefined && { rank: one.rank }) } };
}

interface Giver {
  readonly by: string;
  readonly now: number;
  /** Whose slot is about to be free. */
  readonly leaving?: string;
}

/** Whom the free slots are for, in the order of the line; those of one shard, or of all. */
export function handoversOf(
  gate: Gate,
  line: readonly Waiting[],
  { by, now, leaving }: Giver,
  only?: number,
): readonly Handover[] {
  if ((gate.heldUntil ?? 0) > now) return [];
  const handovers: Handover[] = [];
  const given = new Map<number, number>();
  let isFull = false;
  for (const { runId, limit, ...rank } of line) {
    const promise = find(gate, ({ promised }) => isLive(promised[runId], now));
    if (promise !== undefined) {
      if (gate.shards.get(promise)?.promised[runId]?.by === by) handovers.push({ runId, shard: promise, again: true });
      continue;
    }
    const rooms: readonly Room[] = isFull ? [] : roomsOf(gate, { limit, now, leaving });
    const room: Room | undefined = rooms.find(
      ({ shard, free }) => free > (given.get(shard) ?? 0) && shard === (only ?? shard),
    );
    // Nobody passes him; but who has been promised a slot by us before he came is still to be told.
    isFull = room === undefined;
    if (room === undefined) continue;
    given.set(room.shard, (given.get(room.shard) ?? 0) + 1);
    const shard = gate.shards.get(room.shard);
    const lapsed = shard?.promised[runId] !== undefined;
    const unused = shard === undefined;
    handovers.push({ runId, ...rank, shard: room.shard, ...(lapsed && { lapsed }), ...(unused && { unused }) });
  }
  return handovers;
}

/** Runs that hold a slot now. */
export const holdersOf = (gate: Gate, now: number): readonly string[] =>
  [...gate.shards.values()].flatMap(({ holders }) => Object.keys(holders).filter((id) => isLive(holders[id], now)));

export const isPromised = (gate: Gate, runId: string, now: number): boolean =>
  find(gate, ({ promised }) => isLive(promised[runId], now)) !== undefined;

/** Where a run has been promised slots, be they lapsed: more than one if several have chosen it. */
export const shardsPromisedTo = (gate: Gate, runId: string): readonly number[] =>
  [...gate.shards].flatMap(([index, { promised }]) => (runId in promised ? [index] : []));

/** The shard in which a run holds a slot. */
export const shardHeldBy = (gate: Gate, runId: string): number | undefined =>
  find(gate, ({ holders }) => runId in holders);

interface Asking {
  readonly limit: number;
  readonly now: number;
  readonly leaving?: string | undefined;
  readonly rank?: string | undefined;
}

interface Room {
  readonly shard: number;
  readonly share: number;
  readonly held: number;
  readonly free: number;
}

/**
 * The shards of a gate with `limit` slots. A limit that was lowered leaves shards with more holders than slots. Until they have gone, only
 * shard 0 is open, for what is left beside all others: nobody enters those but who has been promised it, so an older look errs on the
 * safe side.
 */
function roomsOf(gate: Gate, { limit, now, leaving, rank }: Asking): readonly Room[] {
  const sizes = [...gate.shards].map(([index, shard]) => ({
    index,
    share: shareOf(limit, index),
    ...sizeOf(shard, now),
  }));
  const isLowered = sizes.some(({ size, share }) => size > share);
  const others = sizes
    .filter(({ index }) => index > 0)
    .reduce((sum, { size, share, promises }) => sum + Math.max(size, Math.min(share, size + promises)), 0);
  const shares = isLowered
    ? [Math.min(shareOf(limit, 0), limit - others)]
    : Array.from({ length: Math.ceil(limit / SHARD_SLOTS) }, (_, index) => shareOf(limit, index));
  return shares.map((share, index) => {
    const { holders, promised } = gate.shards.get(index) ?? EMPTY_SHARD;
    const held = Object.keys(holders).filter((id) => id !== leaving && isLive(holders[id], now)).length;
    const reserved = Object.values(promised).filter((promise) => isReserved(promise, rank, now)).length;
    return { shard: index, share, held, free: share - held - reserved };
  });
}

/** How many a shard has, and how many more it may be about to have. */
function sizeOf({ holders, promised }: Shard, now: number) {
  const size = Object.values(holders).filter(({ until }) => until + FORGOTTEN_MS > now).length;
  return { size, promises: Object.values(promised).filter((promise) => isLive(promise, now)).length };
}

/** Whether what somebody has been promised is not for a run of that rank (G5). */
const isReserved = (promise: Promised, rank: string | undefined, now: number): boolean =>
  isLive(promise, now) && (rank === undefined || promise.rank === undefined || promise.rank < rank);

function openingIn(gate: Gate, shard: number, as: Opening["as"], entrant: Entrant, share: number): Opening {
  const { runId, now, rank } = entrant;
  const found = gate.shards.get(shard);
  const { holders, promised } = found ?? EMPTY_SHARD;
  const dead = <T extends { readonly until: number }>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([, one]) => !isLive(one, now)));
  const { [runId]: _, ...others } = holders;
  const { [runId]: __, ...toOthers } = promised;
  const live = Object.values(toOthers).filter((promise) => isLive(promise, now));
  const reserved = live.filter((promise) => isReserved(promise, rank, now)).length;
  const gone: Dead = { holders: dead(others), promised: dead(promised) };
  const held = Object.keys(holders).length - Object.keys(gone.holders).length;
  return {
    kind: "room",
    shard,
    as,
    unused: found === undefined,
    share,
    held,
    promises: live.length,
    reserved,
    dead: gone,
  };
}

const isLive = (one: { readonly until: number } | undefined, now: number): boolean =>
  one !== undefined && one.until > now;

function find(gate: Gate, test: (shard: Shard) => boolean): number | undefined {
  return [...gate.shards].find(([, shard]) => test(shard))?.[0];
}

/** Newcomers spread over the open shards, each by its own id. */
const startOf = (runId: string, count: number): number => runId.charCodeAt(runId.length - 1) % count;
