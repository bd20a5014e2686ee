import middy from "@middy/core";
import { DUE_SHARDS } from "../aws/keys.ts";
import type { Due } from "../aws/run-store.ts";
import { LOGGED } from "../contract.ts";
import { becauseOf, isLost } from "../engine/overdue.ts";
import type { Door } from "../middleware/sqs-batch.ts";
import { sweepBucket } from "./buckets.ts";
import { GRACE_MS, type SweeperDeps, type Swept } from "./deps.ts";
import { sweepLines } from "./lines.ts";
import { sweepRun } from "./runs.ts";

export interface SweepReport {
  /** Runs that were due, and not awake: each got a fresh wake. */
  readonly woken: readonly string[];
  /** Runs in line for a slot that was free: each was sent its message. Absent when there were none. */
  readonly moved?: readonly string[];
  /** Runs whose debounce or batch was over and still open: the router closes it. Absent when there were none. */
  readonly flushed?: readonly string[];
  /** Why, for each of them. Absent when there were none. */
  readonly reasons?: readonly SweepReason[];
}

/** What a run had waited for, and why it was taken for lost. */
export interface SweepReason extends Swept {
  readonly because: string;
}

/** Of one shard, runs woken in one sweep, and looked at for it: those that are awake by now stay in the index. The next sweep takes the rest. */
const RUNS_PER_SHARD_MAX = 500;
const LOOKED_AT_PER_SHARD_MAX = 5_000;
/** Of one sweep, reasons in one log line, which has a quarter of a megabyte at most. */
const REASONS_LOGGED_MAX = 100;

/**
 * The sweeper: proves that every run that rests, every open debounce and batch, and every line has something ahead that brings it on, and
 * sends that where it is overdue (L3).
 */
export const createSweeper = (deps: SweeperDeps) => async (): Promise<SweepReport> => {
  const shards = await Promise.all(Array.from({ length: DUE_SHARDS }, (_, shard) => sweepShard(deps, shard)));
  const due = shards.flat();
  const moved = await sweepLines(deps);
  const report = reportOf({
    woken: due.filter((swept) => !isBucket(swept)),
    flushed: due.filter(isBucket),
    moved,
  });
  logReport(deps, report);
  return report;
};

/** The sweeper as a Lambda handler, called by a schedule every minute. */
export const sweeperHandler = (deps: SweeperDeps): Door => middy(createSweeper(deps)) as unknown as Door;

async function sweepShard(deps: SweeperDeps, shard: number): Promise<readonly Swept[]> {
  const { world, clock } = deps;
  const swept: Swept[] = [];
  let looked = 0;
  for await (const page of world.runs.due(shard, clock.now() - GRACE_MS, RUNS_PER_SHARD_MAX)) {
    const found = await Promise.all(page.map((due) => sweepDue(deps, due)));
    swept.push(...found.filter((one) => one !== undefined));
    looked += page.length;
    if (swept.length >= RUNS_PER_SHARD_MAX || looked >= LOOKED_AT_PER_SHARD_MAX) break;
  }
  return swept;
}

/** One that cannot be looked at does not keep the sweeper from the others. */
async function sweepDue(deps: SweeperDeps, due: Due): Promise<Swept | undefined> {
  try {
    return await (due.key.sk === "header" ? sweepRun(deps, due) : sweepBucket(deps, due));
  } catch (error) {
    deps.log.error("the sweeper could not look after what is due", { ...due.key, error: String(error) });
    return undefined;
  }
}

const isBucket = ({ waitedFor }: Swept): boolean => waitedFor === "debounce" || waitedFor === "batch";

type Found = Readonly<Record<"woken" | "flushed" | "moved", readonly Swept[]>>;

function reportOf({ woken, flushed, moved }: Found): SweepReport {
  const reasons = [...woken, ...flushed, ...moved].map((swept) => ({ ...swept, because: becauseOf(swept) }));
  return {
    woken: woken.map(idOf),
    ...(moved.length > 0 && { moved: moved.map(idOf) }),
    ...(flushed.length > 0 && { flushed: flushed.map(idOf) }),
    ...(reasons.length > 0 && { reasons }),
  };
}

const idOf = ({ runId }: Swept): string => runId;

function logReport({ log }: SweeperDeps, { moved, reasons = [] }: SweepReport): void {
  const isMoved = ({ waitedFor }: SweepReason) => waitedFor === "slot";
  const lost = reasons.filter((reason) => isLost(reason) && !isMoved(reason));
  if (moved !== undefined) log.info("runs in line have moved on", { moved });
  // An alarm counts them.
  if (lost.length > 0)
    log.warn(LOGGED.overdue, {
      woken: lost.map(idOf),
      count: lost.length,
      reasons: lost.slice(0, REASONS_LOGGED_MAX).map(lineOf),
    });
}

const lineOf = ({ runId, app, functionId, because, due }: SweepReason): string =>
  `${runId} of ${app}/${functionId}: ${because} (due ${new Date(due).toISOString()})`;

export type { SweeperDeps };
