/** The slots of a run in the hands of its holder (L5): taken before its code runs, given up when it rests or has ended. */
import type { GateRef, PromisedSlots, QueuePlace } from "../../sdk/protocol/index.ts";
import { leaveGate } from "../aws/hand-over.ts";
import { type Opening, promisedIn, shareOf } from "../engine/gate.ts";
import type { RunHeader } from "../engine/types.ts";
import { armStart } from "./deadlines.ts";
import type { RunnerDeps } from "./deps.ts";
import { entryAt, handOverOf, type Look, limitIn, lookAround, lookAt, placeIn } from "./gates.ts";
import { Fenced, type Held } from "./held.ts";
import { getInLine } from "./line.ts";

/** A slot outlives its invocation by this, in milliseconds: clocks differ, and one that is gone must not be taken for free too early. */
const SLOT_MARGIN_MS = 60_000;

/** A slot that this holder has taken. */
export interface TakenSlot {
  readonly gate: GateRef;
  readonly shard: number;
  /** Its shard was full, or the run has come from the line: there may be somebody to hand on to. */
  readonly crowded: boolean;
}

/**
 * Takes a slot of each gate, one after another. False: one of them is full; the lease has been given back, and the run is in line there. It
 * keeps nothing then, so that no two runs wait for each other.
 *
 * @param known the gates, if they have been looked at
 * @param promised where the run has been promised slots
 * @throws Fenced
 */
export async function enter(held: Held, known: readonly Look[], promised: PromisedSlots = {}): Promise<boolean> {
  const { deps, run, header } = held;
  const place = placeIn(header);
  if (place === undefined) return true;
  const looks: Look[] = [];
  for (const gate of place.gates) {
    const full = await takeSlot(held, { place, gate, known: known.find((look) => look.gate.id === gate.id), promised });
    if (full === undefined) continue;
    looks.push(...(await lookAround(deps, run, place)));
    if (!(await deps.world.runs.requeue(run, held.fence, header.startedAt === undefined))) throw new Fenced();
    await giveUp(held);
    await armStart(deps, run, header);
    await getInLine(deps, run, { place }, looks, full);
    return false;
  }
  return true;
}

interface Wanted {
  readonly place: QueuePlace;
  readonly gate: GateRef;
  readonly known: Look | undefined;
  readonly promised: PromisedSlots;
}

/** Undefined: the slot is taken, or there is no such limit any more. Else the gate as it is, full. */
async function takeSlot(held: Held, { place, gate, known, promised }: Wanted): Promise<Look | undefined> {
  const { deps, run } = held;
  const shard = promised[gate.id];
  const limit = limitIn(held.fn, gate);
  if (shard !== undefined && limit !== undefined && (await take(held, gate, promisedIn(shard, limit))))
    return undefined;
  for (let look = known ?? (await lookAt(deps, run, place, gate)); look !== undefined; ) {
    const opening = entryAt(look, run.runId, deps.clock.now());
    if (opening.kind === "full") return look;
    const taken = look.state.shards.get(opening.shard)?.holders[run.runId];
    if (taken !== undefined && taken.fence > held.fence) throw new Fenced();
    if (await take(held, gate, opening)) return undefined;
    look = await lookAt(deps, run, place, gate);
  }
  return undefined;
}

async function take(held: Held, gate: GateRef, opening: Opening): Promise<boolean> {
  const { deps, run, fence, deadline } = held;
  const slot = { until: deadline + SLOT_MARGIN_MS, fence };
  const shard = await deps.world.gates.take(run, gate, { runId: run.runId, slot, opening });
  if (shard === undefined) return false;
  const used = Object.keys(shard.holders).length + Object.keys(shard.promised).length;
  const crowded = held.fromLine || used >= shareOf(limitIn(held.fn, gate) ?? 0, opening.shard);
  held.slots.push({ gate, shard: opening.shard, crowded });
  return true;
}

/** Gives up what this holder has taken, and nothing that a twin has taken since. */
export async function giveUp(held: Held): Promise<void> {
  const { deps, run, fence } = held;
  const slots = held.slots.splice(0);
  await Promise.all(
    slots.map(({ gate, shard, crowded }) =>
      leaveGate(deps.world, handOverOf(deps, run, gate), { runId: run.runId, fence, shard, crowded }),
    ),
  );
}

/** After the end: whatever the run holds, or has been promised, goes to the next; a run that was cancelled in line leaves it. */
export async function leaveForGood(
  deps: RunnerDeps,
  run: Held["run"],
  header: RunHeader,
  known: readonly TakenSlot[],
): Promise<void> {
  const place = placeIn(header);
  if (place === undefined) return;
  await Promise.all(
    place.gates.map(async (gate) => {
      if (known.length === 0) await deps.world.lines.drop(run, gate, place.order);
      const slot = known.find((one) => one.gate.id === gate.id);
      const departure = { runId: run.runId, crowded: slot?.crowded ?? true, ...(slot && { shard: slot.shard }) };
      await leaveGate(deps.world, handOverOf(deps, run, gate), departure);
    }),
  );
}
