import type { AnyFunction, CheckpointingOption } from "stepwell";
import { type CrashSafetyError, TestEngine } from "stepwell/test";
import { expect, it, onTestFinished } from "vitest";
import { type App, openStage } from "../laws/harness.ts";
import { finish, MINUTE, openCloud, stepwell } from "../scenarios/cloud.ts";

const copied: string[] = [];
const table = { copy: (row: string) => copied.push(row) };

// #region buffered
const copyRows = stepwell.createFunction(
  { id: "copy-rows", checkpointing: { bufferedSteps: 3, maxInterval: "5s" } },
  { event: "shop/table.filled" },
  async ({ event, step }) => {
    const rows: string[] = event.data.rows;
    for (const row of rows) await step.run(row, () => table.copy(row)); // written in threes
    await step.sleep("a-while", "1h"); // first the rest is written
    return rows.length;
  },
);
// #endregion

const event = { name: "shop/table.filled", data: { rows: ["a", "b", "c", "d"] } };
const world = { reset: () => copied.splice(0), effects: () => [...copied] };

/** Which bodies run again, by the step whose body had just ended when the process died. */
async function repeatedBy(fn: AnyFunction): Promise<Record<string, readonly string[]>> {
  const { findings }: CrashSafetyError = await new TestEngine({ function: fn, events: [event] })
    .survivesCrashes(world)
    .catch((error) => error);
  const ended = findings.filter(({ at }) => at === "bodyEnded");
  return Object.fromEntries(
    ended.map(({ stepId, ranAgain }) => [stepId, ranAgain.map((id) => id.split("/")[1] ?? "")]),
  );
}

it("a crash repeats the results that were not written", async () => {
  expect(await repeatedBy(copyRows)).toEqual({ a: ["a"], b: ["a", "b"], c: ["a", "b", "c"], d: ["d"] });
});

it.each<CheckpointingOption>([true, false])("with %s it repeats one body", async (checkpointing) => {
  const each = stepwell.createFunction(
    { id: "copy-each", checkpointing },
    { event: "shop/table.filled" },
    async ({ event, step }) => {
      for (const row of event.data.rows as string[]) await step.run(row, () => table.copy(row));
    },
  );
  expect(await repeatedBy(each)).toEqual({ a: ["a"], b: ["b"], c: ["c"], d: ["d"] });
});

it("false gives each step an invocation", async () => {
  const model = { train: (part: string) => part.length, merge: (sizes: number[]) => sizes.length };
  // #region alone
  const train = stepwell.createFunction(
    { id: "train", checkpointing: false }, // each step has a Lambda's whole time
    { event: "shop/model.asked" },
    async ({ step }) => {
      const sizes: number[] = [];
      for (const part of ["north", "south"]) sizes.push(await step.run(part, () => model.train(part)));
      return step.run("merge", () => model.merge(sizes));
    },
  );
  // #endregion
  const cloud = await openCloud([train]);
  expect(await finish(cloud, { name: "shop/model.asked" })).toMatchObject({ output: 2 });
  expect(cloud.meter().invocations).toBe(3);
});

it("maxRuntime hands the run on to another invocation", async () => {
  const functions = ({ client: stepwell, slow }: App) => {
    const film = { render: () => slow(3 * MINUTE) };
    // #region runtime
    const render = stepwell.createFunction(
      { id: "render", checkpointing: { maxRuntime: "5m" } }, // then another invocation goes on
      { event: "film/shot" },
      async ({ step }) => {
        for (let reel = 1; reel <= 4; reel++) await step.run(`reel-${reel}`, () => film.render());
      },
    );
    // #endregion
    return [render];
  };
  const { cloud } = await openStage({ name: "four slow steps", functions, timeoutMs: 15 * MINUTE });
  onTestFinished(() => cloud.close());
  const { invocations } = cloud.meter();
  expect(await finish(cloud, { name: "film/shot" })).toMatchObject({ status: "completed" });
  expect(cloud.meter().invocations - invocations).toBe(2); // two reels of three minutes each
});
