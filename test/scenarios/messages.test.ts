import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { LocalCloud } from "stepwell/local";
import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import { finish, type Line, on, openCloud, start } from "./cloud.ts";

const names = engineNames("stepwell");
const queues = { ingest: names.ingestQueue, runs: names.runQueue("main", "shop") };

async function put(cloud: LocalCloud, queue: keyof typeof queues, ...bodies: readonly unknown[]): Promise<void> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SQSClient({ endpoint: cloud.url, region: "us-east-1", credentials });
  for (const body of bodies) {
    const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
    await client.send(new SendMessageCommand({ QueueUrl: `${cloud.url}/000000000000/${queues[queue]}`, MessageBody }));
  }
  client.destroy();
}

const event = (fields: object) => ({
  "detail-type": "shop/fine",
  source: "my.app",
  id: "x",
  time: "2026-01-01T00:00:00Z",
  detail: {},
  ...fields,
});
const own = (detail: object, name = "shop/fine") =>
  event({ source: "stepwell.shop", "detail-type": name, detail: { v: 1, id: "x", ts: 1, env: "main", ...detail } });
const engine = (fields: object) => ({ v: 1, stepwell: true, ...fields });
const address = { env: "main", app: "shop", functionId: "fine", runId: "01ARZ3NDEKTSV4RRFFQ69G5FAV" };
const message = (fields: object) => ({ v: 1, id: "m", ...address, ...fields });
const stored = { v: 1, env: "main", id: "e", name: "shop/fine", ts: 1, at: 1, data: { json: "{}" }, hops: 0 };

