/**
 * Starts of runs that stand under concurrency limits: each is promised its slots, or gets in line (PROTOCOLS.md §5). The router takes no slots:
 * a promise only keeps them free for the message that it sends. Those of a batch go in the order of the line, and one after another for
 * each gate, so that a burst neither races nor starts in disorder.
 */
import type { GateRef, PromisedSlots, RegisteredApp } from "../../sdk/protocol/index.ts";
import { PROMISE_MS } from "../aws/gate-store.ts";
import { pump } from "../aws/hand-over.ts";
import { rankOf } from "../aws/line-store.ts";
import { registeredFlow, registeredLimit, registryHandOver } from "../aws/registry-hand-over.ts";
import { entryFor, isPromised, type Opening, shardHeldBy, shardsPromisedTo } from "../engine/gate.ts";
import { armStart } from "./arm-start.ts";
import type { Outgoing, RouterDeps } from "./deps.ts";
import type { OutgoingStart } from "./start-run.ts";

/** What becomes of a message: what is sent in its stead, nothing since the run is in line, or it could not be told. */
export type LinedUp = Outgoing | "inLine" | "failed";

/** Lines up the starts among the messages; the others are sent as they are. */
export async function lineUp(deps: RouterDeps, outgoing: readonly Outgoing[]): Promise<ReadonlyMap<Outgoing, LinedUp>> {
  const starts = outgoing.filter(isUnderLimits).sort(byPlace);
  const linedUp = new Map<Outgoing, LinedUp>(outgoing.map((entry) => [entry, entry]));
  await Promise.all(
    starts.map((start) =>
      deps.inTurn(`gate ${firstGate(start)}`, async () => {
        linedUp.set(start, await place(deps, start));
      }),
    ),
  );
  return linedUp;
}

/** A delayed start looks for its slots when its time has come. */
const isUnderLimits = (entry: Outgoing): entry is OutgoingStart =>
  entry.message.kind === "start" && entry.message.place !== undefined && entry.message.reserved === undefined;

const rankIn = ({ place, runId }: OutgoingStart["message"]): string => rankOf({ order: place?.order ?? "", runId });
const byPlace = (a: OutgoingStart, b: OutgoingStart): number => (rankIn(a.message) < rankIn(b.message) ? -1 : 1);
const isUnderSeveral = ({ place }: OutgoingStart["message"]): boolean => (place?.gates.length ?? 0) > 1;
const firstGate = ({ message }: OutgoingStart): string | undefined => message.place?.gates[0]?.id;

async function place(deps: RouterDeps, start: OutgoingStart): Promise<LinedUp> {
  try {
    const apps = await deps.world.registry.apps(start.message.env);
    const promises = await promiseSlots(deps, apps, start);
    if (promises.kind === "full") return await getInLine(deps, apps, start, promises.gate);
    return { ...start, message: { ...start.message, slots: promises.slots } };
  } catch (error) {
    const { runId } = start.message;
    deps.log.error("a run could not be put in line; what it is from comes back", { runId, error: String(error) });
    return "failed";
  }
}

/** A slot of each gate, promised; or the first gate that has none, and nothing promised. */
async function promiseSlots(
  deps: RouterDeps,
  apps: readonly RegisteredApp[],
  { message }: OutgoingStart,
): Promise<Promises> {
  const slots: Record<string, number> = {};
  for (const gate of message.place?.gates ?? []) {
    const limit = registeredLimit(apps, { ...message, gate });
    const shard = limit === undefined ? undefined : await promiseSlot(deps, message, gate, limit);
    if (shard === "full") {
      await Promise.all(Object.entries(slots).map(([id, shard]) => takeBack(deps, message, id, shard)));
      return { kind: "full", gate };
    }
    if (shard !== undefined) slots[gate.id] = shard;
  }
  return { kind: "promised", slots };
}

type Promises =
  | { readonly kind: "promised"; readonly slots: PromisedSlots }
  | { readonly kind: "full"; readonly gate: GateRef };
type Start = OutgoingStart["message"];

async function promiseSlot({ world, clock }: RouterDeps, run: Start, gate: GateRef, limit: number) {
  const { runId } = run;
  const me = rankIn(run);
  for (;;) {
    const state = await world.gates.read(run, gate);
    const now = clock.now();
    // From an earlier delivery.
    const mine = shardHeldBy(state, runId) ?? shardsPromisedTo(state, runId)[0];
    if (mine !== undefined) return mine;
    const opening = entryFor(state, { runId, limit, behind: false, now });
    if (opening.kind === "full") return "full";
    const line = await world.lines.first(run, gate);
    if (line.some((entry) => rankOf(entry) < me && !isPromised(state, entry.runId, now))) return "full";
    if (await offer(world, run, gate, opening, now)) return opening.shard;
  }
}

const offer = (world: RouterDeps["world"], run: Start, gate: GateRef, opening: Opening, now: number) =>
  world.gates.offer(run, gate, run.runId, opening, {
    until: now + PROMISE_MS,
    by: run.runId,
    ...(isUnderSeveral(run) && { rank: rankIn(run) }),
  });

async function takeBack({ world }: RouterDeps, run: Start, gateId: string, shard: number): Promise<void> {
  const gate = run.place?.gates.find(({ id }) => id === gateId);
  if (gate !== undefined) await world.gates.takeBack(run, gate, shard, [run.runId], run.runId);
}

/** The run is created, then it gets in line, then the line is looked at: its slot may have become free meanwhile (G4). */
async function getInLine(
  deps: RouterDeps,
  apps: readonly RegisteredApp[],
  start: OutgoingStart,
  full: GateRef,
): Promise<LinedUp> {
  const { world, clock, log } = deps;
  const { message } = start;
  const { env, app, functionId, runId, place, event } = message;
  const eventId = "ref" in event ? event.ref : event.id;
  const header = (await world.runs.park(message, { eventId, start: message })) ?? (await world.runs.header(message));
  // It is to end, or an earlier delivery has seen to it that it goes on; one more message does no harm.
  if (header === undefined || header.status !== "active" || header.fence > 0 || header.cancel) return start;
  await armStart(deps, start, registeredFlow(apps, message)?.timeouts);
  const limit = registeredLimit(apps, { ...message, gate: full }) ?? 1;
  await world.lines.enqueue({
    ...{ env, app, functionId, runId, limit, gate: full },
    order: place?.order ?? "",
    nonce: deps.nonce(),
    since: clock.now(),
    several: isUnderSeveral(message),
  });
  log.debug("run queued", { runId, functionId, limit, scope: full.scope, key: full.key });
  for (const gate of place?.gates ?? []) {
    const handOver = { app: message, gate, by: runId, apps, queue: world.queue, now: () => clock.now() };
    await pump(world, registryHandOver(handOver));
  }
  return "inLine";
}
