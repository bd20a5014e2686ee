import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { LocalCloud } from "stepwell/local";
import { expect, it } from "vitest";
import { DAY, finish, on, openCloud, start, stepwell } from "./cloud.ts";

const echo = (id: string, trigger: { event: string; if?: string }) =>
  stepwell.createFunction({ id }, trigger, ({ event }) => event);

const functionsOf = async (cloud: LocalCloud, event: Parameters<typeof cloud.send>[0]) => {
  const { ids } = await cloud.send(event);
  return (await cloud.runsOf(ids[0])).map(({ functionId }) => functionId).sort();
};

const busClient = (cloud: LocalCloud) =>
  new EventBridgeClient({
    endpoint: cloud.url,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
  });

it("an event starts every function whose name, wildcard or condition matches it, each once", async () => {
  const cloud = await openCloud([
    echo("by-name", { event: "shop/user.created" }),
    echo("by-wildcard", { event: "shop/*" }),
    echo("by-dot", { event: "shop/user.*" }),
    echo("rich", { event: "shop/user.created", if: "event.data.total > 100" }),
    stepwell.createFunction(
      { id: "twice", triggers: [{ event: "shop/user.created" }, { event: "shop/*" }] },
      () => "once",
    ),
    echo("other", { event: "shop/other" }),
  ]);
  const all = ["by-dot", "by-name", "by-wildcard", "twice"];
  expect(await functionsOf(cloud, { name: "shop/user.created", data: { total: 101 } })).toEqual(
    [...all, "rich"].sort(),
  );
  expect(await functionsOf(cloud, { name: "shop/user.created", data: { total: 100 } })).toEqual(all);
  expect(await functionsOf(cloud, { name: "shop/user.created", data: { total: "101" } })).toEqual(all);
  expect(await functionsOf(cloud, { name: "shop/user.created", data: {} })).toEqual(all);
  expect(await functionsOf(cloud, { name: "shop/other", data: {} })).toEqual(["by-wildcard", "other", "twice"]);
  expect(await functionsOf(cloud, { name: "shopping/other", data: {} })).toEqual([]);
});

it("several triggers have conditions of their own", async () => {
  const cloud = await openCloud([
    stepwell.createFunction(
      { id: "either" },
      [{ event: "shop/a", if: "event.data.ok" }, { event: "shop/b" }, { cron: "0 0 1 1 *" }],
      ({ event }) => event.name,
    ),
  ]);
  expect(await functionsOf(cloud, { name: "shop/a", data: { ok: false } })).toEqual([]);
  expect(await functionsOf(cloud, { name: "shop/a", data: { ok: true } })).toEqual(["either"]);
  expect(await functionsOf(cloud, { name: "shop/b", data: {} })).toEqual(["either"]);
});

it("the handler gets the event as it was sent: id, name, data, ts, user and v", async () => {
  const cloud = await openCloud([on("echo", ({ event, events }) => ({ event, same: events[0] === event }))]);
  const sent = { name: "shop/echo", id: "e-1", data: { a: [1, { b: null }] }, ts: 1_234, user: { id: "u" }, v: "2" };
  const run = await finish(cloud, sent);
  expect(run).toMatchObject({ eventIds: ["e-1"], output: { event: sent, same: true } });
  expect(Object.keys((run.output as { event: object }).event).sort()).toEqual([
    "data",
    "id",
    "name",
    "ts",
    "user",
    "v",
  ]);
});

it("an event without data has an empty object, and gets an id and the clock's time", async () => {
  const cloud = await openCloud([on("echo", ({ event }) => ({ event, now: Date.now() }))]);
  await cloud.passTime("10d");
  const { output, queuedAt } = await finish(cloud, { name: "shop/echo" });
  const { event, now } = output as { event: { data: object; id: string; ts: number }; now: number };
  expect(event.data).toEqual({});
  expect(event.id).toMatch(/^[0-9A-Z]{26}$/);
  expect(event.ts).toBe(now);
  expect(queuedAt).toBe(now);
});

it("25 events in one send come back with their ids in the order given, and each starts its run", async () => {
  const cloud = await openCloud([on("echo", ({ event }) => event.data.n)]);
  const events = Array.from({ length: 25 }, (_, n) => ({ name: "shop/echo", data: { n }, id: `e${24 - n}` }));
  const { ids } = await cloud.send(events);
  expect(ids).toEqual(events.map(({ id }) => id));
  const runs = await Promise.all(ids.map((id) => cloud.runsOf(id)));
  expect(runs.map(([run]) => run?.output)).toEqual(events.map(({ data }) => data.n));
});

it("ids that the client gives grow in the order of the events", async () => {
  const cloud = await openCloud([]);
  const { ids } = await cloud.send(Array.from({ length: 30 }, () => ({ name: "shop/x" })));
  expect(ids).toEqual([...new Set(ids)].sort());
});

it("an event id seen again within a day starts nothing again, and after a day it does", async () => {
  let runs = 0;
  const cloud = await openCloud([on("once", () => ++runs), echo("also", { event: "shop/once" })]);
  const event = { name: "shop/once", id: "order-1", data: { first: true } };
  await cloud.send([event, { ...event, data: { first: false } }]);
  await cloud.passTime("23h");
  await cloud.send({ ...event, data: { first: false } });
  expect(runs).toBe(1);
  expect(await cloud.runsOf("order-1")).toHaveLength(2);
  await cloud.passTime(DAY);
  const run = await finish(cloud, { ...event, data: { first: "again" } });
  expect(runs).toBe(2);
  expect(run.output).toBe(2);
});

