import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";
import { type Input, on, openCloud, start } from "./cloud.ts";

/** Listeners in the table. */
async function listeners(cloud: LocalCloud): Promise<number> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new DynamoDBClient({ endpoint: cloud.url, region: "us-east-1", credentials });
  const { Items } = await client.send(new ScanCommand({ TableName: "stepwell-state" }));
  client.destroy();
  return (Items ?? []).filter(({ pk }) => pk?.S?.includes("#listener#")).length;
}

describe.each(["stepFunctions", "table"] as const)("waitForEvent by %s", (waits) => {
  const open = (handler: (input: Input) => unknown) => openCloud([on("wait", handler)], { waits });
  const paid = (extra: object = {}) => ({ event: "shop/paid", timeout: "7d", ...extra }) as never;
  const waiting = (extra: object = {}) =>
    open(async ({ step }) => {
      const event = (await step.waitForEvent("payment", paid(extra))) as { id: string } | null;
      return event;
    });

  it("resolves with the event whose value matches, and with no other", async () => {
    const cloud = await waiting({ match: "data.orderId" });
    const run = await start(cloud, { name: "shop/wait", data: { orderId: "o1" } });
    expect(run).toMatchObject({ status: "waiting", steps: [{ kind: "waitForEvent", status: "waiting" }] });
    await cloud.send({ name: "shop/paid", data: { orderId: "o2" } });
    await cloud.send({ name: "shop/paid", data: {} });
    await cloud.send({ name: "shop/refunded", data: { orderId: "o1" } });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.send({ name: "shop/paid", id: "p1", ts: 7, data: { orderId: "o1", sum: 3 }, user: { id: "u" } });
    const done = await cloud.run(run.id);
    const event = { id: "p1", name: "shop/paid", ts: 7, data: { orderId: "o1", sum: 3 }, user: { id: "u" } };
    expect(done).toMatchObject({ status: "completed", output: event });
    expect(done?.steps[0]).toMatchObject({ status: "completed", output: event });
    expect(await listeners(cloud)).toBe(0);
  });

  it("is null when its time is over, and only then", async () => {
    const cloud = await waiting({ match: "data.orderId" });
    const run = await start(cloud, { name: "shop/wait", data: { orderId: "o1" } });
    await cloud.passTime("6d 23h 59m");
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.passTime("61s");
    expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: null, steps: [{ output: null }] });
    expect(await listeners(cloud)).toBe(0);
    await cloud.send({ name: "shop/paid", data: { orderId: "o1" } });
    expect((await cloud.run(run.id))?.output).toBeNull();
  });

  it("takes the first event only, and every event without a condition", async () => {
    const cloud = await waiting();
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send([
      { name: "shop/paid", id: "first" },
      { name: "shop/paid", id: "second" },
    ]);
    const done = await cloud.run(run.id);
    expect(done).toMatchObject({ status: "completed", output: { id: expect.stringMatching(/first|second/) } });
  });

  it.each([
    ["keyed", "async.data.id == event.data.id && async.data.sum > 10"],
    ["with two keys", "async.data.id == event.data.id && async.data.kind == 'full' && async.data.sum > event.data.min"],
    ["with no key", "async.data.sum > event.data.min"],
    ["with a function", "async.data.id.startsWith(event.data.id) && async.data.sum >= 11"],
  ])("evaluates an expression %s", async (_, expression) => {
    const cloud = await waiting({ if: expression });
    const run = await start(cloud, { name: "shop/wait", data: { id: "o1", min: 10 } });
    await cloud.send({ name: "shop/paid", data: { id: "o1", kind: "full", sum: 10 } });
    await cloud.send({ name: "shop/paid", data: { id: "o1", kind: "full" } });
    await cloud.send({ name: "shop/paid", data: {} });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.send({ name: "shop/paid", id: "yes", data: { id: "o1", kind: "full", sum: 11 } });
    expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: { id: "yes" } });
  });

  it("knows numbers from texts, and finds nothing under a missing path", async () => {
    const cloud = await waiting({ match: "data.id" });
    const seven = await start(cloud, { name: "shop/wait", data: { id: 7 } });
    const text = await start(cloud, { name: "shop/wait", data: { id: "7" } });
    const none = await start(cloud, { name: "shop/wait", data: {} });
    const deep = await start(cloud, { name: "shop/wait", data: { id: { b: 1, a: [2] } } });
    await cloud.send({ name: "shop/paid", id: "n", data: { id: 7.0 } });
    await cloud.send({ name: "shop/paid", id: "d", data: { id: { a: [2], b: 1 } } });
    await cloud.send({ name: "shop/paid", id: "u", data: {} });
    await cloud.send({ name: "shop/paid", id: "null", data: { id: null } });
    const outputs = await Promise.all([seven, text, none, deep].map(async ({ id }) => (await cloud.run(id))?.output));
    expect(outputs).toMatchObject([{ id: "n" }, undefined, undefined, { id: "d" }]);
    await cloud.passTime("7d 1s");
    expect((await cloud.run(none.id))?.output).toBeNull();
  });

  it("does not take an event from before the wait", async () => {
    const cloud = await open(async ({ step }) => {
      await step.sleep("first", "1h");
      return step.waitForEvent("payment", paid());
    });
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid", id: "early" });
    await cloud.passTime("2h");
    await cloud.send({ name: "shop/paid", id: "early" });
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.send({ name: "shop/paid", id: "late" });
    expect((await cloud.run(run.id))?.output).toMatchObject({ id: "late" });
  });

  it("tells runs apart by their values, and one event may resolve many", async () => {
    const cloud = await waiting({ match: "data.id" });
    const { ids } = await cloud.send(["a", "b", "b", "b"].map((id) => ({ name: "shop/wait", data: { id } })));
    await cloud.send({ name: "shop/paid", id: "to-b", data: { id: "b" } });
    const runs = (await Promise.all(ids.map((id) => cloud.runsOf(id)))).flat();
    expect(runs.map(({ status }) => status)).toEqual(["waiting", "completed", "completed", "completed"]);
  });

  it("loses a race to a sleep, is closed at the end of the run, and leaves nothing behind", async () => {
    const cloud = await open(async ({ step }) =>
      Promise.race([
        step.waitForEvent("payment", paid()).then(() => "paid"),
        step.sleep("patience", "1h").then(() => "too late"),
      ]),
    );
    const run = await start(cloud, { name: "shop/wait" });
    expect(run.status).toBe("waiting");
    const done = await cloud.waitForRun(run.id);
    expect(done.output).toBe("too late");
    expect(done.steps.map(({ id, status }) => [id, status])).toEqual([
      ["payment", "cancelled"],
      ["patience", "completed"],
    ]);
    expect(await listeners(cloud)).toBe(0);
    const before = cloud.meter();
    await cloud.send({ name: "shop/paid" });
    await cloud.passTime("30d");
    expect(difference(before, cloud.meter()).invocations).toBe(0);
    expect(await cloud.run(run.id)).toEqual(done);
  });

  it("wins a race against a sleep, which is closed", async () => {
    const cloud = await open(async ({ step }) => {
      const winner = await Promise.race([
        step.waitForEvent("payment", paid()).then((event) => (event as { id: string } | null)?.id),
        step.sleep("patience", "2d").then(() => "too late"),
      ]);
      await step.sleep("replay", "1h");
      return winner;
    });
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid", id: "p" });
    const done = await cloud.waitForRun(run.id);
    expect(done.output).toBe("p");
    expect(done.steps.find(({ id }) => id === "patience")?.status).toBe("cancelled");
  });

  it("resolves beside a step that takes long, without another invocation", async () => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const cloud = await open(async ({ step }) => {
      const long = step.run("long", () => gate.promise).then(() => seen.push("long"));
      const wait = step.waitForEvent("payment", paid()).then(() => seen.push("payment"));
      await Promise.all([long, wait]);
      return seen;
    });
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid" });
    await cloud.passTime("6s");
    expect(seen).toEqual(["payment"]);
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: ["payment", "long"] });
    expect(cloud.meter().invocations).toBeLessThanOrEqual(2);
  });

  it("may be repeated in a loop, and be many at once", async () => {
    const cloud = await open(async ({ step }) => {
      const ids: unknown[] = [];
      for (let i = 0; i < 3; i++) ids.push(((await step.waitForEvent("next", paid())) as { id: string }).id);
      const both = await Promise.all(
        ["x", "y"].map((kind) => step.waitForEvent(kind, paid({ if: `async.data.kind == '${kind}'` }))),
      );
      return [...ids, ...both.map((event) => (event as { id: string } | null)?.id ?? null)];
    });
    const run = await start(cloud, { name: "shop/wait" });
    for (const id of ["1", "2", "3"]) {
      await cloud.send({ name: "shop/paid", id });
      await cloud.passTime("2s");
    }
    await cloud.send({ name: "shop/paid", id: "4", data: { kind: "y" } });
    const done = await cloud.waitForRun(run.id);
    expect(done.output).toEqual(["1", "2", "3", null, "4"]);
  });

  it("waits 365 days", async () => {
    const cloud = await open(({ step }) => step.waitForEvent("payment", paid({ timeout: "365d" })));
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.passTime("364d 23h");
    expect((await cloud.run(run.id))?.status).toBe("waiting");
    await cloud.passTime("1h 1s");
    expect((await cloud.run(run.id))?.output).toBeNull();
  });

  it("hands over an event of 5 MB and a foreign one", async () => {
    const cloud = await open(async ({ step }) => {
      const event = (await step.waitForEvent("payment", paid({ match: "data.id" }))) as { data: { text: string } };
      return event.data.text.length;
    });
    const run = await start(cloud, { name: "shop/wait", data: { id: 1 } });
    await cloud.send({ name: "shop/paid", data: { id: 1, text: "x".repeat(5 * 1024 * 1024) } });
    expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: 5 * 1024 * 1024 });
  });

  it("keeps the first of two large events that come at once", async () => {
    const cloud = await waiting();
    const run = await start(cloud, { name: "shop/wait" });
    const text = '"'.repeat(90 * 1024);
    await cloud.send(["first", "second"].map((id) => ({ name: "shop/paid", id, data: { id, text } })));
    const output = (await cloud.run(run.id))?.output as { id: string; data: { id: string } };
    expect(output.data.id).toBe(output.id);
  });

  it("costs the same calls for one event against 10 and 300 keyed waiters", async () => {
    const calls = async (waiters: number) => {
      const cloud = await waiting({ match: "data.id" });
      const events = Array.from({ length: waiters }, (_, id) => ({ name: "shop/wait", data: { id } }));
      await cloud.send(events);
      await cloud.passTime("1m");
      const before = cloud.meter();
      await cloud.send({ name: "shop/paid", data: { id: 3 } });
      return difference(before, cloud.meter()).calls;
    };
    expect(await calls(300)).toEqual(await calls(10));
  });
});
