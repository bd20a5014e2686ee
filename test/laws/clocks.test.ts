import { expect, it } from "vitest";
import { openStage } from "../../sim/stage.ts";

const BEHIND_MS = 4_000;

it("a sleep that is over for one process is over for the next, whose clock is behind (L3)", async () => {
  let behindMs = 0;
  const stage = await openStage({
    app: "laws",
    functions: ({ client, slow }) => {
      const child = client.createFunction({ id: "child" }, { event: "laws/never" }, async () => {
        await slow(1_500);
        return "done";
      });
      const main = client.createFunction({ id: "main" }, { event: "laws/start" }, async ({ step }) => {
        await step.sleep("nap", "20s");
        return step.invoke("ask", { function: child, data: {} });
      });
      return [main, child];
    },
    clock: (clock) => ({
      now: () => clock.now() - behindMs,
      at: (time, then) => clock.at(time + behindMs, then),
      pause: (time, then) => clock.pause(time + behindMs, then),
    }),
  });
  stage.faults.arm([]);
  // The process that asks for the child has slept; all that come after it have clocks by which it has not.
  stage.faults.before = (call) => {
    if (call.includes("invoke run#")) behindMs = BEHIND_MS;
    return undefined;
  };
  const { ids } = await stage.cloud.send({ name: "laws/start", data: {} });
  await stage.pass(60_000);
  const [run] = await stage.cloud.runsOf(ids[0] ?? "");
  expect(run).toMatchObject({ status: "completed", output: "done" });
  expect(stage.swept).toEqual([]);
  await stage.cloud.close();
});
