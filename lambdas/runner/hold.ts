import { type Ending, Replay, type Result, type RunInput } from "../../sdk/execution/index.ts";
import {
  deserializeError,
  IN_PLACE_SLEEP_MS_MAX,
  type Outcome,
  type RunMessage,
  type StepMemo,
  StepwellError,
  serializeError,
} from "../../sdk/protocol/index.ts";
import type { Receipt } from "../aws/queue.ts";
import type { Leased } from "../aws/run-store.ts";
import { countCrash, judgeCrashes } from "../engine/crash.ts";
import { isExpired } from "../engine/retention.ts";
import type { RunHeader } from "../engine/types.ts";
import { Cancellation } from "./cancellation.ts";
import type { RunnerDeps } from "./deps.ts";
import { endWithoutEvents } from "./expired.ts";
import { conclude, finish } from "./finish.ts";
import { type Look, slotsOf } from "./gates.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Fenced, Held } from "./held.ts";
import { unlessCancelled } from "./lifetime.ts";
import { runLogger } from "./log.ts";
import { hasBody } from "./operations/index.ts";
import { runMessage } from "./operations/operation.ts";
import { settleOverdue, takeBackHalfSetUp } from "./overdue.ts";
import { knownSteps } from "./results.ts";
import { loadRunEvents, type RunEvents } from "./run-events.ts";
import { type Report, Session } from "./session.ts";
import { enter, giveUp } from "./slots.ts";
import { suspend, type Waking } from "./suspend.ts";
import { takeBackLate } from "./tail.ts";

/** What becomes of a message: acknowledged, or kept for another delivery. */
export type Verdict = "ack" | "keep";

/** A run's new holder: what it was woken by, and until when it may begin new steps. */
export interface Holding {
  readonly message: RunMessage;
  readonly receipt: Receipt;
  readonly leased: Leased;
  readonly outOfTimeAt: number;
  readonly deadline: number;
  /** The gates of the run's limits, as far as they have been looked at. */
  readonly looks: readonly Look[];
}

/** Carries a leased run as far as this invocation can, and gives the lease back. */
export async function hold(given: RunnerDeps, holding: Holding): Promise<Verdict> {
  const { message, receipt, leased, deadline } = holding;
  const deps = { ...given, log: runLogger(given.log, message) };
  const { fence, until } = leased;
  const cancellation = new Cancellation();
  const heartbeat = new Heartbeat(deps, { run: message, fence, until, receipt, deadline, cancellation }, leased.seen);
  let held: Held | undefined;
  try {
    const mine = await load(deps, holding, cancellation);
    if (mine === undefined) return await endWithoutEvents(deps, holding);
    held = mine;
    return await unlessCancelled(mine, heartbeat, async () => {
      const mayEnter = hopelessError(mine) !== undefined || (await enter(mine, holding.looks, slotsOf(message)));
      return mayEnter ? work(mine, heartbeat, wakingOf(message, deps.clock.now())) : "ack";
    });
  } catch (error) {
    if (error instanceof Fenced) {
      if (held !== undefined) await Promise.all([takeBackLate(held), giveUp(held)]);
      return "keep";
    }
    // Not the user's code: AWS said no. The lease is given back, so that this does not count as a crash.
    deps.log.error("the run could not be carried on", { error: String(error) });
    await deps.world.runs.release(message, leased.fence, held?.handlerAttempts).catch(() => false);
    return "keep";
  } finally {
    heartbeat.stop();
  }
}

const wakingOf = (message: RunMessage, now: number): Waking => ({
  rearm: message.kind === "wake" && message.rearm === true,
  early: message.kind === "wake" && message.timer !== undefined && message.timer.at > now,
});

/** Undefined: its events are not stored any more. */
async function load(
  deps: RunnerDeps,
  { message, leased, outOfTimeAt, deadline }: Holding,
  cancellation: Cancellation,
): Promise<Held | undefined> {
  const { world } = deps;
  // Nobody has held a run before its first fence, so it has no steps yet.
  const isNew = leased.header.fence === 0;
  if (isNew) deps.log.debug("run started");
  const [events, memo] = await Promise.all([
    eventsOf(deps, message, leased.header),
    isNew ? new Map<string, StepMemo>() : world.steps.load(message),
  ]);
  if (events === undefined) return undefined;
  const fn = deps.functions.get(message.functionId);
  if (fn === undefined) throw new Error(`The function "${message.functionId}" is not served by this app.`);
  const { env, app, functionId, runId } = message;
  const held = new Held({
    deps,
    run: { env, app, functionId, runId },
    fn,
    header: leased.header,
    fence: leased.fence,
    events,
    memo,
    outOfTimeAt,
    deadline,
    fromLine: message.kind === "wake" && message.turn === true,
    startedAt: leased.startedAt,
    cancellation,
  });
  if (leased.header.parked === "queued") resumeSuspicion(held);
  if (leased.takeover) {
    await recordCrash(held);
    await takeBackHalfSetUp(held);
  }
  await settleOverdue(held);
  return held;
}