it.each([
  ["just under the inline limit", 190 * 1024],
  ["300 KB", 300 * 1024],
  ["5 MB", 5 * 1024 * 1024],
])("an event of %s reaches the handler intact, again after a sleep", async (_, size) => {
  const text = "é☃".repeat(Math.ceil(size / 5));
  const cloud = await openCloud([
    on("big", async ({ event, step }) => {
      await step.sleep("nap", "1h");
      return event.data.text === text;
    }),
  ]);
  expect(await finish(cloud, { name: "shop/big", data: { text } })).toMatchObject({ output: true });
});

it("an event id seen again changes nothing of the first event, large as both may be", async () => {
  const cloud = await openCloud([
    on("big", async ({ event, step }) => {
      await step.sleep("nap", "1h");
      return event.data.text[0];
    }),
  ]);
  const event = (char: string) => ({ name: "shop/big", id: "same", data: { text: char.repeat(300 * 1024) } });
  const run = await start(cloud, event("a"));
  await cloud.send(event("b"));
  expect(await cloud.waitForRun(run.id)).toMatchObject({ output: "a" });
});

it("a foreign event through a real EventBridge client is named by its detail type and keeps its envelope", async () => {
  const cloud = await openCloud([echo("foreign", { event: "Order Placed" })]);
  const client = busClient(cloud);
  const { Entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: "stepwell",
          Source: "my.app",
          DetailType: "Order Placed",
          Detail: JSON.stringify({ orderId: 7 }),
          Resources: ["arn:aws:s3:::bucket"],
          Time: new Date("2026-01-02T03:04:05Z"),
        },
      ],
    }),
  );
  client.destroy();
  const [run] = await cloud.runsOf(Entries?.[0]?.EventId);
  expect((await cloud.waitForRun(run?.id ?? "")).output).toEqual({
    id: Entries?.[0]?.EventId,
    name: "Order Placed",
    data: { orderId: 7 },
    ts: Date.parse("2026-01-02T03:04:05Z"),
    source: "my.app",
    account: "000000000000",
    time: "2026-01-02T03:04:05Z",
    region: "us-east-1",
    resources: ["arn:aws:s3:::bucket"],
  });
});

it("an own event without an envelope becomes a dead letter with the reason, and its neighbours run", async () => {
  const cloud = await openCloud([on("fine", () => "fine"), echo("failed", { event: "stepwell/function.failed" })]);
  const client = busClient(cloud);
  const entry = (Source: string, DetailType: string, detail: object) => ({
    EventBusName: "stepwell",
    Source,
    DetailType,
    Detail: JSON.stringify(detail),
  });
  const { Entries } = await client.send(
    new PutEventsCommand({
      Entries: [
        entry("stepwell.shop", "shop/fine", { orderId: 7 }),
        entry("my.app", "shop/fine", { orderId: 8 }),
        entry("stepwell.shop", "shop/fine", { v: 9, id: "x", ts: 1, env: "main" }),
        entry("stepwell.shop", "shop/fine", { v: 1, id: "x".repeat(129), ts: 1, env: "main" }),
        entry("my.app", "stepwell/function.failed", { function_id: "shop/fine" }),
      ],
    }),
  );
  client.destroy();
  const [run] = await cloud.runsOf(Entries?.[1]?.EventId);
  expect((await cloud.waitForRun(run?.id ?? "")).output).toBe("fine");
  const letters = await cloud.deadLetters();
  const about = [
    "stepwell/function.failed",
    "no usable id",
    "version 9",
    "version undefined; send events with the SDK",
  ];
  for (const text of about) expect(letters.filter(({ reason }) => reason.includes(text))).toHaveLength(1);
  expect(letters).toHaveLength(4);
  expect(letters.every(({ body }) => body.includes("detail-type"))).toBe(true);
});

it("a bad event in a send is refused with its place, and nothing is sent", async () => {
  const cloud = await openCloud([on("fine", () => 1)]);
  const events = [{ name: "shop/fine", id: "good" }, { name: "stepwell/function.failed" }];
  await expect(cloud.send(events)).rejects.toMatchObject({
    code: "STEPWELL_INVALID_EVENT",
    message: expect.stringContaining("events[1]"),
  });
  expect(await cloud.runsOf("good")).toEqual([]);
  expect(cloud.meter().calls).toEqual({});
});

it("an event of more than 32 MB is refused with its size", async () => {
  const cloud = await openCloud([]);
  await expect(cloud.send({ name: "shop/x", data: { text: "x".repeat(33 * 1024 * 1024) } })).rejects.toMatchObject({
    code: "STEPWELL_EVENT_TOO_LARGE",
  });
});

it("a run whose first message is on its way is queued, then running, then completed", async () => {
  const gate = Promise.withResolvers<void>();
  const cloud = await openCloud([
    on("slow", async ({ step }) => {
      await step.run("hold", () => gate.promise);
      return 1;
    }),
  ]);
  const run = await start(cloud, { name: "shop/slow" });
  expect(run).toMatchObject({ status: "running", output: undefined, error: undefined, endedAt: undefined });
  gate.resolve();
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: 1, steps: [{ id: "hold" }] });
});
