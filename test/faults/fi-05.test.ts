import { describe, expect, it } from "vitest";
import { perform, type Scenario, type Stage } from "../laws/harness.ts";
import { MINUTE_MS, one } from "../laws/scenarios.ts";
import { holdUp, open } from "./stage.ts";

const siblings = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);

type Kind =
  | "steps of one invocation"
  | "steps in invocations of their own"
  | "waits that one event resolves"
  | "functions that are invoked";

/** A function that goes on once all its siblings have ended, which they do at the same time. */
const fanOut = (kind: Kind, count: number, continued: () => void): Omit<Scenario, "name"> => ({
  functions: (app) => {
    const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step }) => {
      await step.sleep("together", "1m");
      app.notebook.note("sibling");
    });
    const isApart = kind === "steps in invocations of their own";
    const handler: Parameters<typeof one>[0] = async ({ step }, { notebook, slow }) => {
      await Promise.all(
        siblings(count).map((id) => {
          if (kind === "functions that are invoked") return step.invoke(id, { function: child, data: {} });
          if (kind === "waits that one event resolves")
            return step.waitForEvent(id, { event: "laws/paid", timeout: "1d" }).then(() => notebook.note("sibling"));
          return notebook.step(step, id, async () => {
            await slow(MINUTE_MS);
            notebook.note("sibling");
          });
        }),
      );
      return notebook.step(step, "continuation", async () => {
        continued();
        await slow(30_000);
        return "done";
      });
    };
    return [child, ...one(handler, isApart ? { parallelism: "fanout" } : {})(app)];
  },
});

const script: Record<Kind, (stage: Stage) => Promise<void>> = {
  "steps of one invocation": ({ pass }) => pass(2 * MINUTE_MS),
  "steps in invocations of their own": ({ pass }) => pass(2 * MINUTE_MS),
  "functions that are invoked": ({ pass }) => pass(2 * MINUTE_MS),
  "waits that one event resolves": async ({ pass, cloud }) => {
    await pass(MINUTE_MS);
    await cloud.send({ name: "laws/paid", data: {} });
    await pass(MINUTE_MS);
  },
};

describe("FI-05 there is exactly one continuation, after the last of N siblings that end at the same time", {
  timeout: 300_000,
}, () => {
  describe.each<Kind>([
    "steps of one invocation",
    "steps in invocations of their own",
    "waits that one event resolves",
    "functions that are invoked",
  ])("%s", (kind) => {
    it.each([2, 3, 10, 50])("N = %i", async (count) => {
      const ended: (number | undefined)[] = [];
      const stage: Stage = await open(fanOut(kind, count, () => ended.push(stage.notebook.bodies.sibling)));
      const { run, problems } = await perform(stage, script[kind]);
      expect({ run, problems }).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
      // Waits are handed over one after another; their continuation too comes after the last.
      expect(ended).toEqual([count]);
    });
  });

  it.each([2, 3, 10, 50])(
    "N = %i that end while the one that waits for them is about to rest",
    { timeout: 300_000 },
    async (count) => {
      const ended: (number | undefined)[] = [];
      const stage: Stage = await open(
        fanOut("functions that are invoked", count, () => ended.push(stage.notebook.bodies.sibling)),
      );
      const suspend = holdUp(stage, "(SET #armed");
      const { run, problems } = await perform(stage, async ({ pass }) => {
        expect(suspend.reached).toBe(true);
        await pass(2 * MINUTE_MS);
        suspend.release();
        // At once: the message that is kept for a dead holder would only come after its lease.
        await pass(1_000);
        expect(ended).toEqual([count]);
        await pass(2 * MINUTE_MS);
      });
      expect({ run, problems }).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
      expect(ended).toEqual([count]);
    },
  );

  it.each([2, 10, 50])(
    "N = %i in invocations of their own, of which one dies with its result written",
    async (count) => {
      const ended: (number | undefined)[] = [];
      const apart = fanOut("steps in invocations of their own", count, () => ended.push(stage.notebook.bodies.sibling));
      const stage: Stage = await open(apart, [{ kind: "crashAfter", at: "(s0)" }]);
      const { run, problems, calls } = await perform(stage, ({ pass }) => pass(4 * MINUTE_MS));
      expect({ run, problems }).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
      expect(ended).toEqual([count]);
      // The start, and the one continuation.
      expect(calls.filter((call) => call.endsWith("/header (SET #owner)"))).toHaveLength(2);
    },
  );
});