async function eventsOf({ world }: RunnerDeps, message: RunMessage, header: RunHeader): Promise<RunEvents | undefined> {
  const given = message.kind === "start" && !("ref" in message.event) ? message.event : undefined;
  return loadRunEvents(world, message, header, given);
}

/** A lease that ended instead of being given back (L4). */
async function recordCrash(held: Held): Promise<void> {
  const count = countCrash(held.header, held.recorded);
  held.deps.log.warn("the invocation before this one ended without giving the run back", {
    crashes: count.crashes,
  });
  if (!(await held.deps.world.runs.countCrash(held.run, held.fence, count))) throw new Fenced();
  held.setCrashes(count.crashes);
}

/** A run that had to get in line after a crash still has the crash to answer for. */
function resumeSuspicion(held: Held): void {
  const { crashes, crashMark } = held.header;
  if (crashes !== undefined && crashMark === held.recorded) held.setCrashes(crashes);
}

async function work(held: Held, heartbeat: Heartbeat, waking: Waking): Promise<Verdict> {
  const hopeless = hopelessError(held);
  if (hopeless !== undefined) {
    while (!(await finish(held, heartbeat, { ok: false, error: serializeError(hopeless) })))
      await lookAgain(held, heartbeat);
    return "ack";
  }
  const { retryAt } = held.header;
  if (retryAt !== undefined && retryAt > held.deps.clock.now()) {
    if (await backOff(held, heartbeat, waking, retryAt)) return "ack";
  }
  for (let attempt = dueAttempt(held); ; ) {
    held.attempt = attempt;
    held.onClose = undefined;
    const session = new Session(held, heartbeat, startReplay(held));
    const next = await attend(held, heartbeat, session, waking).finally(() => close(held));
    if (typeof next !== "number") return next;
    attempt = next;
  }
}

/** Runs one replay until the run rests, or begins anew with another `attempt` (the number returned). */
async function attend(held: Held, heartbeat: Heartbeat, session: Session, waking: Waking): Promise<Verdict | number> {
  for (;;) {
    const report = await session.carry();
    if (report.kind === "restart") {
      held.mayRestart = false;
      return report.attempt;
    }
    if (report.kind === "outOfTime") return passOn(held);
    if (report.kind === "parked" && (await suspend(held, heartbeat, report, waking))) return "ack";
    if (report.kind !== "ended") continue;
    const end = await endOf(held, heartbeat, report, waking);
    if (end !== "woken") return end;
  }
}

async function endOf(
  held: Held,
  heartbeat: Heartbeat,
  { ending }: Report & { kind: "ended" },
  waking: Waking,
): Promise<Verdict | number | "woken"> {
  const conclusion = await conclude(held, ending);
  if ("outcome" in conclusion) {
    if (!(await finish(held, heartbeat, conclusion.outcome))) return "woken";
    held.ended = endedWith(ending, conclusion.outcome);
    return "ack";
  }
  held.handlerAttempts += 1;
  held.deps.log.warn("the handler failed, will be tried again", {
    attempt: held.handlerAttempts - 1,
    retryAt: conclusion.retryAt,
    error: ending.ok ? undefined : serializeError(ending.error),
  });
  return (await backOff(held, heartbeat, waking, conclusion.retryAt)) ? "ack" : held.handlerAttempts;
}

/** The code's own value or error, as far as the run has ended with it: a value that could not be stored has become an error. */
function endedWith(ending: Ending, outcome: Outcome): Result {
  if (outcome.ok || !ending.ok) return ending;
  return { ok: false, error: deserializeError(outcome.error) };
}

