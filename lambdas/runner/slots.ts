/** The slots of a run in the hands of its holder (L5): taken before its code runs, given up when it rests or has ended. */
import type { GateRef } from "../../sdk/protocol/index.ts";
import { leaveGate } from "../aws/hand-over.ts";
import type { RunHeader } from "../engine/types.ts";
import { armStart } from "./deadlines.ts";
import type { RunnerDeps } from "./deps.ts";
import { entryAt, handOverOf, type Look, lookAround, lookAt, placeIn } from "./gates.ts";
import { Fenced, type Held } from "./held.ts";
import { getInLine } from "./line.ts";

/** A slot outlives its invocation by this, in milliseconds: clocks differ, and one that is gone must not be taken for free too early. */
const SLOT_MARGIN_MS = 60_000;

/** A slot that this holder has taken. */
export interface TakenSlot {
  readonly gate: GateRef;
  readonly shard: number;
  /** Its shard was full, or somebody was in line: there may be somebody to hand on to. */
  readonly crowded: boolean;
}

/**
 * Takes a slot of each gate, one after another. False: one of them is full; the lease has been given back, and the run is in line there. It
 * keeps nothing then, so that no two runs wait for each other. @throws Fenced
 */
export async function enter(held: Held, known?: readonly Look[]): Promise<boolean> {
  const { deps, run, header } = held;
  const place = placeIn(header);
  if (place === undefined) return true;
  const looks = [...(known ?? (await lookAround(deps, run, place)))];
  for (const [i, look] of looks.entries()) {
    const full = await takeSlot(held, look, place.order);
    if (full === undefined) continue;
    looks[i] = full;
    if (!(await deps.world.runs.requeue(run, held.fence, header.startedAt === undefined))) throw new Fenced();
    await giveUp(held);
    await armStart(deps, run, header);
    await getInLine(deps, run, { place }, looks, full);
    return false;
  }
  return true;
}

/** Undefined: the slot is taken. Else the gate as it is, full. */
async function takeSlot(held: Held, first: Look, order: string): Promise<Look | undefined> {
  const { deps, run, fence, deadline } = held;
  const slot = { until: deadline + SLOT_MARGIN_MS, fence };
  for (let look: Look | undefined = first; look !== undefined; look = await lookAt(deps, run, order, first.gate)) {
    const { gate, state, behind } = look;
    const opening = entryAt(look, run.runId, deps.clock.now());
    if (opening.kind === "full") return look;
    const { holders = {} } = state.shards.get(opening.shard) ?? {};
    if ((holders[run.runId]?.fence ?? 0) > fence) throw new Fenced();
    if (!(await deps.world.gates.take(run, gate, { runId: run.runId, slot, opening }))) continue;
    const crowded = behind || Object.keys(holders).length + 1 >= opening.share;
    held.slots.push({ gate, shard: opening.shard, crowded });
    return undefined;
  }
  return undefined;
}

/** Gives up what this holder has taken, and nothing that a twin has taken since. */
export async function giveUp(held: Held): Promise<void> {
  const { deps, run, fence } = held;
  const slots = held.slots.splice(0);
  await Promise.all(
    slots.map(({ gate, shard, crowded }) =>
      leaveGate(deps.world.gates, handOverOf(deps, run, gate), { runId: run.runId, fence, shard, crowded }),
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
  const { gates } = deps.world;
  await Promise.all(
    place.gates.map(async (gate) => {
      if (known.length === 0) await gates.drop(run, gate, place.order);
      const slot = known.find((one) => one.gate.id === gate.id);
      const departure = { runId: run.runId, crowded: slot?.crowded ?? true, ...(slot && { shard: slot.shard }) };
      await leaveGate(gates, handOverOf(deps, run, gate), departure);
    }),
  );
}