const DEEP = `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;

const MALFORMED: Readonly<Record<keyof typeof queues, readonly (readonly [string, unknown])[]>> = {
  ingest: [
    ["no JSON", "{oops"],
    ["no object", "[1]"],
    ["null", "null"],
    ["no event", { hello: "world" }],
    ["no time", event({ time: "yesterday" })],
    ["no id", event({ id: undefined })],
    ["an own event without envelope", event({ source: "stepwell.shop" })],
    ["an own event without ts", own({ ts: "now" })],
    ["an own event whose reference is none", own({ ref: { s3: 7 } })],
    ["an own event whose hops are no number", own({ trace: { hops: "many" } })],
    ["an event nested 20,000 deep", JSON.stringify(event({ detail: "?" })).replace('"?"', DEEP)],
    ["an own event nested 20,000 deep", JSON.stringify(own({ data: "?" })).replace('"?"', DEEP)],
    ["an engine message of another version", engine({ v: 2, kind: "timer" })],
    ["an engine message of no kind", engine({})],
    ["an engine message of an unknown kind", engine({ kind: "dance" })],
    ["an invoke without a parent", engine({ kind: "invoke", target: { app: "shop", functionId: "fine" } })],
    ["an invoke without a target", engine({ kind: "invoke", parent: { ...address, stepKey: "k" } })],
    ["a wish to start a function that names none", own({}, "stepwell/run.start")],
    ["a request without a target", engine({ kind: "request", env: "main", eventId: "e", at: 1, hops: 0 })],
    ["a settle without a parent", engine({ kind: "settle", outcome: { ok: true, data: { json: "1" } } })],
    ["a timer without a message", engine({ kind: "timer", at: 1 })],
    ["a cron without a time", engine({ kind: "cron", env: "main", app: "shop", functionId: "fine", cron: "x" })],
    ["a cron without a function", engine({ kind: "cron", env: "main", at: "2026-01-01T00:00:00Z" })],
  ],
  runs: [
    ["no JSON", "oops"],
    ["no object", "7"],
    ["another version", message({ v: 2, kind: "wake" })],
    ["no run", message({ runId: undefined, kind: "wake" })],
    ["an unknown kind", message({ kind: "dance" })],
    ["a start without an event", message({ kind: "start", event: null, queuedAt: 1, emits: [] })],
    ["a start whose event is none", message({ kind: "start", event: {}, queuedAt: 1, emits: [] })],
    ["a start without its time", message({ kind: "start", event: stored, emits: [] })],
    ["a start without what it emits", message({ kind: "start", event: stored, queuedAt: 1 })],
    ["a resolve without an outcome", message({ kind: "resolve", stepKey: "k", by: "x", outcome: null })],
    ["a resolve without a step", message({ kind: "resolve", by: "x", outcome: { ok: true, data: { json: "1" } } })],
    ["a resolve whose outcome is none", message({ kind: "resolve", stepKey: "k", by: "x", outcome: {} })],
  ],
};

describe.each(["ingest", "runs"] as const)("a message on the %s queue", (queue) => {
  it.each(MALFORMED[queue])("with %s is a dead letter at once, with its body and the reason", async (_, body) => {
    const cloud = await openCloud([on("fine", () => "fine")]);
    await put(cloud, queue, body);
    expect(await finish(cloud, { name: "shop/fine" })).toMatchObject({ output: "fine" });
    const letters = await cloud.deadLetters();
    expect(letters).toMatchObject([
      { body: typeof body === "string" ? body : JSON.stringify(body), queue: expect.stringContaining(queues[queue]) },
    ]);
    expect(letters[0]?.reason).toMatch(/cannot be read: .{10}/);
  });

  it("that is malformed takes none of its neighbours along", async () => {
    let runs = 0;
    const cloud = await openCloud([on("fine", () => ++runs)]);
    const bodies = MALFORMED[queue].map(([, body]) => body);
    await Promise.all([
      put(cloud, queue, ...bodies),
      cloud.send(Array.from({ length: 20 }, () => ({ name: "shop/fine" }))),
    ]);
    await cloud.passTime("1m");
    expect(runs).toBe(20);
    expect(await cloud.deadLetters()).toHaveLength(bodies.length);
  });
});

const warnings = (lines: readonly Line[]) => lines.filter(({ level }) => level === "warn" || level === "error");

it("a message about a run that does not exist is dropped with a warning", async () => {
  const lines: Line[] = [];
  const cloud = await openCloud([on("fine", () => 1)], {}, lines);
  await put(cloud, "runs", message({ kind: "wake" }));
  await cloud.passTime("1h");
  expect(await cloud.deadLetters()).toEqual([]);
  expect(warnings(lines)).toMatchObject([{ level: "warn", fields: { runId: address.runId } }]);
});

it("a message for a function that is not served becomes a dead letter in the end, not before", async () => {
  const cloud = await openCloud([on("fine", () => 1)]);
  await put(cloud, "runs", message({ kind: "wake", functionId: "gone" }));
  await cloud.passTime("1h");
  expect(await cloud.deadLetters()).toEqual([]);
  await cloud.passTime("1d");
  expect(await cloud.deadLetters()).toMatchObject([{ runId: address.runId, body: expect.stringContaining("gone") }]);
});

it("an event that has passed through more than 1,000 functions starts nothing", async () => {
  let runs = 0;
  const lines: Line[] = [];
  const cloud = await openCloud([on("fine", () => ++runs)], {}, lines);
  await put(
    cloud,
    "ingest",
    own({ id: "at-limit", trace: { hops: 1_000 } }),
    own({ id: "over", trace: { hops: 1_001 } }),
  );
  await cloud.passTime("1s");
  expect(runs).toBe(1);
  expect(warnings(lines)).toMatchObject([
    { message: expect.stringContaining("too many"), fields: { eventId: "over" } },
  ]);
});

it("any message may come twice: an event, a start, a wake", async () => {
  let steps = 0;
  const fn = on("fine", async ({ step }) => {
    await step.run("count", () => {
      steps += 1;
    });
    await step.sleep("nap", "1h");
    return "done";
  });
  const cloud = await openCloud([fn]);
  const at = Math.floor(Date.parse("2026-01-01T00:00:00Z") / 1_000) * 1_000;
  const twice = own({ id: "twice", ts: at });
  await put(cloud, "ingest", twice, twice);
  const runId = runIdOf({ app: "shop", functionId: "fine" }, "twice", at);
  const starting = message({
    kind: "start",
    id: "start",
    runId,
    event: { ...stored, id: "twice", at },
    queuedAt: at,
    emits: [],
  });
  await put(cloud, "runs", starting, message({ kind: "wake", runId }), message({ kind: "wake", runId }));
  await cloud.passTime("1s");
  expect(await cloud.run(runId)).toMatchObject({ status: "sleeping" });
  expect(await cloud.waitForRun(runId)).toMatchObject({ status: "completed", output: "done" });
  await put(cloud, "runs", starting, message({ kind: "wake", runId }));
  await cloud.passTime("1d");
  expect(steps).toBe(1);
  expect(await cloud.deadLetters()).toEqual([]);
});

it("an outcome that comes for a step that has one, or for an ended run, changes nothing", async () => {
  const fn = on("fine", ({ step }) => step.waitForEvent("w", { event: "shop/go", timeout: "1d" }));
  const cloud = await openCloud([fn]);
  const run = await start(cloud, { name: "shop/fine" });
  await cloud.send({ name: "shop/go", id: "g" });
  const before = await cloud.run(run.id);
  expect(before).toMatchObject({ status: "completed", output: { id: "g" } });
  const outcome = { ok: true, data: { json: '"late"' } };
  await put(cloud, "runs", message({ runId: run.id, kind: "resolve", stepKey: "aaaaaaaaaaaaaaaa", by: "x", outcome }));
  await cloud.passTime("2d");
  expect(await cloud.run(run.id)).toEqual(before);
});
