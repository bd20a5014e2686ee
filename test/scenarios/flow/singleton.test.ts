import { describe, expect, it } from "vitest";
import { type Input, type Line, MINUTE, on, openCloud } from "../cloud.ts";
import { sendOne } from "./flow.ts";

const sleeper = ({ step }: Input) => step.sleep("nap", "10m");

describe("singleton, mode skip", () => {
  const flow = { singleton: { mode: "skip", key: "event.data.user" } } as const;
  const send = (cloud: Awaited<ReturnType<typeof openCloud>>, user: unknown) =>
    sendOne(cloud, { name: "shop/import", data: { user } });

  it("starts no second run while the first of its key has not ended, and says which that is", async () => {
    const lines: Line[] = [];
    const cloud = await openCloud([on("import", sleeper, flow)], {}, lines);
    const first = await send(cloud, "a");
    await cloud.passTime(5 * MINUTE);
    const statuses = [await send(cloud, "a"), await send(cloud, "b")].map(({ status }) => status);
    expect(statuses).toEqual(["skipped", "sleeping"]);
    const told = lines.filter(({ message }) => message === "an event started no run of a function");
    expect(told.map(({ fields }) => fields)).toMatchObject([{ reason: "singleton", key: "a", because: first.id }]);
    expect(await cloud.waitForRun(first.id)).toMatchObject({ status: "completed" });
    expect(await send(cloud, "a")).toMatchObject({ status: "sleeping" });
  });

  it("is free again after a run that failed", async () => {
    const fn = on(
      "import",
      ({ attempt }) => {
        throw new Error(`attempt ${attempt}`);
      },
      flow,
    );
    const cloud = await openCloud([fn]);
    for (let i = 0; i < 2; i++) {
      const { id, status } = await send(cloud, "a");
      expect(status).not.toBe("skipped");
      expect(await send(cloud, "a")).toMatchObject({ status: "skipped" });
      expect(await cloud.waitForRun(id)).toMatchObject({ status: "failed" });
    }
  });

  it("without a key is one for the function; with one that is missing, none", async () => {
    const whole = { singleton: { mode: "skip" } } as const;
    const cloud = await openCloud([on("whole", sleeper, whole), on("import", sleeper, flow)]);
    const statuses = [];
    for (const name of ["shop/whole", "shop/whole", "shop/import", "shop/import"])
      statuses.push((await sendOne(cloud, { name, data: {} })).status);
    expect(statuses).toEqual(["sleeping", "skipped", "sleeping", "sleeping"]);
  });

  it("counts a run that waits for its throttled start", async () => {
    const throttle = { limit: 1, period: MINUTE, burst: 0 };
    const cloud = await openCloud([on("import", () => "done", { ...flow, throttle })]);
    expect(await send(cloud, "a")).toMatchObject({ status: "completed" });
    const second = await send(cloud, "a");
    expect(second).toMatchObject({ status: "queued" });
    expect(await send(cloud, "a")).toMatchObject({ status: "skipped" });
    expect(await cloud.waitForRun(second.id)).toMatchObject({ status: "completed" });
    expect(await send(cloud, "a")).toMatchObject({ status: "queued" });
  });
});
