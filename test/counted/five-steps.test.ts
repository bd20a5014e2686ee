import { Stepwell } from "stepwell";
import { startLocal } from "stepwell/local";
import { afterEach, describe, expect, it } from "vitest";
import { difference } from "../../local/meter.ts";

const client = new Stepwell({ id: "counted" });

const fiveSteps = client.createFunction({ id: "five-steps" }, { event: "counted/five" }, async ({ step }) => {
  const results: number[] = [];
  for (let i = 0; i < 5; i++) results.push(await step.run("step", () => i));
  return results;
});

const parallel = client.createFunction({ id: "parallel" }, { event: "counted/parallel" }, async ({ step }) => {
  const results = await Promise.all(Array.from({ length: 100 }, (_, i) => step.run(`part-${i}`, () => i)));
  return results.length;
});

const apart = client.createFunction(
  { id: "apart", parallelism: "fanout" },
  { event: "counted/apart" },
  async ({ step }) => {
    const results = await Promise.all(Array.from({ length: 10 }, (_, i) => step.run(`part-${i}`, () => i)));
    return results.length;
  },
);

const sleeper = client.createFunction({ id: "sleeper" }, { event: "counted/sleep" }, async ({ step }) => {
  await step.run("before", () => 1);
  await step.sleep("nap", "10m");
  return step.run("after", () => 2);
});

const open = () => startLocal({ client, functions: [fiveSteps, parallel, apart, sleeper], clock: "virtual" });
let cloud: Awaited<ReturnType<typeof open>> | undefined;
afterEach(() => cloud?.close());

describe("what a run costs", () => {
  it("a run of five steps makes exactly these calls: 9 write units, 2 read units, one invocation", async () => {
    cloud = await open();
    const { ids } = await cloud.send({ name: "counted/five", data: {} });
    const [run] = await cloud.runsOf(ids[0]);
    expect(run?.output).toEqual([0, 1, 2, 3, 4]);
    const { calls, writeUnits, readUnits, invocations } = cloud.meter();
    expect(calls).toEqual({
      "eventbridge.PutEvents": 1,
      // EventBridge to the ingest queue, and the router to the run queue.
      "sqs.SendMessage": 2,
      "sqs.ReceiveMessage": 2,
      "sqs.DeleteMessageBatch": 2,
      // The runner's first act: a crash is followed by a delivery in seconds.
      "sqs.ChangeMessageVisibility": 1,
      // The registry, once in ten seconds, and the live match paths of the event's name.
      "dynamodb.Query": 1,
      "dynamodb.GetItem": 1,
      // The event, and five checkpoints.
      "dynamodb.PutItem": 6,
      // The lease that creates the run (two units: the listing index), and the finish.
      "dynamodb.UpdateItem": 2,
    });
    expect({ writeUnits, readUnits, invocations }).toEqual({ writeUnits: 9, readUnits: 2, invocations: 1 });
  });

  it("a hundred parallel steps take one invocation and one checkpoint each", async () => {
    cloud = await open();
    const { ids } = await cloud.send({ name: "counted/parallel", data: {} });
    const [run] = await cloud.runsOf(ids[0]);
    expect(run?.output).toBe(100);
    const { writeUnits, invocations, calls } = cloud.meter();
    expect({ writeUnits, invocations }).toEqual({ writeUnits: 104, invocations: 1 });
    expect(calls["dynamodb.PutItem"]).toBe(101);
  });

  it("ten parallel steps in invocations of their own make exactly these calls", async () => {
    cloud = await open();
    const { ids } = await cloud.send({ name: "counted/apart", data: {} });
    const [run] = await cloud.runsOf(ids[0]);
    expect(run?.output).toBe(10);
    const { calls, writeUnits, readUnits, invocations } = cloud.meter();
    expect(calls).toEqual({
      "eventbridge.PutEvents": 1,
      // As without; and the wake of the one that is the last.
      "sqs.SendMessage": 3,
      // The ten steps.
      "sqs.SendMessageBatch": 1,
      // Of the event, the start, ten steps and the wake.
      "sqs.ReceiveMessage": 13,
      "sqs.DeleteMessageBatch": 13,
      "sqs.ChangeMessageVisibility": 12,
      // The registry; and the memo, for each step and when the run goes on.
      "dynamodb.Query": 12,
      // The match paths; the header and the event for each step; the join and the event when the run goes on.
      "dynamodb.GetItem": 23,
      // The event, the join, ten checkpoints.
      "dynamodb.PutItem": 12,
      // Two leases, the suspend and the finish of the run; for each step its lease and its leaving the join; nine places in the order.
      "dynamodb.UpdateItem": 33,
    });
    expect({ writeUnits, readUnits, invocations }).toEqual({ writeUnits: 48, readUnits: 35, invocations: 12 });
  });

  it("a resume after a sleep reads the memo once", async () => {
    cloud = await open();
    const { ids } = await cloud.send({ name: "counted/sleep", data: {} });
    const [run] = await cloud.runsOf(ids[0]);
    const before = cloud.meter();
    const done = await cloud.waitForRun(run?.id ?? "");
    expect(done.output).toBe(2);
    const resume = difference(before, cloud.meter());
    expect(resume.calls).toEqual({
      "sqs.ReceiveMessage": 1,
      "sqs.DeleteMessageBatch": 1,
      "sqs.ChangeMessageVisibility": 1,
      "dynamodb.Query": 1,
      // The event: a wake-up carries no data.
      "dynamodb.GetItem": 1,
      "dynamodb.PutItem": 1,
      "dynamodb.UpdateItem": 2,
    });
    expect(resume.invocations).toBe(1);
  });

  it("a million runs of five steps cost at most ten dollars, metered over 200 concurrent ones", async () => {
    cloud = await open();
    const events = Array.from({ length: 200 }, () => ({ name: "counted/five", data: {} }));
    const { ids } = await cloud.send(events);
    const runs = await Promise.all(ids.map((id) => cloud?.runsOf(id)));
    expect(runs.flat().every((run) => run?.status === "completed")).toBe(true);
    // The routers read the registry together.
    expect(cloud.meter().calls["dynamodb.Query"]).toBe(1);
    expect((cloud.meter().dollars / 200) * 1_000_000).toBeLessThanOrEqual(10);
  });
});
