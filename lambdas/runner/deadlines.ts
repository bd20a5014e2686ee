/** The timers of a function's `timeouts`, and what is taken back of them and of `cancelOn` when a run ends. */
import { toUserEvent } from "../../sdk/execution/index.ts";
import type { FlowManifest, RunAddress, StoredEvent } from "../../sdk/protocol/index.ts";
import { cancelListenerName, listenerPartition } from "../aws/keys.ts";
import { finishBy, startBy } from "../engine/cancel.ts";
import { cancelKeys } from "../engine/listeners.ts";
import { type ArmingFacts, toArm } from "../engine/park.ts";
import type { RunHeader } from "../engine/types.ts";
import type { RunnerDeps } from "./deps.ts";
import type { Held } from "./held.ts";

const FINISH = "finish";

/** Sets up the wake-up at the end of `timeouts.finish`, once, before the run rests. Returns that time. */
export async function armFinish(held: Held, facts: ArmingFacts): Promise<number | undefined> {
  const { deps, fn, run, fence, startedAt, setUpHere } = held;
  const { world, clock, binding } = deps;
  const by = finishBy(fn.manifest.flow?.timeouts, startedAt);
  if (by === undefined) return undefined;
  // A deploy may have changed the deadline: then it is like one that has not been set up yet.
  const timer = { fence: held.finishBy === by ? 0 : fence, until: by };
  if (toArm([timer], facts, clock.now()).length > 0 && !setUpHere.has(FINISH)) {
    await world.armDeadline(run, FINISH, by, clock.now(), binding.runQueueUrl);
    setUpHere.add(FINISH);
    held.finishBy = by;
  }
  return by;
}

/** Sets up the wake-up at the end of `timeouts.start`, for a run that gets in line before its first execution. */
export async function armStart(
  { world, clock, binding, functions }: RunnerDeps,
  run: RunAddress,
  { queuedAt, startedAt }: Pick<RunHeader, "queuedAt" | "startedAt">,
): Promise<void> {
  const by = startBy(functions.get(run.functionId)?.manifest.flow?.timeouts, queuedAt);
  if (by === undefined || startedAt !== undefined) return;
  await world.armDeadline(run, "start", by, clock.now(), binding.runQueueUrl);
}

type Ended = { readonly run: RunAddress; readonly header: RunHeader; readonly event: StoredEvent | undefined };

/** Whether the end of a run has to take something back of what bounds its life. */
export const hasLifetime = (header: RunHeader, flow: FlowManifest | undefined): boolean =>
  header.finishBy !== undefined || flow?.cancelOn !== undefined || startTimer(header, flow) !== undefined;

/** Takes back timers and listeners. Those of a `cancelOn` that a deploy has changed are left to the router and to their TTL. */
export async function endLifetime({ world, functions }: RunnerDeps, { run, header, event }: Ended): Promise<void> {
  const flow = functions.get(run.functionId)?.manifest.flow;
  const { queuedAt, startedAt = queuedAt } = header;
  const start = startTimer(header, flow);
  await Promise.all([
    header.finishBy !== undefined && world.disarmDeadline(run, FINISH, header.finishBy, startedAt),
    start !== undefined && world.disarmDeadline(run, "start", start, queuedAt),
    event !== undefined && stopListening(world, run, flow?.cancelOn ?? [], event),
  ]);
}

/** Only a run that has stood in a queue has a timer for its start. */
const startTimer = (header: RunHeader, flow: FlowManifest | undefined): number | undefined =>
  header.gates === undefined && header.reserved === undefined ? undefined : startBy(flow?.timeouts, header.queuedAt);

async function stopListening(
  { listeners, payloads }: RunnerDeps["world"],
  { env, app, runId }: RunAddress,
  cancelOn: NonNullable<FlowManifest["cancelOn"]>,
  event: StoredEvent,
): Promise<void> {
  if (cancelOn.length === 0) return;
  const keys = cancelKeys(cancelOn, toUserEvent(event, await payloads.load(event.data)));
  await Promise.all(
    keys.map(({ on, key, index }) =>
      listeners.delete({
        pk: listenerPartition(env, app, on.event, key.match),
        sk: cancelListenerName(runId, index),
      }),
    ),
  );
}
