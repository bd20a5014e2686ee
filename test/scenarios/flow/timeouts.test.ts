import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RetryAfterError } from "stepwell";
import { afterAll, describe, expect, it } from "vitest";
import { DAY, HOUR, type Input, MINUTE, on, openCloud, start } from "../cloud.ts";
import { cancelledBy, leftBehind } from "./lifetime.ts";

const FINISH = { by: "timeout", timeout: "finish" } as const;
const dataDir = mkdtempSync(join(tmpdir(), "stepwell-timeouts-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const within = (finish: number, handler: (input: Input) => unknown) => on("limited", handler, { timeouts: { finish } });

describe("timeouts.finish cancels a run", () => {
  it.each<[string, number, (input: Input) => unknown]>([
    ["that sleeps longer", HOUR, ({ step }) => step.sleep("nap", "9d")],
    ["that sleeps a little longer", 10_000, ({ step }) => step.sleep("nap", "15s")],
    ["that waits longer", 2 * DAY, ({ step }) => step.waitForEvent("w", { event: "shop/x" as never, timeout: "9d" })],
    [
      "that goes on after each sleep",
      HOUR,
      async ({ step }) => {
        for (let i = 0; i < 100; i++) await step.sleep("nap", "7m");
      },
    ],
  ])("%s, when its time is over and not before", async (_, ms, handler) => {
    const cloud = await openCloud([within(ms, handler)]);
    const run = await start(cloud, { name: "shop/limited" });
    const startedAt = run.startedAt ?? 0;
    await cloud.passTime(ms - 1_000);
    expect(["sleeping", "waiting"]).toContain((await cloud.run(run.id))?.status);
    await cloud.passTime(2_000);
    const done = await cloud.run(run.id);
    expect(done).toMatchObject(cancelledBy(FINISH));
    expect((done?.endedAt ?? 0) - startedAt).toBe(ms);
    expect(await leftBehind(cloud)).toEqual([]);
    await cloud.passTime("60d");
    expect(await cloud.run(run.id)).toEqual(done);
  });

  it("whose body still runs: its signal is aborted in time, and no other body begins", async () => {
    const seen: unknown[] = [];
    const fn = within(90_000, async ({ step }) => {
      await step.run(
        "long",
        ({ signal }) =>
          new Promise<void>((resolve) => {
            signal.addEventListener("abort", () => {
              seen.push(signal.reason.message);
              resolve();
            });
          }),
      );
      await step.run("next", () => void seen.push("next"));
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/limited" });
    await cloud.passTime(89_000);
    expect(seen).toEqual([]);
    await cloud.passTime(1_000);
    expect(seen).toEqual(["The run was cancelled: it had not ended within the function's timeouts.finish."]);
    expect(await cloud.run(run.id)).toMatchObject(cancelledBy(FINISH));
  });

  it("not if it ends in time, and arms nothing for one that never rests", async () => {
    const cloud = await openCloud([within(HOUR, ({ step }) => step.run("quick", () => 1))]);
    const run = await start(cloud, { name: "shop/limited" });
    expect(run.status).toBe("completed");
    expect(cloud.meter().calls["scheduler.CreateSchedule"]).toBeUndefined();
    const rests = await openCloud([within(HOUR, ({ step }) => step.sleep("nap", "50m"))]);
    const resting = await start(rests, { name: "shop/limited" });
    const done = await rests.waitForRun(resting.id);
    expect(done.status).toBe("completed");
    expect(done).not.toHaveProperty("cancel");
    expect(await leftBehind(rests)).toEqual([]);
  });

  it("counts from the first execution, and arms its timer once", async () => {
    const cloud = await openCloud([
      within(10 * HOUR, async ({ step }) => {
        for (let i = 0; i < 4; i++) await step.sleep("nap", "1h");
        return "done";
      }),
    ]);
    const run = await start(cloud, { name: "shop/limited" });
    expect((await cloud.waitForRun(run.id)).status).toBe("completed");
    // Four sleeps and the deadline.
    expect(cloud.meter().calls["scheduler.CreateSchedule"]).toBe(5);
  });

  it("also over a restart of the cloud, and under a deadline that a deploy has changed", async () => {
    const sleeps = ({ step }: Input) => step.sleep("nap", "9d");
    const cloud = await openCloud([within(DAY, sleeps)], { dataDir });
    const run = await start(cloud, { name: "shop/limited" });
    await cloud.close();
    const again = await openCloud([within(DAY, sleeps)], { dataDir });
    await again.passTime(DAY + MINUTE);
    expect(await again.run(run.id)).toMatchObject(cancelledBy(FINISH));
  });

  it("with a retry of the handler ahead", async () => {
    const fn = within(MINUTE, () => {
      throw new RetryAfterError("later", "40s");
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/limited" });
    await cloud.passTime(2 * MINUTE);
    expect(await cloud.run(run.id)).toMatchObject(cancelledBy(FINISH));
  });

  it("keeps the cause of a cancellation that was first", async () => {
    const gate = Promise.withResolvers<void>();
    const cloud = await openCloud([within(4_000, ({ step }) => step.run("long", () => gate.promise))]);
    const run = await start(cloud, { name: "shop/limited" });
    await cloud.cancel(run.id, { reason: "first" });
    await cloud.passTime(4_500);
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject(cancelledBy({ by: "request", reason: "first" }));
  });
});

it("timeouts.start has no say over a run that has been started, however long that takes", async () => {
  const fn = on("slow", ({ step }) => step.sleep("nap", "2h"), { timeouts: { start: "1m" } });
  const cloud = await openCloud([fn]);
  const run = await start(cloud, { name: "shop/slow" });
  expect((await cloud.waitForRun(run.id)).status).toBe("completed");
});
