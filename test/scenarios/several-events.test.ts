import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { type Input, on, openCloud, start } from "./cloud.ts";

interface Arrived {
  readonly id: string;
  readonly name: string;
}

describe.each(["stepFunctions", "table"] as const)("waitForEvent for the first of several, by %s", (waits) => {
  const waiting = (options: object): Promise<LocalCloud> =>
    openCloud([on("wait", ({ step }) => step.waitForEvent("answer", { timeout: "7d", ...options } as never))], {
      waits,
    });
  const answers = [
    "shop/approved",
    { event: "shop/rejected", if: "async.data.final && async.data.id == event.data.id" },
  ];
  const begin = (cloud: LocalCloud, data: object = { id: 1 }) => start(cloud, { name: "shop/wait", data });

  it("takes whichever comes first, by the condition of each", async () => {
    const cloud = await waiting({ event: answers, match: "data.id" });
    const [first, second] = [await begin(cloud), await begin(cloud, { id: 2 })];
    expect(first.waitingFor).toMatchObject({
      kind: "event",
      event: "shop/approved",
      events: ["shop/approved", "shop/rejected"],
    });
    await cloud.send({ name: "shop/rejected", data: { id: 1, final: false } });
    await cloud.send({ name: "shop/approved", data: { id: 3 } });
    expect([(await cloud.run(first.id))?.status, (await cloud.run(second.id))?.status]).toEqual(["waiting", "waiting"]);
    await cloud.send({ name: "shop/rejected", id: "no", data: { id: 1, final: true } });
    await cloud.send({ name: "shop/approved", id: "yes", data: { id: 2 } });
    await cloud.send({ name: "shop/approved", id: "late", data: { id: 1 } });
    expect((await cloud.run(first.id))?.output).toMatchObject({ name: "shop/rejected", id: "no" });
    expect((await cloud.run(second.id))?.output).toMatchObject({ name: "shop/approved", id: "yes" });
  });

  it("has one winner of two that come at once, and the other is no news for the next wait", async () => {
    const cloud = await openCloud(
      [
        on("wait", async ({ step }: Input) => {
          const first = (await step.waitForEvent("first", { event: ["shop/a", "shop/b"], timeout: "1h" })) as Arrived;
          const second = (await step.waitForEvent("second", {
            event: ["shop/a", "shop/b"],
            timeout: "1h",
          })) as Arrived | null;
          return [first.id, second?.id ?? null];
        }),
      ],
      { waits },
    );
    const run = await begin(cloud);
    await cloud.send({ name: "shop/a", id: "a" });
    await cloud.send({ name: "shop/a", id: "a" });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.passTime("5s");
    await cloud.send([
      { name: "shop/b", id: "b" },
      { name: "shop/a", id: "c" },
    ]);
    expect((await cloud.run(run.id))?.output).toEqual(["a", expect.stringMatching(/b|c/)]);
  });

  it("tells two conditions on one event apart, and is null when its time is over", async () => {
    const event = [
      { event: "shop/paid", if: "async.data.sum > 10" },
      { event: "shop/paid", if: "async.data.note == 'gift'" },
      { event: "shop/paid", if: "async.data.sum < 0" },
    ];
    const cloud = await waiting({ event });
    const runs = [await begin(cloud), await begin(cloud)];
    await cloud.send({ name: "shop/paid", data: { sum: 5 } });
    expect((await cloud.run(runs[0]?.id))?.status).toBe("waiting");
    await cloud.send({ name: "shop/paid", id: "refund", data: { sum: -1 } });
    for (const { id } of runs) expect((await cloud.run(id))?.output).toMatchObject({ id: "refund" });
    await cloud.passTime("5s");
    const last = await begin(cloud);
    expect(await cloud.waitForRun(last.id)).toMatchObject({ status: "completed", output: null });
  });

  it("waits for those that the trigger has values for, and says which are left out", async () => {
    const lines: { message: string; fields?: object | undefined }[] = [];
    const handler = ({ step }: Input) =>
      step.waitForEvent("answer", {
        event: [{ event: "shop/a", match: "data.missing" }, "shop/b"],
        timeout: "1h",
      });
    const cloud = await openCloud([on("wait", handler)], { waits }, lines as never);
    const run = await begin(cloud);
    await cloud.send({ name: "shop/a", data: {} });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.send({ name: "shop/b", id: "b" });
    expect((await cloud.run(run.id))?.output).toMatchObject({ id: "b" });
    expect(lines).toContainEqual(
      expect.objectContaining({
        message: expect.stringContaining("cannot end by some of its events"),
        fields: expect.objectContaining({ event: "shop/a" }),
      }),
    );
  });
});