/** Tells the function's middleware that this invocation has done with the handler. One that hangs gets half of the time that is left. */
async function close({ onClose, ended, deadline, deps: { clock, log } }: Held): Promise<void> {
  if (onClose === undefined) return;
  const late = Promise.withResolvers<"late">();
  const cancel = clock.at((clock.now() + deadline) / 2, () => late.resolve("late"));
  if ((await Promise.race([onClose(ended), late.promise])) === "late")
    log.warn("middleware is not waited for any longer: finished or beforeResponse takes too long");
  cancel();
}

/** Lets the handler rest until its next try: in place when that is soon, else suspended (true). */
async function backOff(held: Held, heartbeat: Heartbeat, waking: Waking, retryAt: number): Promise<boolean> {
  const { clock } = held.deps;
  while (retryAt - clock.now() >= IN_PLACE_SLEEP_MS_MAX) {
    if (await suspend(held, heartbeat, { open: [], all: false }, waking, retryAt)) return true;
    await lookAgain(held, heartbeat);
  }
  if (retryAt > clock.now()) await new Promise<void>((resolve) => clock.pause(retryAt, resolve));
  return false;
}

/** After a wake that came between. @throws Cancelled */
async function lookAgain(held: Held, heartbeat: Heartbeat): Promise<void> {
  await heartbeat.takeNews(() => held.reload());
  held.cancellation.check();
}

/** The time is up: another invocation goes on. The lease first, then the message (PROTOCOLS.md §2, continuation). */
async function passOn(held: Held): Promise<Verdict> {
  const { world, binding } = held.deps;
  if (!(await world.runs.release(held.run, held.fence, held.handlerAttempts))) throw new Fenced();
  await world.queue.sendToRun(binding.runQueueUrl, runMessage(held, `continue:${held.fence}`, { kind: "wake" }));
  return "ack";
}

function startReplay(held: Held): Replay {
  const { deps, fn, events, run, memo } = held;
  const earlier = new Set(memo.keys());
  const replay: Replay = new Replay((ledger) => fn.start(input, ledger), { memo, maxSteps: fn.maxSteps });
  const input: RunInput = {
    events: events.all.map(({ event }) => event),
    // Its own copy: what the code does to it must not be there in the next try.
    data: events.all.map(({ data }) => structuredClone(data)),
    main: events.main,
    runId: run.runId,
    attempt: held.attempt,
    maxAttempts: fn.retry.attempts,
    isReplaying: () => isReplaying(replay, earlier),
    log: runLogger(deps.log, run, held.attempt),
    sender: deps.world.bus,
    hops: held.hops,
    signal: held.cancellation.signal,
    knownSteps: () => knownSteps(memo, deps.world.payloads),
    reqArgs: deps.reqArgs ?? [],
    onClose: (hook) => {
      held.onClose = hook;
    },
  };
  return replay;
}

/** Code is replaying while it has not asked again for everything that was asked for before, and for nothing new. */
const isReplaying = (replay: Replay, earlier: ReadonlySet<string>): boolean => {
  const asked = [...replay.asked.keys()];
  return asked.length < earlier.size && asked.every((key) => earlier.has(key));
};

/** Failed tries of the step that is due again, else of the handler. */
function dueAttempt(held: Held): number {
  const now = held.deps.clock.now();
  const due = [...held.memo.values()].filter(
    (step) => hasBody(step.kind) && step.outcome === undefined && (step.until ?? 0) <= now,
  );
  return Math.max(held.handlerAttempts, ...due.map((step) => step.attempts));
}

/** Why the run cannot go on whatever its code does, if so. */
function hopelessError({ deps, header, memo, crashes, fn }: Held): StepwellError | undefined {
  if (judgeCrashes(crashes, fn.retry.attempts) === "failRun")
    return new StepwellError(
      "STEPWELL_RUN_CRASHED",
      `The invocation that ran this function ended without a result ${crashes} times, and not in a step: the code between the ` +
        "steps never settled within the Lambda's timeout, was killed, or ran out of memory. Look at the Lambda's log for these times; " +
        "put slow work into steps.",
    );
  if (isExpired(header, memo.size, deps.clock.now(), deps.world.retentionMs))
    return new StepwellError(
      "STEPWELL_RUN_EXPIRED",
      "Results of this run's steps have expired: it was not awake for longer than the engine's retention after it was due, as when its " +
        "function is not deployed. It is failed, since going on would do again what it has done.",
    );
  return undefined;
}
