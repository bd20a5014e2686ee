import type { Inngest } from "stepwell/inngest";
import { describe, expect, it } from "vitest";
import { finish, openCloud } from "../dropin/cloud.ts";
import { calls, counts, fake, provide } from "./services.ts";

let failures = 0;
let running = 0;
let most = 0;
const handler = async ({ event }: { event: { name: string; data: { userId?: string } } }) => {
  if (failures > 0) {
    failures -= 1;
    throw new Error("weather");
  }
  running += 1;
  most = Math.max(most, running);
  for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
  running -= 1;
  return event.data.userId ?? "done";
};

provide({
  handler: fake("handler", handler),
  fetchUser: fake("fetchUser", (id: string) => ({ id })),
  syncToCRM: fake("syncToCRM", ({ id }: { id: string }) => `crm-${id}`),
  validateOrder: fake("validateOrder", (order: object) => order),
  chargePayment: fake("chargePayment", ({ id }: { id: string }) => ({ id: `charge-${id}` })),
  sendConfirmation: fake("sendConfirmation"),
  someAsyncOperation: fake("someAsyncOperation", () => "operated"),
  riskyOp: fake("riskyOp", () => {
    throw new Error("too risky");
  }),
  fallbackOp: fake("fallbackOp"),
});

const open = async (inngest: Inngest) => openCloud({ client: inngest, functions: inngest.funcs });

describe("the examples of inngest.do", () => {
  it("sync-user: fetches, waits, syncs; started by a plain send", async () => {
    const { inngest, sendOne } = await import("./examples/do-vision.ts");
    const cloud = await open(inngest);
    await sendOne();
    await cloud.passTime("6m");
    const [run] = await cloud.runs();
    expect((await cloud.run(run?.id))?.output).toEqual({ synced: "crm-123" });
    expect(counts()).toEqual({ fetchUser: 1, syncToCRM: 1 });
  });

  it("hello-world and process-order", async () => {
    const { inngest } = await import("./examples/do-quick-start.ts");
    const cloud = await open(inngest);
    const hello = await finish(cloud, { name: "test/hello", data: { name: "Ada" } });
    expect(hello.output).toEqual({ message: "Hello Ada!" });
    const order = await finish(cloud, { name: "order/created", data: { order: { id: "o1" } } });
    expect(order.output).toEqual({ orderId: "charge-o1", status: "completed" });
    expect(calls.map(([name]) => name)).toEqual(["validateOrder", "chargePayment", "sendConfirmation"]);
  });

  it("the step methods, one after the other", async () => {
    const { inngest } = await import("./examples/do-steps.ts");
    const cloud = await open(inngest);
    const { ids } = await cloud.send({ name: "order/created", data: { orderId: "o1" } });
    await cloud.passTime("2h");
    await cloud.send({ name: "order/approved", data: { orderId: "other" } });
    await cloud.send({ name: "order/approved", data: { orderId: "o1", by: "boss" } });
    const run = await cloud.waitForRun((await cloud.runsOf(ids[0]))[0]?.id);
    expect(run.output).toMatchObject({ first: { data: { by: "boss" } }, second: { got: "bar" } });
  });

  it("limited-fn and per-user-fn: at most five runs, and one of each user", async () => {
    const { inngest } = await import("./examples/do-flow-control.ts");
    const cloud = await open(inngest);
    const done = async (name: string, users: readonly string[]) => {
      most = 0;
      const before = calls.length;
      await cloud.send(users.map((userId) => ({ name, data: { userId } })));
      await cloud.passTime("1m");
      return { most, calls: calls.length - before };
    };
    expect(await done("task/run", Array(12).fill("u"))).toEqual({ most: 5, calls: 12 });
    expect(await done("user/action", Array(4).fill("u"))).toEqual({ most: 1, calls: 4 });
    expect(await done("user/action", ["a", "b", "a", "b"])).toEqual({ most: 2, calls: 4 });
  });

  it("throttled-fn: ten in a minute at once, the eleventh later", async () => {
    const { inngest } = await import("./examples/do-flow-control.ts");
    const cloud = await open(inngest);
    await cloud.send(Array.from({ length: 11 }, () => ({ name: "api/call", data: {} })));
    expect(counts()).toEqual({ handler: 10 });
    await cloud.passTime("10s");
    expect(counts()).toEqual({ handler: 11 });
  });

  it("debounced-fn: one run of a user, with the latest", async () => {
    const { inngest } = await import("./examples/do-flow-control.ts");
    const cloud = await open(inngest);
    for (const text of ["a", "ab", "abc"]) {
      await cloud.send({ name: "search/query", data: { userId: "u", text } });
      await cloud.passTime("2s");
    }
    await cloud.passTime("10s");
    expect(calls).toEqual([
      ["handler", expect.objectContaining({ event: expect.objectContaining({ data: { userId: "u", text: "abc" } }) })],
    ]);
  });

  it("the triggers: an event, a cron, several", async () => {
    const { inngest } = await import("./examples/do-triggers.ts");
    const cloud = await open(inngest);
    const outputs = async (ids: readonly string[]) => {
      const runs = (await Promise.all(ids.map((id) => cloud.runsOf(id)))).flat();
      return (await Promise.all(runs.map(({ id }) => cloud.waitForRun(id))))
        .map((run) => [run.functionId, run.output])
        .sort();
    };
    const { ids: created } = await cloud.send({ name: "user/created", data: {} });
    expect(await outputs(created)).toEqual([
      ["one", "user/created"],
      ["several", "user/created"],
    ]);
    expect(await outputs((await cloud.send({ name: "user/updated", data: {} })).ids)).toEqual([
      ["several", "user/updated"],
    ]);
    expect(await outputs((await cloud.fire("daily")).ids)).toEqual([["daily", "inngest/scheduled.timer"]]);
    expect(await outputs((await cloud.fire("several")).ids)).toEqual([["several", "inngest/scheduled.timer"]]);
  });

  it("sending: one, several, and one with an id, which starts nothing twice", async () => {
    const { inngest, sendAll } = await import("./examples/do-sending.ts");
    const names: string[] = [];
    const seen = inngest.createFunction(
      { id: "seen" },
      [{ event: "user/created" }, { event: "email/send" }, { event: "order/created" }],
      ({ event }) => void names.push(event.name),
    );
    const cloud = await openCloud({ client: inngest, functions: [seen] });
    await sendAll();
    await sendAll();
    await cloud.passTime("1s");
    const twice = ["user/created", "user/created", "email/send"];
    expect(names.sort()).toEqual([...twice, ...twice, "order/created"].sort());
  });

  it("retry-example: five tries in all", async () => {
    const { inngest } = await import("./examples/do-errors.ts");
    const [retrying] = inngest.funcs;
    const cloud = await openCloud({ client: inngest, functions: retrying ? [retrying] : [] });
    failures = 4;
    expect((await finish(cloud, { name: "task/run", data: {} })).status).toBe("completed");
    expect(counts()).toEqual({ handler: 5 });
    failures = 5;
    expect((await finish(cloud, { name: "task/run", data: {} })).status).toBe("failed");
    failures = 0;
    expect(counts()).toEqual({ handler: 10 });
  });

  it("error-handling: the fallback, once the step is out of retries", async () => {
    const { inngest } = await import("./examples/do-errors.ts");
    const [, handling] = inngest.funcs;
    const cloud = await openCloud({ client: inngest, functions: handling ? [handling] : [] });
    expect((await finish(cloud, { name: "task/run", data: {} })).status).toBe("completed");
    expect(counts()).toEqual({ riskyOp: 5, fallbackOp: 1 });
  });
});
