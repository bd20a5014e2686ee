import { CONCURRENCY_MAX, type GateRef, type PromisedSlots, type RunMessage } from "../../sdk/protocol/index.ts";
import {
  type Gate,
  type Handover,
  handoversOf,
  type Promised,
  type Shard,
  shardHeldBy,
  shardsPromisedTo,
  successorAfter,
  successorsOf,
} from "../engine/gate.ts";
import { type GateStore, PROMISE_MS } from "./gate-store.ts";
import type { AppKey } from "./keys.ts";
import { type LineEntry, type LineStore, rankOf } from "./line-store.ts";

/** Who hands on, and what only he knows. */
export interface HandOver {
  readonly app: AppKey;
  readonly gate: GateRef;
  /** Whose promises these are: the same for every repeat of what is being done. */
  readonly by: string;
  readonly now: () => number;
  /** A limit as it is today; undefined: the function has it no more, and nobody is held up by it. */
  readonly limitOf: (entry: LineEntry) => number | undefined;
  /** Sends a run in line the message that its turn has come. */
  readonly send: (entry: LineEntry, message: RunMessage) => Promise<void>;
}

/** Where slots and lines are. */
export interface Gates {
  readonly gates: GateStore;
  readonly lines: LineStore;
}

export interface Departure {
  readonly runId: string;
  /** Only a slot under this fence; after the run's end anybody may give it up. */
  readonly fence?: number;
  /** Where the slot is, if that is known. */
  readonly shard?: number;
  /** Whether to look for somebody in line first, so that slot and promise change in one write. */
  readonly crowded: boolean;
}

/** Tries to find somebody for a slot by what its own writes have shown, before the gate and its line are read anew. */
const PASS_TRIES = 3;

/** Has the line before a gate move on, as far as there are slots. Returns the places of those that were sent their message. */
export async function pump({ gates, lines }: Gates, handOver: HandOver): Promise<readonly LineEntry[]> {
  const sent: LineEntry[] = [];
  for (;;) {
    const { app, gate, by, now } = handOver;
    const line = await lines.first(app, gate);
    if (line.length === 0) return sent;
    const handovers = handoversOf(await gates.read(app, gate), waiting(line, handOver), { by, now: now() });
    if (handovers.length === 0) return sent;
    const promised = await promiseAll(gates, handOver, handovers);
    await sendTurns(lines, handOver, line, promised);
    sent.push(...line.filter((entry) => promised.some(({ runId }) => runId === entry.runId)));
  }
}

/**
 * Gives up a slot: it is promised to the next in line by the same write, or else the line is looked at afterwards (G4). A repeat does no more
 * than what is left to do.
 */
export async function leaveGate(stores: Gates, handOver: HandOver, departure: Departure): Promise<void> {
  const { gates, lines } = stores;
  const { app, gate, by, now } = handOver;
  const { runId, fence, crowded } = departure;
  const line = crowded || departure.shard === undefined ? await lines.first(app, gate) : [];
  const state = line.length > 0 || departure.shard === undefined ? await gates.read(app, gate) : undefined;
  const shard = departure.shard ?? (state && shardHeldBy(state, runId));
  if (shard === undefined) {
    if (fence === undefined && state !== undefined) await giveBackPromises(gates, handOver, state, runId);
    return void (await pump(stores, handOver));
  }
  // An old entry of its own is left to the pump: whose slot is given up cannot be promised it by the same write.
  const others = line.filter((entry) => entry.runId !== runId);
  const next = state ? successorsOf(state, waiting(others, handOver), { runId, shard, now: now() }) : [];
  const leaving = { shard, runId, ...(fence !== undefined && { fence }) };
  const to = next.filter(({ again }) => again === undefined);
  const left = await gates.leave(app, gate, { ...leaving, to }, promiseOf(handOver));
  if (left === undefined && to.length > 0) await gates.leave(app, gate, { ...leaving, to: [] }, promiseOf(handOver));
  const successors = left === undefined ? [] : mine(next, left, by);
  await sendTurns(lines, handOver, line, successors);
  if (left !== undefined) await takeBackStale(gates, handOver, shard, left.promised, next);
  // Whoever has its slot now is the one to hand it on. An older promise is of another slot: whoever has got in line since may be for this one.
  const isTaken = successors.some(({ again }) => again === undefined);
  const isPassedOn = isTaken || (left !== undefined && (await passOn(stores, handOver, others, left)));
  if (!isPassedOn) await pump(stores, handOver);
}

