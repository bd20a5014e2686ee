import middy from "@middy/core";
import type { LogSink } from "../../sdk/execution/contract.ts";
import type { Clock, RunMessage } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import { LOGGED } from "../contract.ts";
import { serves } from "../engine/match.ts";
import type { Door } from "../middleware/sqs-batch.ts";
import { sweepLines } from "./lines.ts";

export interface SweeperDeps {
  readonly world: World;
  readonly clock: Clock;
  readonly log: LogSink;
  /** The engine's. */
  readonly environments: readonly string[];
}

export interface SweepReport {
  /** Suspended runs that were due and asleep: each got a fresh wake. */
  readonly woken: readonly string[];
  /** Runs in line for a slot that was free: each was sent its message. Absent when there were none. */
  readonly moved?: readonly string[];
}

/** A run is looked after this long past its due time: its own timer comes first. In milliseconds. */
const GRACE_MS = 60_000;
/** A run whose function is not deployed is looked after again so much later, in milliseconds. */
const NOT_SERVED_RETRY_MS = 5 * 60_000;
/** Runs woken in one sweep and shard; the next sweep takes the rest. */
const RUNS_PER_SHARD_MAX = 500;

/**
 * The sweeper: proves that every suspended run has a wake-up ahead of it, and sends one where it is overdue (L3). The index only
 * tells where to look; the header decides.
 */
export const createSweeper = (deps: SweeperDeps) => async (): Promise<SweepReport> => {
  const { world, clock, log } = deps;
  const due = await world.runs.due(clock.now() - GRACE_MS, RUNS_PER_SHARD_MAX);
  const woken = await Promise.all(due.map((key) => wakeIfOverdue(deps, key)));
  const moved = await sweepLines(deps);
  const report: SweepReport = {
    woken: woken.filter((runId) => runId !== undefined),
    ...(moved.length > 0 && { moved }),
  };
  if (moved.length > 0) log.info("runs in line have moved on", { moved });
  // An alarm counts them.
  if (report.woken.length > 0) log.warn(LOGGED.overdue, { woken: report.woken, count: report.woken.length });
  return report;
};

/** The sweeper as a Lambda handler, called by a schedule every minute. */
export const sweeperHandler = (deps: SweeperDeps): Door => middy(createSweeper(deps)) as unknown as Door;

async function wakeIfOverdue(
  { world, clock }: SweeperDeps,
  key: { pk: string; sk: string },
): Promise<string | undefined> {
  const header = await world.runs.headerAt(key);
  if (header === undefined || header.status !== "active" || header.owner !== undefined) return undefined;
  const app = await world.registry.app(header.env, header.app);
  if (app === undefined || !serves(app, header.functionId)) {
    // Nobody could take the wake-up. Looked at again later, so that such runs do not stand before the others.
    await world.runs.postpone(header, clock.now() + NOT_SERVED_RETRY_MS);
    return undefined;
  }
  const { env, functionId, runId } = header;
  const minute = Math.floor(clock.now() / 60_000);
  const wake = { kind: "wake", rearm: true } as const;
  const message: RunMessage = { v: 1, id: `sweep:${minute}`, env, app: header.app, functionId, runId, ...wake };
  await world.queue.sendToRun(app.queueUrl, message);
  return runId;
}
