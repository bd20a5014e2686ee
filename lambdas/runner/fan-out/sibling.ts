/**
 * One step of a run in an invocation of its own (PROTOCOLS.md, P6): it takes the step and not the run, replays the handler up to that step
 * without writing anything, runs its body, writes the outcome (first writer wins, L1), and leaves the join.
 *
 * - Its message is acknowledged when the step has its outcome and has left the join, or when the timer of its next try is set. So a crash at
 *   any point is followed by another delivery, which finds the lease ended and counts a failed try (L4).
 * - A run that has ended, or is to be cancelled, begins no body any more (L6). The step is closed then: nobody else may know of it.
 * - Where the code does not come to the step, the run's own invocation runs it: nothing hangs, and nothing goes round in circles (L9).
 */
import type { RunMessage, StepMemo } from "../../../sdk/protocol/index.ts";
import { IN_PLACE_SLEEP_MS_MAX, LEASE_MS } from "../../../sdk/protocol/index.ts";
import { waitName } from "../../aws/keys.ts";
import { STEP_CLOSED } from "../../engine/cancel.ts";
import { onRefusedStep } from "../../engine/step-lease.ts";
import type { RunHeader } from "../../engine/types.ts";
import { Cancellation } from "../cancellation.ts";
import { type Delivery, keepUntil, shortenVisibility } from "../delivery.ts";
import type { RunnerDeps } from "../deps.ts";
import { Held } from "../held.ts";
import { close as closeHandler, type Verdict } from "../hold.ts";
import { runLogger } from "../log.ts";
import { loadRunEvents } from "../run-events.ts";
import { crashed, tryStep } from "../step-body.ts";
import { FanOut } from "./fan-out.ts";
import { reach } from "./reach.ts";
import { StepHeartbeat } from "./step-heartbeat.ts";

export type StepDelivery = Delivery & { readonly message: RunMessage & { readonly kind: "step" } };

/** A step that this invocation has. */
interface Leased {
  readonly owner: string;
  readonly step: StepMemo;
}

/** Runs the step of a message as far as it can be run now. */
export async function takeStep(given: RunnerDeps, delivery: StepDelivery): Promise<Verdict> {
  const { message } = delivery;
  const deps = { ...given, log: runLogger(given.log, message) };
  await shortenVisibility(deps, delivery.receipt);
  for (;;) {
    const taken = await take(deps, message);
    if (taken.kind === "busy") return keepUntil(deps, delivery, taken.until);
    if (taken.kind === "over") return leave(deps, message);
    const left = taken.kind === "resting" ? taken.step : await attend(deps, delivery, taken);
    if (left === "lost") return "keep";
    if (left === "over") return leave(deps, message);
    if (await backOff(deps, delivery, left)) return "ack";
  }
}

type Taken =
  | ({ readonly kind: "taken" } & Leased)
  | { readonly kind: "over" }
  | { readonly kind: "busy"; readonly until: number }
  | { readonly kind: "resting"; readonly step: StepMemo };

/** Asks for the step's lease until it is clear whose it is. */
async function take(deps: RunnerDeps, message: StepDelivery["message"]): Promise<Taken> {
  const { stepLeases } = deps.world;
  const { stepKey: key } = message;
  const owner = deps.nonce();
  for (;;) {
    const now = deps.clock.now();
    const request = { owner, now, until: now + LEASE_MS };
    const step = await stepLeases.take(message, request);
    if (step !== undefined) return { kind: "taken", owner, step };
    const stored = await stepLeases.look(message, key);
    const refusal = onRefusedStep(stored, owner, now);
    if (refusal.kind === "busy" || refusal.kind === "over") return refusal;
    if (stored !== undefined && refusal.kind === "won") return { kind: "taken", owner, step: stored.memo };
    if (stored !== undefined && refusal.kind === "resting") return { kind: "resting", step: stored.memo };
    if (refusal.kind !== "dead") continue;
    const mine = await stepLeases.takeOver(message, key, refusal.lease, request);
    if (mine !== undefined) return { kind: "taken", owner, step: mine };
  }
}

/** What is left of a step: another try; nothing to do here; or it is another's, and may not leave the join yet. */
type Left = StepMemo | "over" | "lost";

