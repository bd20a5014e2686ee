/** What the end of a run entails (L6): idempotent, repeated by whoever meets an ended run, done before the message is acknowledged. */
import {
  type CancelCause,
  EVENT_CANCELLED,
  EVENT_FAILED,
  EVENT_FINISHED,
  EVENT_INVOKED,
  type Outcome,
  type RunAddress,
  type StepMemo,
} from "../../sdk/protocol/index.ts";
import type { AppWorld } from "../aws/app-world.ts";
import { lockKey, retryName, startName, waitName } from "../aws/keys.ts";
import { STEP_CLOSED } from "../engine/cancel.ts";
import type { RunHeader } from "../engine/types.ts";
import { endLifetime, hasLifetime } from "./deadlines.ts";
import type { RunnerDeps } from "./deps.ts";
import type { Held } from "./held.ts";
import { loadRunEvents, type RunEvents, userEventsOf } from "./run-events.ts";
import { leaveForGood, type TakenSlot } from "./slots.ts";

export interface EndedRun {
  readonly run: RunAddress;
  readonly header: RunHeader;
  readonly endedAt: number;
  readonly outcome: Outcome;
  /** Of a cancelled run: by what. */
  readonly cancel: CancelCause | undefined;
  /** Absent when they have expired: then nothing is emitted any more, and the rest of the tail is done. */
  readonly events: RunEvents | undefined;
  readonly memo: ReadonlyMap<string, StepMemo>;
  /** Slots that it holds, as far as they are known. */
  readonly slots: readonly TakenSlot[];
}

/** A plain run has no tail, and ends with one write. */
export function hasTail(held: Held, status: "completed" | "failed" | "cancelled"): boolean {
  const open = [...held.memo.values()].some((step) => isOpen(step, held.deps.clock.now()));
  const told = held.header.parent !== undefined || held.header.emits?.includes("finished") === true;
  const holds = held.header.gates !== undefined || held.header.singleton !== undefined;
  const lifetime = hasLifetime({ ...held.header, finishBy: held.finishBy }, held.fn.manifest.flow);
  return open || told || holds || lifetime || status !== "completed";
}

export async function runTail(deps: RunnerDeps, ended: EndedRun): Promise<void> {
  const { run, header, slots, events } = ended;
  await Promise.all([
    closeSteps(deps, ended),
    endLifetime(deps, { run, header, event: events?.all[events.main]?.event }),
    releaseSingleton(deps.world, run, header.singleton),
    takeBackStart(deps.world, ended),
    takeBackRetry(deps.world, ended),
    tellParent(deps.world, ended),
    emitEvents(deps, ended),
    leaveForGood(deps, run, header, slots),
  ]);
}

/** Gives back the lock of a function's singleton, if the run still has it. */
export async function releaseSingleton(world: AppWorld, run: RunAddress, lock: string | undefined): Promise<void> {
  if (lock !== undefined) await world.locks.release(lockKey(run, "singleton", lock), run.runId);
}

/** A throttled run that has ended before its start has a schedule for it, if the start was far off. */
async function takeBackStart({ places, timer }: AppWorld, { run, header, endedAt, cancel }: EndedRun): Promise<void> {
  const { reserved, queuedAt } = header;
  if (reserved === undefined || cancel === undefined) return;
  const place = await places.get(run, reserved);
  if (place?.runId !== run.runId || place.startsAt <= endedAt) return;
  await timer.disarm(startName(run.runId, place.rev), place.startsAt, queuedAt);
}

/** A run that was cancelled before the next try of its handler. */
async function takeBackRetry({ timer }: AppWorld, { run, header, endedAt, cancel }: EndedRun): Promise<void> {
  const { retryAt = 0, attempts } = header;
  if (cancel === undefined || retryAt <= endedAt) return;
  // When it was set up is not known, so whether it is a schedule is not either.
  await timer.disarm(retryName(run.runId, attempts, retryAt), retryAt, 0);
}

