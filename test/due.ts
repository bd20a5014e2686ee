import { DUE_SHARDS } from "../lambdas/aws/keys.ts";
import type { Due, RunStore } from "../lambdas/aws/run-store.ts";

/** What the index says is due, by shard. */
export const dueByShard = (runs: RunStore, upTo: number): Promise<readonly (readonly Due[])[]> =>
  Promise.all(Array.from({ length: DUE_SHARDS }, (_, shard) => dueIn(runs, shard, upTo)));

async function dueIn(runs: RunStore, shard: number, upTo: number): Promise<readonly Due[]> {
  const due: Due[] = [];
  for await (const page of runs.due(shard, upTo, 1_000)) due.push(...page);
  return due;
}