/** Runs the body once, and writes what came of it. */
async function attend(deps: RunnerDeps, delivery: StepDelivery, leased: Leased): Promise<Left> {
  const { message } = delivery;
  const { steps, stepLeases } = deps.world;
  const cancellation = new Cancellation();
  const heartbeat = new StepHeartbeat(deps, delivery, leased.owner, cancellation);
  try {
    const step = await execute(deps, delivery, { ...leased, heartbeat, cancellation });
    if (step === "ended") return await close(deps, message);
    if (step === "lost") return "lost";
    if (step === "elsewhere")
      return (await stepLeases.giveBack(message, message.stepKey, leased.owner, "inline")) ? "over" : "lost";
    const write = step.outcome === undefined ? "retryLater" : "checkpoint";
    const stored = await steps[write](message, step);
    return stored.outcome === undefined ? stored : "over";
  } catch (error) {
    // Not the user's code: AWS said no. The step is given back, so that this does not count as a crash.
    await stepLeases.giveBack(message, message.stepKey, leased.owner).catch(() => false);
    throw error;
  } finally {
    heartbeat.stop();
  }
}

interface Execution extends Leased {
  readonly heartbeat: StepHeartbeat;
  readonly cancellation: Cancellation;
}

/** The step as it is to be stored; or why it has not been run: its run is to end, another has the step, or the code does not come to it. */
type Executed = StepMemo | "ended" | "lost" | "elsewhere";

async function execute(deps: RunnerDeps, delivery: StepDelivery, execution: Execution): Promise<Executed> {
  const { message } = delivery;
  const { step } = execution;
  const header = await deps.world.runs.header(message);
  if (!isLive(header)) return "ended";
  const attempts = deps.functions.get(message.functionId)?.retry.attempts ?? 0;
  if (step.attempts >= attempts) return crashed(step, deps.clock.now());
  const held = await load(deps, delivery, header, execution);
  return held === undefined ? "elsewhere" : replayTo(held, execution).finally(() => closeHandler(held));
}

/** Has the handler come to the step, and runs its body. */
async function replayTo(held: Held, { step, heartbeat, cancellation }: Execution): Promise<Executed> {
  const op = await reach(held, step.key);
  if (!(await heartbeat.confirm())) return "lost";
  if (op === undefined) return "elsewhere";
  const tried = await tryStep(held, op);
  // It may have failed for being told to stop.
  if (tried.outcome?.ok || !cancellation.signal.aborted) return tried;
  return isLive(await held.deps.world.runs.header(held.run)) ? "lost" : "ended";
}

const isLive = (header: RunHeader | undefined): header is RunHeader =>
  header?.status === "active" && header.cancel === undefined;

/** Undefined: the run's events are not stored any more. */
async function load(
  deps: RunnerDeps,
  { message, outOfTimeAt, deadline }: StepDelivery,
  header: RunHeader,
  { step, cancellation }: Execution,
): Promise<Held | undefined> {
  const { env, app, functionId, runId } = message;
  const run = { env, app, functionId, runId };
  const [events, memo] = await Promise.all([loadRunEvents(deps.world, run, header), deps.world.steps.load(run)]);
  const fn = deps.functions.get(functionId);
  if (events === undefined || fn === undefined) return undefined;
  memo.set(step.key, step);
  const held = new Held({
    ...{ deps, run, fn, header, events, memo, outOfTimeAt, deadline, cancellation },
    fence: header.fence,
    fromLine: false,
    startedAt: header.startedAt ?? header.queuedAt,
    fanOut: new FanOut({ join: undefined, header, rearm: false }),
  });
  held.attempt = step.attempts;
  return held;
}

/** The run has ended, or is about to: what has been written of the step must not stay open. */
async function close({ world, clock }: RunnerDeps, message: StepDelivery["message"]): Promise<"over"> {
  await world.steps.resolve(message, message.stepKey, { outcome: STEP_CLOSED, by: "end", at: clock.now() });
  return "over";
}

/** Sets the timer of the next try, unless it is so soon that it is waited for in place (false). */
async function backOff(deps: RunnerDeps, { message, outOfTimeAt }: StepDelivery, step: StepMemo): Promise<boolean> {
  const { world, clock, binding } = deps;
  const { until = clock.now(), attempts } = step;
  const isSoon = until - clock.now() < IN_PLACE_SLEEP_MS_MAX && until < outOfTimeAt;
  if (isSoon) {
    await new Promise<void>((resolve) => clock.pause(until, resolve));
    return false;
  }
  const again = { ...message, id: `timer:${message.stepKey}:${attempts}`, at: until };
  await world.timer.arm(waitName(message.runId, step), until, clock.now(), binding.runQueueUrl, again);
  return true;
}

/** Whoever leaves the join empty wakes the run. */
async function leave({ world, binding }: RunnerDeps, message: StepDelivery["message"]): Promise<Verdict> {
  const { env, app, functionId, runId, stepKey: key } = message;
  const left = await world.joins.leave(message, key);
  if (left !== 0) return "ack";
  const about = { v: 1, id: `joined:${key}`, env, app, functionId, runId } as const;
  await world.queue.sendToRun(binding.runQueueUrl, { ...about, kind: "wake" });
  return "ack";
}