/** The tail of a run that somebody else ended, perhaps without living to do it. */
export async function repeatTail(deps: RunnerDeps, run: RunAddress, header: RunHeader): Promise<void> {
  if (header.tail !== true) return;
  const { world } = deps;
  const [outcome, events, memo] = await Promise.all([
    world.runs.outcome(run, header),
    loadRunEvents(world, run, header),
    world.steps.load(run),
  ]);
  if (outcome === undefined) throw new Error(`The ended run ${run.runId} has no outcome.`);
  const cancel = header.status === "cancelled" ? header.cancel : undefined;
  const endedAt = header.endedAt ?? header.queuedAt;
  await runTail(deps, { run, header, endedAt, outcome, cancel, events, memo, slots: [] });
}

/** A process that was overtaken may have set up a wait after the run had ended: nobody else would take it back (L7). */
export async function takeBackLate({ deps, run, memo }: Held): Promise<void> {
  const header = await deps.world.runs.header(run);
  if (header !== undefined && header.status !== "active") await closeSteps(deps, { run, memo });
}

const isOpen = (step: StepMemo, now: number): boolean =>
  step.outcome === undefined && !(step.kind === "sleep" && (step.until ?? 0) <= now);

/** Losers of a race and sleeps that nobody waits for: closed, so that nothing resolves them any more, then taken back. */
async function closeSteps({ world, clock }: RunnerDeps, { run, memo }: Pick<EndedRun, "run" | "memo">): Promise<void> {
  const now = clock.now();
  await Promise.all(
    [...memo.values()].map(async (step) => {
      if (!isOpen(step, now) && step.by !== "end") return;
      if (step.by !== "end") await world.steps.resolve(run, step.key, { outcome: STEP_CLOSED, by: "end", at: now });
      await world.takeBack(run, step);
      if (step.wait?.via === "stepFunctions") await world.waits.stop(waitName(run.runId, step));
    }),
  );
}

async function tellParent(world: AppWorld, { header, outcome }: EndedRun): Promise<void> {
  if (header.parent === undefined) return;
  await world.queue.sendToRouter({ v: 1, stepwell: true, kind: "settle", parent: header.parent, outcome });
}

/** An invoked run has the event of its invocation too, and is like any other; a mere listener has no parent. */
const isLifecycleRun = ({ parent }: RunHeader, name: string): boolean =>
  [EVENT_FAILED, EVENT_FINISHED, EVENT_CANCELLED].includes(name) || (name === EVENT_INVOKED && parent === undefined);

/** `failed` and `cancelled` always, `finished` of a run that was not cancelled, when somebody listens. */
function eventNames({ header, outcome, cancel }: EndedRun): readonly string[] {
  if (cancel !== undefined) return [EVENT_CANCELLED];
  const finished = header.emits?.includes("finished") ? [EVENT_FINISHED] : [];
  return outcome.ok ? finished : [EVENT_FAILED, ...finished];
}

/** A run that such an event started emits none itself. */
async function emitEvents({ world }: RunnerDeps, ended: EndedRun): Promise<void> {
  const { run, header, endedAt, outcome, cancel, events: of } = ended;
  if (of === undefined) return;
  const { event, events: all } = userEventsOf(of);
  if (isLifecycleRun(header, event.name)) return;
  const names = eventNames(ended);
  if (names.length === 0) return;
  const result = outcome.ok ? { result: await world.payloads.load(outcome.data) } : { error: outcome.error };
  const data = {
    function_id: `${run.app}/${run.functionId}`,
    run_id: run.runId,
    ...(cancel && { cause: cancel }),
    ...result,
    event,
    events: all,
  };
  const hops = Math.max(...of.all.map(({ event: { hops } }) => hops)) + 1;
  const events = names.map((name) => ({
    name,
    envelope: {
      v: 1 as const,
      id: `${run.runId}-${name.slice(name.indexOf(".") + 1)}`,
      ts: endedAt,
      env: run.env,
      data,
      trace: { hops },
    },
  }));
  await world.bus.send(run.app, events);
}
