import type { DeadLetterPage, Redriven } from "../lambdas/api/dead-letters.ts";
import type { RunQuery, SkipsQuery } from "../lambdas/api/index.ts";
import type { DeadLetter } from "../lambdas/aws/dead-letter-store.ts";
import type { OutgoingEvent } from "../sdk/execution/index.ts";
import type { RunPage, RunSummary, RunView, SkipCounts } from "../sdk/protocol/index.ts";
import { UsageFailure } from "./failure.ts";

/** What commands need of a stepwell: a local cloud, or a deployed engine. */
export interface Cloud {
  /** For messages. */
  readonly name: string;
  /** Resolves with the event's id. */
  send(event: OutgoingEvent): Promise<string>;
  /** The runs that an event has started; undefined when it has not been routed in time. */
  runsOf(eventId: string): Promise<readonly RunView[] | undefined>;
  run(runId: string): Promise<RunView | undefined>;
  /** Resolves with the run as it is then; undefined when there is none. */
  cancel(runId: string, options: { readonly reason?: string | undefined }): Promise<RunView | undefined>;
  list(query: ListQuery): Promise<RunPage>;
  skips(query: CountQuery): Promise<SkipCounts>;
  /** A page of dead letters, behind the id `after`. */
  deadLetters(after: string | undefined): Promise<DeadLetterPage>;
  deadLetter(id: string): Promise<DeadLetter | undefined>;
  /** Sends up to `REDRIVES_AT_ONCE` dead letters anew. */
  redrive(ids: readonly string[], dryRun: boolean): Promise<readonly Redriven[]>;
}

export type ListQuery = Omit<RunQuery, "env" | "app">;
export type CountQuery = Omit<SkipsQuery, "env" | "app">;

/** The options of `--help` by which a command's cloud is chosen. */
export interface CloudOptions {
  readonly url: string;
  readonly engine?: string;
  readonly environment?: string;
  readonly app?: string;
  readonly region?: string;
}

export async function openCloud(options: CloudOptions): Promise<Cloud> {
  const { engine } = options;
  if (engine !== undefined) return (await import("./engine-cloud.ts")).openEngine({ ...options, engine });
  const lost = (["environment", "app", "region"] as const).find((name) => options[name] !== undefined);
  if (lost === undefined) return (await import("./local-cloud.ts")).openLocal(options.url);
  throw new UsageFailure(`--${lost} is for a deployed engine.`, { advice: "Name it as well: --engine stepwell" });
}

/** So many pages are read for a list whose runs are rare. */
const PAGES_MAX = 5;

/** Pages until there are as many runs as asked for. */
export async function listAll(cloud: Cloud, query: ListQuery & { readonly limit: number }): Promise<RunSummary[]> {
  const runs: RunSummary[] = [];
  let before = query.before;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { runs: some, next } = await cloud.list({ ...query, limit: query.limit - runs.length, before });
    runs.push(...some);
    if (next === undefined || runs.length >= query.limit) break;
    before = next;
  }
  return runs;
}
