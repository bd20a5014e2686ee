import type { Op } from "../../sdk/execution/index.ts";
import { EVENT_RETENTION_MS, type StepMemo } from "../../sdk/protocol/index.ts";
import { retryName } from "../aws/keys.ts";
import { parkingOf, toArm } from "../engine/park.ts";
import { renewedExpiry, toRenew } from "../engine/retention.ts";
import { armFinish } from "./deadlines.ts";
import type { Heartbeat } from "./heartbeat.ts";
import { Fenced, type Held } from "./held.ts";
import { operations } from "./operations/index.ts";
import { runMessage } from "./operations/operation.ts";
import type { Parked } from "./session.ts";
import { giveUp } from "./slots.ts";

/** A margin before an event's expiry, in milliseconds. */
const DAY_MS = 86_400_000;

/** Writes under way at the same time when a long run is renewed. */
const RENEWALS_AT_ONCE = 100;

/** Why the run is awake. */
export interface Waking {
  /** Set everything up again (a sweeper asks for it). */
  readonly rearm: boolean;
  /** A timer of the run has been spent before its time: clocks differ. */
  readonly early: boolean;
}

/**
 * Lets go of a run: every timer and message that will wake it first, then the conditional write (PROTOCOLS.md §2, step 5).
 * False: a wake came meanwhile, look again. @throws Fenced
 */
export async function suspend(
  held: Held,
  heartbeat: Heartbeat,
  { open, all }: Parked,
  waking: Waking,
  retryAt?: number,
): Promise<boolean> {
  const { clock, world } = held.deps;
  const own = open.filter(({ key }) => !held.fanOut.has(key));
  const steps = own.flatMap((op) => held.memo.get(op.key) ?? []);
  const facts = { armed: held.header.armed ?? 0, all: waking.rearm, near: waking.early || heartbeat.woken };
  const arming = toArm(steps, facts, clock.now()).filter((step) => !held.setUpHere.has(step.key));
  await Promise.all(arming.map((step) => arm(held, open, step)));
  if (retryAt !== undefined) await armHandlerRetry(held, retryAt);
  const finishBy = await armFinish(held, facts);
  const parking = parkingOf(steps, { retryAt, finishBy, apart: own.length < open.length }, clock.now());
  await keepEvents(held, parking.due);
  await keepMemo(held, parking.due);
  // Only a suspend that has seen all open operations may say that they are set up.
  const armed = all ? held.fence : (held.header.armed ?? 0);
  const { run, fence, handlerAttempts: attempts } = held;
  const write = {
    fence,
    seen: heartbeat.seen,
    armed,
    parking,
    attempts,
    results: held.memo.size,
    ...(retryAt !== undefined && { retryAt }),
    ...(finishBy !== undefined && { finishBy }),
  };
  if (await world.runs.suspend(run, write)) {
    await giveUp(held);
    held.deps.log.debug(`run ${parking.doing}`, { wakesAt: parking.due });
    return true;
  }
  await expectWake(held, heartbeat);
  return false;
}

/** After a refused suspend or finish: it was a wake, or the run is not ours any more. @throws Fenced */
export async function expectWake(held: Held, heartbeat: Heartbeat): Promise<void> {
  const header = await held.deps.world.runs.header(held.run);
  if (!heartbeat.hear(header) || header?.wakeSeq === heartbeat.seen) throw new Fenced();
}

async function arm(held: Held, open: readonly Op[], step: StepMemo): Promise<void> {
  const op = open.find((candidate) => candidate.key === step.key);
  if (op !== undefined) await operations[step.kind].setUp(held, op, step);
}

async function armHandlerRetry(held: Held, retryAt: number): Promise<void> {
  const { world, clock, binding } = held.deps;
  const attempts = held.handlerAttempts;
  const name = `handler:${attempts}`;
  const message = runMessage(held, `timer:${name}`, { kind: "wake", timer: { stepKey: name, at: retryAt } });
  await world.timer.arm(
    retryName(held.run.runId, attempts, retryAt),
    retryAt,
    clock.now(),
    binding.runQueueUrl,
    message,
  );
}

/** The events of a run that sleeps past their expiry are kept longer (live state has no TTL that matters), and the list of them. */
async function keepEvents({ deps: { world }, run, events }: Held, until: number): Promise<void> {
  const expiring = events.all.filter(({ event }) => until + DAY_MS > event.at + EVENT_RETENTION_MS);
  for (let i = 0; i < expiring.length; i += RENEWALS_AT_ONCE)
    await Promise.all(expiring.slice(i, i + RENEWALS_AT_ONCE).map(({ event }) => world.events.keepUntil(event, until)));
  const { listedUntil } = events;
  if (listedUntil === undefined || listedUntil >= until + world.retentionMs) return;
  await world.runEvents.keep(run, renewedExpiry(until, world.retentionMs));
}

/** Renews what would not outlive the run's rest by the retention. */
async function keepMemo({ deps: { world }, memo, run }: Held, due: number): Promise<void> {
  const { retentionMs } = world;
  const keptUntil = renewedExpiry(due, retentionMs);
  const renewing = toRenew(memo.values(), due, retentionMs);
  // Steps of one pack are renewed by one write.
  const written = [...new Map(renewing.map((step) => [step.pack ?? step.key, step])).values()];
  for (let i = 0; i < written.length; i += RENEWALS_AT_ONCE)
    await Promise.all(written.slice(i, i + RENEWALS_AT_ONCE).map((step) => world.steps.keep(run, step, keptUntil)));
  for (const step of renewing) memo.set(step.key, { ...step, keptUntil });
}
