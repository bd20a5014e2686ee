import { describe, expect, it } from "vitest";
import { runIdOf } from "../../../lambdas/engine/run-id.ts";
import { HOUR, MINUTE, on, openCloud, start, stepwell } from "../cloud.ts";
import { cancelledBy, leftBehind } from "./lifetime.ts";

const START = { by: "timeout", timeout: "start" } as const;

describe("a run in line before a full concurrency limit", () => {
  const one = (options: object = {}) => {
    const bodies: unknown[] = [];
    const gate = Promise.withResolvers<void>();
    const fn = on(
      "narrow",
      async ({ step, event }) => {
        await step.run("body", async () => {
          bodies.push(event.data.n);
          if (event.data.n === 1) await gate.promise;
        });
      },
      { concurrency: 1, ...options },
    );
    return { fn, bodies, gate };
  };

  it("ends at once when it is cancelled, needs no slot for it, and lets the next one by", async () => {
    const { fn, bodies, gate } = one();
    const cloud = await openCloud([fn]);
    const [first, second, third] = [
      await start(cloud, { name: "shop/narrow", data: { n: 1 } }),
      await start(cloud, { name: "shop/narrow", data: { n: 2 } }),
      await start(cloud, { name: "shop/narrow", data: { n: 3 } }),
    ];
    expect([first.status, second.status, third.status]).toEqual(["running", "queued", "queued"]);
    const done = await cloud.cancel(second.id);
    expect(done).toMatchObject({ ...cancelledBy({ by: "request" }), startedAt: undefined });
    gate.resolve();
    expect((await cloud.waitForRun(third.id)).status).toBe("completed");
    await cloud.passTime(HOUR);
    expect(bodies).toEqual([1, 3]);
    expect(await cloud.run(second.id)).toEqual(done);
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it.each([MINUTE, 4 * MINUTE])(
    "is cancelled when it has not started within %i ms, and not before",
    async (startMs) => {
      const { fn, bodies, gate } = one({ timeouts: { start: startMs } });
      const cloud = await openCloud([fn]);
      const first = await start(cloud, { name: "shop/narrow", data: { n: 1 } });
      const second = await start(cloud, { name: "shop/narrow", data: { n: 2 } });
      await cloud.passTime(startMs - 1_000);
      expect((await cloud.run(second.id))?.status).toBe("queued");
      await cloud.passTime(2_000);
      expect(await cloud.run(second.id)).toMatchObject({ ...cancelledBy(START), startedAt: undefined });
      gate.resolve();
      expect((await cloud.waitForRun(first.id)).status).toBe("completed");
      await cloud.passTime("1d");
      expect(bodies.filter((n) => n === 2)).toEqual([]);
      expect(await leftBehind(cloud)).toEqual([]);
    },
  );
});

describe("a throttled run", () => {
  const throttled = (options: object = {}) => {
    const bodies: unknown[] = [];
    const run = ({ event }: { event: { data: { n: number } } }) => void bodies.push(event.data.n);
    return { fn: on("slow", run as never, { throttle: { limit: 1, period: "10m" }, ...options }), bodies };
  };

  it("ends at once when it is cancelled before its start", async () => {
    const { fn, bodies } = throttled();
    const cloud = await openCloud([fn]);
    await start(cloud, { name: "shop/slow", data: { n: 1 } });
    const second = await start(cloud, { name: "shop/slow", data: { n: 2 } });
    expect(second.status).toBe("queued");
    const done = await cloud.cancel(second.id);
    expect(done).toMatchObject({ ...cancelledBy({ by: "request" }), startedAt: undefined });
    await cloud.passTime("1d");
    expect(bodies).toEqual([1]);
    expect(await cloud.run(second.id)).toEqual(done);
    expect(await cloud.deadLetters()).toEqual([]);
  });

  it("is cancelled at its deadline when it would start after it", async () => {
    const { fn, bodies } = throttled({ timeouts: { start: "16m" } });
    const cloud = await openCloud([fn]);
    const runs = [];
    for (const n of [1, 2, 3]) runs.push(await start(cloud, { name: "shop/slow", data: { n } }));
    await cloud.passTime("15m 58s");
    expect((await cloud.run(runs[1]?.id))?.status).toBe("completed");
    expect((await cloud.run(runs[2]?.id))?.status).toBe("queued");
    await cloud.passTime("3s");
    expect(await cloud.run(runs[2]?.id)).toMatchObject({ ...cancelledBy(START), startedAt: undefined });
    await cloud.passTime("1d");
    expect(bodies).toEqual([1, 2]);
    expect(await leftBehind(cloud)).toEqual([]);
  });
});

it("a newer run of a singleton cancels the older one, and onCancel learns by what", async () => {
  const causes: unknown[] = [];
  const fn = on("only", ({ step }) => step.sleep("long", "1d"), {
    singleton: { mode: "cancel" },
    onCancel: ({ event }) => void causes.push(event.data.cause),
  });
  const cloud = await openCloud([fn]);
  const older = await start(cloud, { name: "shop/only" });
  const newer = await start(cloud, { name: "shop/only" });
  expect(newer.status).toBe("sleeping");
  expect(await cloud.run(older.id)).toMatchObject(cancelledBy({ by: "singleton", runId: newer.id }));
  expect((await cloud.waitForRun(newer.id)).status).toBe("completed");
  expect(causes).toEqual([{ by: "singleton", runId: newer.id }]);
});

it.each<[string, object]>([
  ["would be throttled for minutes", { throttle: { limit: 1, period: "10m" } }],
  ["would be throttled for hours", { throttle: { limit: 1, period: "10h" } }],
  ["would be throttled, and then get in line", { throttle: { limit: 1, period: "10m" }, concurrency: 1 }],
  ["would get in line", { concurrency: 1 }],
])("a run that %s, cancelled before its event is routed, ends as soon as it is", async (_, options) => {
  const bodies: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const fn = on(
    "crowded",
    async ({ step, event }) => {
      await step.run("body", async () => {
        bodies.push(event.id);
        if (event.id === "first") await gate.promise;
      });
    },
    options,
  );
  const cloud = await openCloud([fn]);
  const first = await start(cloud, { id: "first", name: "shop/crowded" });
  const runId = runIdOf({ app: "shop", functionId: "crowded" }, "second", first.queuedAt);
  await stepwell.cancel(runId);
  const second = await start(cloud, { id: "second", name: "shop/crowded" });
  const ended = { startedAt: undefined, queuedAt: first.queuedAt, endedAt: first.queuedAt };
  expect(second).toMatchObject({ ...cancelledBy({ by: "request" }), ...ended, id: runId });
  gate.resolve();
  expect((await cloud.waitForRun(first.id)).status).toBe("completed");
  await cloud.passTime("1d");
  expect(bodies).toEqual(["first"]);
  expect(await cloud.run(runId)).toEqual(second);
  expect(await leftBehind(cloud)).toEqual([]);
});
