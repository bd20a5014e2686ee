import { setTimeout as pause } from "node:timers/promises";
import type { RunStatus, RunSummary } from "../sdk/protocol/index.ts";
import { type Cloud, type CloudOptions, type ListQuery, listAll, openCloud } from "./cloud.ts";
import { EXIT, UsageFailure } from "./failure.ts";
import { dateTime, duration, paint, paintStatus, print, printJson, table } from "./format.ts";
import { showRun } from "./show-run.ts";

export interface RunsOptions extends CloudOptions {
  readonly function?: string;
  readonly status?: RunStatus;
  readonly limit: number;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const LOOK_EVERY_MS = 1_000;
const CLEAR_SCREEN = "\x1b[H\x1b[2J";

/** `stepwell runs` */
export async function runs(id: string | undefined, options: RunsOptions): Promise<number> {
  if (id !== undefined) {
    const lost = (["function", "status"] as const).find((name) => options[name] !== undefined);
    if (lost !== undefined) throw new UsageFailure(`--${lost} is for lists of runs, and ${id} is one run.`);
    return showRun(await openCloud(options), id, options);
  }
  const cloud = await openCloud(options);
  const query = { functionId: options.function, status: options.status, limit: options.limit };
  const first = await listAll(cloud, query);
  if (options.watch) return watch(cloud, query, first, options.json === true);
  if (options.json) printJson(first);
  else if (first.length > 0) for (const line of tableOf(first)) print(line);
  else print(`There are no such runs in ${cloud.name}.`);
  return EXIT.ok;
}

/** Until Ctrl-C: on a terminal the list as it is, in a pipe a line for each change. */
async function watch(
  cloud: Cloud,
  query: ListQuery & { readonly limit: number },
  first: readonly RunSummary[],
  json: boolean,
): Promise<never> {
  // No need to look for older ones again and again.
  const since = first.at(-1)?.queuedAt ?? Date.now();
  const onScreen = process.stdout.isTTY && !json;
  const seen = new Map<string, RunStatus>();
  for (let list = first; ; list = await listAll(cloud, { ...query, since })) {
    if (onScreen) process.stdout.write(`${CLEAR_SCREEN}${screenOf(cloud, list)}\n`);
    else for (const run of changed(list, seen)) print(json ? JSON.stringify(run) : lineOf(run));
    await pause(LOOK_EVERY_MS);
  }
}

const screenOf = (cloud: Cloud, list: readonly RunSummary[]): string =>
  [`Runs in ${cloud.name}. Ctrl-C ends.`, "", ...(list.length > 0 ? tableOf(list) : ["None yet."])].join("\n");

/** The oldest first, as lines in a log. */
function changed(list: readonly RunSummary[], seen: Map<string, RunStatus>): readonly RunSummary[] {
  const news = list.filter(({ id, status }) => seen.get(id) !== status);
  for (const { id, status } of news) seen.set(id, status);
  return news.toReversed();
}

const HEAD = ["RUN", "FUNCTION", "STATUS", "STARTED", "TOOK"];

const tableOf = (list: readonly RunSummary[]): string[] =>
  table([HEAD.map((title) => paint("dim", title)), ...list.map(rowOf)]);

const lineOf = (run: RunSummary): string => rowOf(run).join("  ").trimEnd();

function rowOf(run: RunSummary): string[] {
  const { id, app, functionId, status, startedAt, endedAt } = run;
  const took = startedAt !== undefined && endedAt !== undefined ? duration(endedAt - startedAt) : "";
  return [id, `${app}/${functionId}`, paintStatus(status), startedAt === undefined ? "" : dateTime(startedAt), took];
}
