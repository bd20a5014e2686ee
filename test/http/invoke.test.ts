import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { referenceFunction } from "stepwell";
import { invokeFunction } from "stepwell/http";
import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { DAY, type Line, MINUTE, on, openCloud, start, stepwell } from "../scenarios/cloud.ts";

/** Says what it was started with. */
const ship = (calls: unknown[] = [], options: object = {}) =>
  on(
    "ship",
    async ({ event, step, runId }) => {
      await step.run("note", () => calls.push(event.data));
      return { name: event.name, data: event.data, user: event.user, runId };
    },
    options,
  );

const CREDENTIALS = { accessKeyId: "a", secretAccessKey: "b" };
const REQUEST = { id: "order-17", ts: Date.now(), data: { orderId: "o17" } };

describe("invokeFunction", () => {
  it("starts exactly that function, with its data, and tells the run's id", async () => {
    const fn = ship();
    const cloud = await openCloud([fn, on("other", () => 1)]);
    const { runId } = await invokeFunction(stepwell, fn, { data: { orderId: "o1" }, user: { id: "u" } });
    const run = await cloud.waitForRun(runId);
    expect(run).toMatchObject({
      id: runId,
      functionId: "ship",
      status: "completed",
      output: { name: "stepwell/function.invoked", data: { orderId: "o1" }, user: { id: "u" }, runId },
    });
    expect(await cloud.runs()).toHaveLength(1);
  });

  it("twice with one id and time is one run; another time, id or function is another", async () => {
    const calls: unknown[] = [];
    const fn = ship(calls);
    const other = on("other", () => 1);
    const cloud = await openCloud([fn, other]);
    const first = await invokeFunction(stepwell, fn, REQUEST);
    const again = await invokeFunction(stepwell, fn, REQUEST);
    expect(again).toEqual(first);
    await cloud.passTime("3d");
    expect(await invokeFunction(stepwell, fn, REQUEST)).toEqual(first);
    await cloud.waitForRun(first.runId);
    await cloud.passTime("1h");
    expect(calls).toEqual([{ orderId: "o17" }]);
    const others = await Promise.all([
      invokeFunction(stepwell, fn, { ...REQUEST, ts: REQUEST.ts + 1 }),
      invokeFunction(stepwell, fn, { ...REQUEST, id: "order-18" }),
      invokeFunction(stepwell, other, REQUEST),
    ]);
    await cloud.passTime("1h");
    expect(new Set([first, ...others].map(({ runId }) => runId)).size).toBe(4);
    expect(calls).toHaveLength(3);
  });

  it("has nothing to do with an event of the same id", async () => {
    const calls: unknown[] = [];
    const fn = ship(calls);
    const cloud = await openCloud([fn]);
    await start(cloud, { name: "shop/ship", id: REQUEST.id, ts: REQUEST.ts, data: { by: "event" } });
    await cloud.waitForRun((await invokeFunction(stepwell, fn, REQUEST)).runId);
    expect(calls).toEqual([{ by: "event" }, { orderId: "o17" }]);
  });

  it.each([
    ["debounce", { debounce: { period: "1h" } }],
    ["batchEvents", { batchEvents: { maxSize: 10, timeout: "1h" } }],
  ])("is a run of its own under %s", async (_, options) => {
    const calls: unknown[] = [];
    const fn = ship(calls, options);
    const cloud = await openCloud([fn]);
    const { runId } = await invokeFunction(stepwell, fn, { data: { n: 1 } });
    expect(await cloud.waitForRun(runId)).toMatchObject({ status: "completed", output: { runId } });
    expect(calls).toEqual([{ n: 1 }]);
  });

  it("keeps to the other limits: what they refuse is a run that says why", async () => {
    const fn = ship([], { rateLimit: { limit: 1, period: "1h" } });
    const cloud = await openCloud([fn]);
    await invokeFunction(stepwell, fn, {});
    const { runId } = await invokeFunction(stepwell, fn, {});
    await cloud.passTime("1m");
    expect(await cloud.run(runId)).toMatchObject({ status: "skipped", skipped: { reason: "rateLimit" } });
  });

  it("tells functions that are triggered by invocations", async () => {
    const fn = ship();
    const told: unknown[] = [];
    const listener = stepwell.createFunction(
      { id: "listener" },
      { event: "stepwell/function.invoked" },
      ({ event }) => {
        told.push((event.data as { run_id: string }).run_id);
      },
    );
    const cloud = await openCloud([fn, listener]);
    const { runId } = await invokeFunction(stepwell, fn, {});
    await cloud.passTime("1m");
    expect(told).toEqual([runId]);
  });

  it("of a function that is not registered is a dead letter in the end, not before", async () => {
    const cloud = await openCloud([ship()]);
    await invokeFunction(stepwell, referenceFunction({ functionId: "gone" }), {});
    await cloud.passTime("1m");
    expect(await cloud.deadLetters()).toEqual([]);
    await cloud.passTime("1d");
    expect(await cloud.deadLetters()).toMatchObject([{ body: expect.stringContaining('"functionId":"gone"') }]);
  });

  it("through too many functions is dropped, with an error in the log", async () => {
    const calls: unknown[] = [];
    const lines: Line[] = [];
    const cloud = await openCloud([ship(calls)], {}, lines);
    const target = { app: "shop", functionId: "ship" };
    const request = { kind: "request", env: "main", target, eventId: "e", data: { json: "{}" }, at: 1, hops: 1_001 };
    const client = new SQSClient({ endpoint: cloud.url, region: "us-east-1", credentials: CREDENTIALS });
    const QueueUrl = `${cloud.url}/000000000000/${engineNames("stepwell").ingestQueue}`;
    const MessageBody = JSON.stringify({ v: 1, stepwell: true, ...request });
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody }));
    client.destroy();
    await cloud.passTime("1h");
    expect(calls).toEqual([]);
    expect(lines.filter(({ level }) => level === "error")).toMatchObject([{ fields: { functionId: "ship" } }]);
  });

  it("carries data that is too large for the bus", async () => {
    const fn = on("size", ({ event }) => (event.data as { text: string }).text.length);
    const cloud = await openCloud([fn]);
    const { runId } = await invokeFunction(stepwell, fn, { data: { text: "x".repeat(1_000_000) } });
    expect(await cloud.waitForRun(runId)).toMatchObject({ output: 1_000_000 });
  });

  it.each<[string, unknown, unknown, string]>([
    ["a function's name", "ship", undefined, "the second argument"],
    ["options that are none", "fn", "data", "the third argument"],
    ["an unknown option", "fn", { date: {} }, '"date"'],
    ["data that is no object", "fn", { data: 7 }, "invokeFunction: data: must be an object, got 7"],
    ["data that is not JSON", "fn", { data: { n: 1n } }, "invokeFunction: data.n"],
    ["a user that is no object", "fn", { user: "u" }, "invokeFunction: user"],
    ["an id without a time", "fn", { id: "a" }, "invokeFunction: ts"],
    ["a time without an id", "fn", { ts: 1 }, "invokeFunction: id"],
    ["a long id", "fn", { id: "x".repeat(129), ts: 1 }, "invokeFunction: id"],
    ["a time of last week", "fn", { id: "a", ts: Date.now() - 8 * DAY }, "invokeFunction: ts"],
    ["a time to come", "fn", { id: "a", ts: Date.now() + 6 * MINUTE }, "invokeFunction: ts"],
    ["half a millisecond", "fn", { id: "a", ts: 0.5 }, "invokeFunction: ts"],
  ])("refuses %s", async (_, given, options, part) => {
    const fn = given === "fn" ? ship() : given;
    await openCloud([ship()]);
    await expect(invokeFunction(stepwell, fn as never, options as never)).rejects.toMatchObject({
      code: "STEPWELL_INVALID_OPTION",
      message: expect.stringContaining(part),
    });
  });
});
