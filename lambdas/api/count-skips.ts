import { RUNS_LISTED_MAX, SKIPS_LOOKED_AT_MAX, type SkipCount, type SkipCounts } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import type { RunHeader } from "../engine/types.ts";
import { stillIn } from "./bucket-view.ts";
import { inBatches, type RunQuery, runsDown } from "./list-runs.ts";

/** Which events that have started no run are counted. */
export interface SkipsQuery extends Pick<RunQuery, "env" | "app" | "functionId"> {
  /** From this time on, in ms since the epoch. @default - the last 24 hours */
  readonly since?: number | undefined;
}

const DAY_MS = 86_400_000;
const READS_AT_ONCE = 50;

/** Counts the records of events that have started no run. They lie among the runs, so each run of that time is a read. */
export async function countSkips(world: World, query: SkipsQuery, now: number): Promise<SkipCounts> {
  const { since = now - DAY_MS } = query;
  const counts = new Map<string, SkipCount>();
  const isStillIn = stillIn(world);
  let looked = 0;
  for await (const batch of inBatches(
    runsDown(world, { ...query, since, limit: RUNS_LISTED_MAX }, now),
    READS_AT_ONCE,
  )) {
    if (looked >= SKIPS_LOOKED_AT_MAX) return { skips: sorted(counts), more: true };
    looked += batch.length;
    const headers = await Promise.all(batch.map((run) => world.runs.header(run)));
    for (const header of headers)
      if (header?.skipped && header.queuedAt >= since && !(await isStillIn(header))) count(counts, header);
  }
  return { skips: sorted(counts), more: false };
}

function count(counts: Map<string, SkipCount>, { app, functionId, skipped }: RunHeader): void {
  if (skipped === undefined) return;
  const { reason } = skipped;
  const name = `${app}/${functionId}#${reason}`;
  counts.set(name, { app, functionId, reason, count: (counts.get(name)?.count ?? 0) + 1 });
}

const sorted = (counts: ReadonlyMap<string, SkipCount>): readonly SkipCount[] =>
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
