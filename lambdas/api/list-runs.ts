import {
  RUNS_LISTED_AGE_MS_MAX,
  RUNS_LISTED_MAX,
  RUNS_LOOKED_AT_MAX,
  type RunAddress,
  type RunPage,
  type RunStatus,
  type RunSummary,
} from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import { allFunctions } from "../engine/match.ts";
import { timeOf } from "../engine/run-id.ts";
import { stillIn } from "./bucket-view.ts";
import { runSummary } from "./run-view.ts";

/** Which runs to list. */
export interface RunQuery {
  readonly env: string;
  /** @default - all apps of the environment */
  readonly app?: string | undefined;
  /** `<function>` or `<app>/<function>`. @default - every registered function; one that is not registered any more has to be named */
  readonly functionId?: string | undefined;
  readonly status?: RunStatus | undefined;
  /** At most so many. @default - 20 */
  readonly limit?: number | undefined;
  /** Only runs whose id is below this one: `next` of the page before. */
  readonly before?: string | undefined;
  /** Only runs of this day or later, in ms since the epoch; at most 400 days back. @default - as far as finished runs are kept */
  readonly since?: number | undefined;
}

type FunctionAddress = Omit<RunAddress, "runId">;

const LIMIT_DEFAULT = 20;
const DAY_MS = 86_400_000;
/** Headers that are read at the same time. */
const READS_AT_ONCE = 50;
/** Above every run id. */
const TOP = "~";

/**
 * Runs, the latest first. Their ids come from an index of keys, by function and day; how they stand is read from themselves. Runs that no
 * runner has taken yet are not there, nothing is stored of them; and neither are events whose debounce is open.
 */
export async function listRuns(world: World, query: RunQuery, now: number): Promise<RunPage> {
  const limit = Math.min(query.limit ?? LIMIT_DEFAULT, RUNS_LISTED_MAX);
  const runs: RunSummary[] = [];
  const isStillIn = stillIn(world);
  let looked = 0;
  for await (const batch of inBatches(runsDown(world, query, now), Math.min(limit, READS_AT_ONCE))) {
    const headers = await Promise.all(batch.map((run) => world.runs.header(run)));
    for (const [i, header] of headers.entries()) {
      const summary = header && !(await isStillIn(header)) ? runSummary(header) : undefined;
      if (summary !== undefined && (query.status ?? summary.status) === summary.status) runs.push(summary);
      if (runs.length === limit) return { runs, next: batch[i]?.runId };
    }
    looked += batch.length;
    if (looked >= RUNS_LOOKED_AT_MAX) return { runs, next: batch.at(-1)?.runId };
  }
  return { runs, next: undefined };
}

/** Addresses of runs: day by day, within a day by id. */
export async function* runsDown(world: World, query: RunQuery, now: number): AsyncGenerator<RunAddress> {
  const { before = TOP, limit = LIMIT_DEFAULT } = query;
  const since = Math.max(query.since ?? now - world.retentionMs, now - RUNS_LISTED_AGE_MS_MAX);
  const functions = await functionsOf(world, query);
  // A run may have been queued a while after its event's time, which is the time in its id.
  const latest = Math.min(now, before === TOP ? now : timeOf(before) + DAY_MS);
  for (let time = startOfDay(latest); time >= startOfDay(since); time -= DAY_MS) {
    const day = new Date(time).toISOString().slice(0, 10);
    yield* merge(functions.map((fn) => withAddress(fn, world.runs.idsOfDay(fn, day, before, limit))));
  }
}

const startOfDay = (time: number): number => time - (time % DAY_MS);

async function functionsOf(world: World, query: RunQuery): Promise<readonly FunctionAddress[]> {
  const { env } = query;
  // As lists show it, `<app>/<function>`, or without its app.
  const [functionId, app = query.app] = query.functionId?.split("/").reverse() ?? [];
  if (query.app !== undefined && app !== query.app) return [];
  if (app !== undefined && functionId !== undefined) return [{ env, app, functionId }];
  const apps = (await world.registry.apps(env)).filter(({ manifest }) => manifest.app === (app ?? manifest.app));
  if (functionId !== undefined) return apps.map(({ manifest }) => ({ env, app: manifest.app, functionId }));
  return allFunctions(apps).map(({ app: { manifest }, fn }) => ({ env, app: manifest.app, functionId: fn.id }));
}

async function* withAddress(fn: FunctionAddress, ids: AsyncIterable<string>): AsyncGenerator<RunAddress> {
  for await (const runId of ids) yield { ...fn, runId };
}

/** One descending stream of several. */
async function* merge(streams: readonly AsyncGenerator<RunAddress>[]): AsyncGenerator<RunAddress> {
  const read = async (stream: AsyncGenerator<RunAddress>) => ({ stream, head: await stream.next() });
  let heads = await Promise.all(streams.map(read));
  for (;;) {
    heads = heads.filter(({ head }) => head.done !== true);
    const [first, ...others] = heads;
    if (first === undefined) return;
    const highest = others.reduce((a, b) => (b.head.value.runId > a.head.value.runId ? b : a), first);
    yield highest.head.value;
    highest.head = await highest.stream.next();
  }
}

export async function* inBatches<T>(stream: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[]> {
  let batch: T[] = [];
  for await (const item of stream) {
    if (batch.push(item) < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
