import { describe, expect, it } from "vitest";
import { FAULT_KINDS } from "../../sim/faults.ts";
import { perform, play, type Scenario } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { FREEZE_MS, open } from "./stage.ts";

const steps = ["a", "b", "c"] as const;

/** Three steps whose results say which try they are from: the notebook tells what the code was given, the auditor what is stored. */
const threeSteps: Scenario = {
  name: "checkpoints",
  functions: one(async ({ step }, { notebook }) => {
    for (const id of steps) await notebook.step(step, id);
    await step.sleep("replay", "1h");
    return "done";
  }),
};

const done = { run: { status: "completed", output: "done" }, problems: [] };

describe("FI-07 a checkpoint that is acknowledged is durable, and one that is durable is not made again", {
  timeout: 300_000,
}, () => {
  it("whatever happens to any checkpoint: a step that is stored is not run again, one that is not is, and the run advances", async () => {
    const { calls } = await play(threeSteps);
    const checkpoints = calls.flatMap((call, i) => (call.startsWith("PutItem run#") ? [i + 1] : [])).slice(0, 3);
    for (const [i, at] of checkpoints.entries())
      for (const kind of FAULT_KINDS) {
        const { run, problems, bodies } = await play(threeSteps, [{ kind, at }]);
        const again = ["failBefore", "throttle", "crashBefore", "freeze"].includes(kind) ? 2 : 1;
        const expected = Object.fromEntries(steps.map((id) => [id, id === steps[i] ? again : 1]));
        expect({ kind, step: steps[i], run, problems, bodies }).toMatchObject({ ...done, bodies: expected });
      }
  });

  it("of two tries that are checkpointed the first counts, also for the code of the second", async () => {
    // The first process stands still at the checkpoint, and makes it while the second one is in the body.
    const stage = await open(
      {
        functions: one(async ({ step }, { notebook, slow }) => {
          await notebook.step(step, "twice", (tries) => slow(tries === 1 ? 0 : 2 * FREEZE_MS));
          await step.sleep("replay", "1h");
          return "done";
        }),
      },
      [{ kind: "freeze", at: "PutItem run#" }],
    );
    const played = await perform(stage);
    expect(played).toMatchObject({ ...done, bodies: { twice: 2 } });
    expect(stage.notebook.handed.get("twice")).toEqual(new Set([JSON.stringify({ tries: 1 })]));
  });

  describe("when the time of the invocation is up", () => {
    const timeoutMs = MINUTE_MS;

    it("between two steps: the next one begins in another invocation, and none runs twice", async () => {
      const played = await play({
        name: "between",
        timeoutMs,
        functions: one(async ({ step }, { notebook, slow }) => {
          for (let i = 0; i < 8; i++) await notebook.step(step, `part-${i}`, () => slow(20_000));
          return "done";
        }),
        script: ({ pass }) => pass(HOUR_MS),
      });
      expect(played).toMatchObject(done);
      expect(Object.values(played.bodies)).toEqual(Array.from({ length: 8 }, () => 1));
    });

    it("in a step: it is not stored, so it runs again; what was stored before it does not", async () => {
      const played = await play({
        name: "in",
        timeoutMs,
        functions: one(async ({ step }, { notebook, slow }) => {
          await notebook.step(step, "before");
          await notebook.step(step, "long", (tries) => slow(tries === 1 ? 2 * MINUTE_MS : 1_000));
          return "done";
        }),
        script: ({ pass }) => pass(HOUR_MS),
      });
      expect(played).toMatchObject({ ...done, bodies: { before: 1, long: 2 } });
    });

    it("after the last step: nothing but the code after it is done again", async () => {
      let tails = 0;
      const played = await play({
        name: "after",
        timeoutMs,
        functions: one(async ({ step }, { notebook, slow }) => {
          await notebook.step(step, "before");
          if (++tails === 1) await slow(2 * MINUTE_MS);
          return "done";
        }),
        script: ({ pass }) => pass(HOUR_MS),
      });
      expect(played).toMatchObject({ ...done, bodies: { before: 1 } });
      expect(tails).toBe(2);
    });
  });
});