/** Passes on a slot, when the one that it was meant for has been promised another meanwhile. False: look anew. */
async function passOn(
  { gates, lines }: Gates,
  handOver: HandOver,
  line: readonly LineEntry[],
  left: Shard,
): Promise<boolean> {
  const { app, gate, by, now } = handOver;
  for (let shard = left, tries = 0; tries < PASS_TRIES; tries++) {
    const after = successorAfter(shard, waiting(line, handOver), now());
    if (after === undefined || after.next === "none") return after !== undefined;
    const { next } = after;
    const become = await gates.promise(app, gate, next.shard, [next], promiseOf(handOver));
    if (become === undefined) return false;
    if (become.promised[next.runId]?.by === by) {
      await sendTurns(lines, handOver, line, [next]);
      return true;
    }
    shard = become;
  }
  return false;
}

/** A run that needs no slot gives back what it has been promised. */
export async function giveBackPromises(
  gates: GateStore,
  { app, gate }: Pick<HandOver, "app" | "gate">,
  state: Gate,
  runId: string,
): Promise<boolean> {
  const shards = shardsPromisedTo(state, runId);
  await Promise.all(shards.map((shard) => gates.takeBack(app, gate, shard, [runId])));
  return shards.length > 0;
}

/** Of those that were to be promised a slot, those that have it from us. */
const mine = (handovers: readonly Handover[], { promised }: Shard, by: string): readonly Handover[] =>
  handovers.filter(({ runId }) => promised[runId]?.by === by);

/** A promise of an earlier try to a run that is not in line any more keeps a slot free for nobody. */
async function takeBackStale(
  gates: GateStore,
  { app, gate, by }: HandOver,
  shard: number,
  promised: Readonly<Record<string, Promised>>,
  kept: readonly Handover[],
): Promise<void> {
  const stale = Object.keys(promised).filter(
    (runId) => promised[runId]?.by === by && !kept.some((one) => one.runId === runId),
  );
  if (stale.length > 0) await gates.takeBack(app, gate, shard, stale, by);
}

/** Those that have now been promised a slot, or had been before by the same. */
async function promiseAll(
  gates: GateStore,
  handOver: HandOver,
  handovers: readonly Handover[],
): Promise<readonly Handover[]> {
  const { app, gate } = handOver;
  const again = handovers.filter((one) => one.again);
  const fresh = Map.groupBy(
    handovers.filter((one) => !one.again),
    ({ shard }) => shard,
  );
  const promised = await Promise.all(
    [...fresh].map(async ([shard, group]) => {
      const now = await gates.promise(app, gate, shard, group, promiseOf(handOver));
      return now === undefined ? [] : mine(group, now, handOver.by);
    }),
  );
  return [...again, ...promised.flat()];
}

/** The message first, then out of the line: the other way round a crash between them loses the run. */
async function sendTurns(
  lines: LineStore,
  { send, gate }: HandOver,
  line: readonly LineEntry[],
  handovers: readonly Handover[],
): Promise<void> {
  await Promise.all(
    line.map(async (entry) => {
      const handover = handovers.find(({ runId }) => runId === entry.runId);
      if (handover === undefined) return;
      await send(entry, turnMessage(entry, { [gate.id]: handover.shard }));
      await lines.dequeue(entry);
    }),
  );
}

/** Tells a run in line that its turn has come. */
const turnMessage = ({ env, app, functionId, runId, nonce }: LineEntry, slots: PromisedSlots): RunMessage => ({
  ...{ v: 1, env, app, functionId, runId },
  id: `turn:${nonce}`,
  kind: "wake",
  turn: true,
  slots,
});

const waiting = (line: readonly LineEntry[], { limitOf }: HandOver) =>
  line.map((entry) => ({
    runId: entry.runId,
    limit: limitOf(entry) ?? CONCURRENCY_MAX,
    ...(entry.several && { rank: rankOf(entry) }),
  }));

const promiseOf = ({ by, now }: HandOver): Promised => ({ until: now() + PROMISE_MS, by });
