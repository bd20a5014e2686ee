import { describe, expect, it } from "vitest";
import { perform } from "../laws/harness.ts";
import { MINUTE_MS, one } from "../laws/scenarios.ts";
import { open, wakeForNothing } from "./stage.ts";

const SECOND_MS = 1_000;
/** Three leases long. */
const STEP_MS = 30 * SECOND_MS;

/** A run with a step that takes so long, and beside it everything that may wake it meanwhile. */
const busy = (bodies: number[]) =>
  one(async ({ step }, { notebook, slow }) => {
    let live = 0;
    const long = notebook.step(step, "long", async () => {
      bodies.push(++live);
      await slow(STEP_MS);
      live -= 1;
    });
    await Promise.all([
      long,
      step.waitForEvent("signal", { event: "laws/signal", timeout: "1h" }).then(() => notebook.step(step, "signalled")),
      step.waitForEvent("never", { event: "laws/never", timeout: "15s" }).then(() => notebook.step(step, "too late")),
      step.sleep("timer", "5s").then(() => notebook.step(step, "woken")),
      notebook.step(step, "sibling", () => slow(8 * SECOND_MS)),
    ]);
    return "done";
  });

describe("FI-06 a step in flight is not started again by a wake that is not about it", { timeout: 300_000 }, () => {
  it.each([0, 4, 9, 10, 14, 19, 29])(
    "an event, a timer, a timeout, a sibling's end and spare wakes: from %i s on",
    async (seconds) => {
      const bodies: number[] = [];
      const stage = await open({ functions: busy(bodies) });
      const { run, problems } = await perform(stage, async () => {
        await stage.pass(seconds * SECOND_MS);
        await wakeForNothing(stage);
        await stage.cloud.send({ id: "signal", name: "laws/signal", data: {} });
        await wakeForNothing(stage, "spare again");
        await stage.pass(5 * MINUTE_MS);
      });
      expect({ run, problems }).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
      expect(bodies).toEqual([1]);
      expect(Object.values(stage.notebook.bodies)).toEqual([1, 1, 1, 1, 1]);
    },
  );
});
