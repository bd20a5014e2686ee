import { describe, expect, it } from "vitest";
import { DUE_SHARDS } from "../../lambdas/aws/keys.ts";
import type { Due } from "../../lambdas/aws/run-store.ts";
import type { RunHeader } from "../../lambdas/engine/types.ts";
import { createSweeper } from "../../lambdas/sweeper/index.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { firstRun, open } from "./stage.ts";

const SECOND_MS = 1_000;

/** A sweeper that has looked at the table, and acts by what it saw then. */
type StaleSweeper = () => Promise<unknown>;

/** Takes the looks of a sweep now, as if the wake-ups of all runs had been lost long ago, for a sweep whenever it is called. */
async function lookNow({ doors, aws }: Stage): Promise<StaleSweeper> {
  const { world } = doors;
  const dues = new Map<number, readonly Due[]>();
  const headers = new Map<string, RunHeader | undefined>();
  for (let shard = 0; shard < DUE_SHARDS; shard++)
    for await (const page of world.runs.due(shard, aws.clock.now() + HOUR_MS, 100)) {
      dues.set(shard, page);
      for (const { key } of page) headers.set(key.pk, await world.runs.headerAt(key));
    }
  expect(headers.size).toBe(1);
  const runs = Object.assign(Object.create(world.runs), {
    async *due(shard: number) {
      yield dues.get(shard) ?? [];
    },
    headerAt: async ({ pk }: { readonly pk: string }) => headers.get(pk),
  });
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  return createSweeper({ world: { ...world, runs }, clock: aws.clock, log, environments: ["main"] });
}

/** What a sweeper of before has sent, and what only now arrives. */
async function lateWake(stage: Stage, id: string): Promise<void> {
  const { doors, provisioned } = stage;
  const wake = { v: 1, id, ...firstRun(stage), kind: "wake", rearm: true } as const;
  await doors.world.queue.sendToRun(provisioned.binding.runQueueUrl, wake);
}

/** A run that rests until its sleep is over, at one minute, works until two, rests until three, and works until four. */
const phases: Scenario["functions"] = one(async ({ step }, { notebook, slow }) => {
  await step.sleep("first", "1m");
  await notebook.step(step, "work", () => slow(MINUTE_MS));
  await step.sleep("second", "1m");
  await notebook.step(step, "again", () => slow(MINUTE_MS));
  return "done";
});

describe("FI-11 what a sweeper saw decides nothing: a run goes on by a conditional write that wins now", {
  timeout: 300_000,
}, () => {
  it.each([
    ["rests, and is not due any more", 150],
    ["is executed by another", 90],
    ["is executed by another, for the second time", 210],
    ["has ended", 300],
  ])("two sweepers with the same old list, while the run %s", async (_, seconds) => {
    const stage = await open({ functions: phases });
    await stage.cloud.send(START_EVENT);
    await stage.pass(30 * SECOND_MS);
    const sweepers = [await lookNow(stage), await lookNow(stage)];
    await stage.pass((seconds - 30) * SECOND_MS);
    const fence = async () => (await stage.doors.world.runs.header(firstRun(stage)))?.fence;
    const before = await fence();
    for (const sweep of sweepers) await sweep();
    for (const id of ["sweep:1", "sweep:2"]) await lateWake(stage, id);
    await stage.pass(SECOND_MS);
    const [run] = await stage.cloud.runsOf(START_EVENT.id);
    if (run?.status === "running" || run?.status === "completed") expect(await fence()).toBe(before);
    await stage.pass(HOUR_MS);
    await stage.doors.sweep();
    expect((await audit(stage)).problems).toEqual([]);
    expect(await stage.cloud.runsOf(START_EVENT.id)).toMatchObject([{ status: "completed", output: "done" }]);
    expect(stage.notebook.bodies).toEqual({ work: 1, again: 1 });
  });
});
