/** A run before the gates of its function's concurrency limits: what is seen there, and whom it hands on to. */
import type { DurableFunction } from "../../sdk/execution/index.ts";
import type { GateRef, PromisedSlots, QueuePlace, RunAddress, RunMessage } from "../../sdk/protocol/index.ts";
import { giveBackPromises, type HandOver, pump } from "../aws/hand-over.ts";
import { type LineEntry, rankOf } from "../aws/line-store.ts";
import { limitToday } from "../engine/flow-keys.ts";
import { type Entry, entryFor, type Gate, isPromised } from "../engine/gate.ts";
import type { RunHeader } from "../engine/types.ts";
import type { RunnerDeps } from "./deps.ts";

/** A gate as it was looked at. */
export interface Look {
  readonly gate: GateRef;
  /** Its slots today. */
  readonly limit: number;
  readonly state: Gate;
  /** Others are in line before the run, and have not been promised a slot. */
  readonly behind: boolean;
  /** Of a run under two limits: what it is sorted by. */
  readonly rank?: string;
}

/** Where a run stands, if its function has limits, and its header if it was read. */
export interface Standing {
  readonly place: QueuePlace;
  readonly header?: RunHeader;
}

/** Where the run of a message stands. Undefined: its function has no limits, or none holds for it. */
export async function standingOf({ world, functions }: RunnerDeps, message: RunMessage): Promise<Standing | undefined> {
  if (functions.get(message.functionId)?.manifest.flow?.concurrency === undefined) return undefined;
  if (message.kind === "start") return message.place && { place: message.place };
  const header = await world.runs.header(message);
  const place = header && placeIn(header);
  return place && { place, header };
}

/** Where the run of a message has been promised slots. */
export const slotsOf = (message: RunMessage): PromisedSlots | undefined =>
  message.kind === "start" || message.kind === "wake" ? message.slots : undefined;

export const placeIn = ({ gates, order }: RunHeader): QueuePlace | undefined =>
  gates === undefined || order === undefined ? undefined : { gates, order };

/** The gates of a run that still are limits of its function. */
export async function lookAround(deps: RunnerDeps, run: RunAddress, place: QueuePlace): Promise<readonly Look[]> {
  const looks = await Promise.all(place.gates.map((gate) => lookAt(deps, run, place, gate)));
  return looks.filter((look) => look !== undefined);
}

/** One gate, and who is in line there. Undefined: it is no limit any more. */
export async function lookAt(
  { world, functions, clock }: RunnerDeps,
  run: RunAddress,
  place: QueuePlace,
  gate: GateRef,
): Promise<Look | undefined> {
  const limit = limitIn(functions.get(run.functionId), gate);
  if (limit === undefined) return undefined;
  const [state, line] = await Promise.all([world.gates.read(run, gate), world.lines.first(run, gate)]);
  const now = clock.now();
  const rank = rankOf({ ...place, ...run });
  const behind = line.some((entry) => rankOf(entry) < rank && !isPromised(state, entry.runId, now));
  return { gate, limit, state, behind, ...(place.gates.length > 1 && { rank }) };
}

/** Whether, and where, a run may enter. */
export const entryAt = ({ limit, state, behind, rank }: Look, runId: string, now: number): Entry =>
  entryFor(state, { runId, limit, behind, now, rank });

/** A limit of a function as it is deployed now. */
export const limitIn = (fn: DurableFunction | undefined, gate: GateRef): number | undefined =>
  limitToday(fn?.manifest.flow, gate);

/** How a run of this app hands on to those in line. */
export const handOverOf = (deps: RunnerDeps, run: RunAddress, gate: GateRef): HandOver => {
  const isOurs = ({ env, app }: LineEntry) => env === run.env && app === run.app;
  return {
    app: run,
    gate,
    by: run.runId,
    now: () => deps.clock.now(),
    limitOf: (entry) => (isOurs(entry) ? limitIn(deps.functions.get(entry.functionId), gate) : entry.limit),
    send: (entry, message) => sendTurn(deps, message, isOurs(entry)),
  };
};

/** Runs of other apps are reached by the router, which knows their queues. */
async function sendTurn({ world, binding, clock }: RunnerDeps, message: RunMessage, isOurs: boolean): Promise<void> {
  if (isOurs) await world.queue.sendToRun(binding.runQueueUrl, message);
  else await world.queue.sendToRouter({ v: 1, stepwell: true, kind: "timer", at: clock.now(), message });
}

/** A run that does not need what it was promised: the slot is for the next in line. */
export async function passOnPromises(deps: RunnerDeps, run: RunAddress, looks: readonly Look[]): Promise<void> {
  await Promise.all(
    looks.map(async ({ gate, state }) => {
      const handOver = handOverOf(deps, run, gate);
      if (await giveBackPromises(deps.world.gates, handOver, state, run.runId)) await pump(deps.world, handOver);
    }),
  );
}
