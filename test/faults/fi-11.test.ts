import { describe, expect, it } from "vitest";
import { createSweeper } from "../../lambdas/sweeper/index.ts";
import { dueByShard } from "../due.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { firstRun, open } from "./stage.ts";

const SECOND_MS = 1_000;

/** A sweeper that has looked at the table, and acts by what it saw then. */
type StaleSweeper = () => Promise<void>;

/** Takes the looks of a sweep now, and sends what it would have sent whenever it is called. */
async function lookNow({ doors, aws }: Stage): Promise<StaleSweeper> {
  const { world } = doors;
  // As late as if the wake-ups of these runs had been lost.
  const due = await dueByShard(world.runs, aws.clock.now() + HOUR_MS);
  const keys = due.flat().map(({ key }) => key);
  const headers = new Map(
    await Promise.all(keys.map(async (key) => [key.pk, await world.runs.headerAt(key)] as const)),
  );
  const runs = Object.assign(Object.create(world.runs), {
    async *due(shard: number) {
      yield due[shard];
    },
    headerAt: async ({ pk }: { pk: string }) => headers.get(pk),
  });
  const sweep = createSweeper({
    world: { ...world, runs },
    clock: aws.clock,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    environments: ["main"],
  });
  expect(keys.length).toBe(1);
  return async () => {
    expect((await sweep()).woken).toEqual([firstRunId(headers)]);
  };
}

const firstRunId = (headers: ReadonlyMap<string, { readonly runId: string } | undefined>): string =>
  [...headers.values()][0]?.runId ?? "";

/** A run that rests until its sleep is over, at one minute, works until two, rests until three, and works until four. */
const phases: Scenario["functions"] = one(async ({ step }, { notebook, slow }) => {
  await step.sleep("first", "1m");
  await notebook.step(step, "work", () => slow(MINUTE_MS));
  await step.sleep("second", "1m");
  await notebook.step(step, "again", () => slow(MINUTE_MS));
  return "done";
});

describe("FI-11 what a sweeper saw decides nothing: a run goes on by a conditional write that wins now", () => {
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
