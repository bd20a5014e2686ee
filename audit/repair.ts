import { serves } from "../lambdas/engine/match.ts";
import type { RunMessage } from "../sdk/protocol/index.ts";
import type { Finding, RunToWake, Snapshot } from "./contract.ts";
import { appsIn } from "./facts.ts";

/** A message that repairs a run, and the queue that it is for. */
export interface Repair {
  readonly queueUrl: string;
  readonly message: RunMessage;
}

const MINUTE_MS = 60_000;

/**
 * The repairs of what was found: a fresh wake for each run that one helps, once. It has the run set up everything again that is open; one too
 * many changes nothing. Runs whose function is not deployed get none, since nobody could take it.
 */
export function repairsOf(findings: readonly Finding[], { items, now }: Snapshot): readonly Repair[] {
  const apps = appsIn(items);
  const runs = new Map(
    findings.flatMap(({ wake, unsure }) => (wake === undefined || unsure ? [] : [[keyOf(wake), wake] as const])),
  );
  return [...runs.values()].flatMap((run) => {
    const app = apps.find(({ env, manifest }) => env === run.env && manifest.app === run.app);
    if (app === undefined || !serves(app, run.functionId)) return [];
    const id = `audit:${Math.floor(now / MINUTE_MS)}`;
    return [{ queueUrl: app.queueUrl, message: { v: 1, id, ...run, kind: "wake", rearm: true } }];
  });
}

const keyOf = ({ env, runId }: RunToWake): string => `${env} ${runId}`;
