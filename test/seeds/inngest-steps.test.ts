import { describe, expect, it, vi } from "vitest";
import { finish, openCloud } from "../dropin/cloud.ts";
import badExample from "./examples/steps-bad-example.ts";
import chunks from "./examples/steps-chunks.ts";
import { inngest } from "./examples/steps-client.ts";
import goodExample from "./examples/steps-good-example.ts";
import { computeSquare, invoke } from "./examples/steps-invoke.ts";
import { loop } from "./examples/steps-loop.ts";
import { parallel } from "./examples/steps-parallel.ts";
import parallelHeavy from "./examples/steps-parallel-heavy.ts";
import { run } from "./examples/steps-run.ts";
import { sendEvent } from "./examples/steps-send-event.ts";
import { waitForSignal } from "./examples/steps-signal.ts";
import { sleep, sleepUntil } from "./examples/steps-sleep.ts";
import { wait } from "./examples/steps-wait.ts";
import { calls, counts, fake, provide } from "./services.ts";

const pages = [50, 50, 3];

provide({
  userId: "u1",
  email: "a@b.c",
  invoiceId: "i1",
  profileChanges: { name: "Ada" },
  user: { id: "u1", email: "a@b.c" },
  db: { user: { findById: fake("findById", (id: string) => ({ name: `name of ${id}` })) } },
  processData: fake("processData", ({ name }: { name: string }) => name.toUpperCase()),
  sendWelcomeEmail: fake("sendWelcomeEmail", () => "mail"),
  crmService: { addUser: fake("addUser", () => "crm") },
  subscriptionService: { create: fake("create", () => "subscription") },
  shopify: {
    products: {
      list: fake("list", ({ cursor }: { cursor: string | null }) => {
        const from = cursor === null ? 0 : Number(cursor) + 1;
        return { products: Array.from({ length: pages[from / 50] ?? 0 }, (_, i) => ({ id: String(from + i) })) };
      }),
    },
  },
  processItem: fake("processItem", (item: string) => item),
  chunkArray: (items: string[], size: number) =>
    items.flatMap((_, i) => (i % size === 0 ? [items.slice(i, i + size)] : [])),
  processChunk: fake("processChunk", (chunk: string[]) => chunk.length),
  processAllProducts: fake("processAllProducts"),
  aggregateResults: fake("aggregateResults"),
  notifyAccountingTeam: fake("notifyAccountingTeam", () => "notified"),
  sendEmail: fake("sendEmail"),
  tellTheWorker: fake("tellTheWorker"),
  sendFollowupEmail: fake("sendFollowupEmail"),
});

type Served = Parameters<typeof openCloud>[0]["functions"];
const open = (...functions: Served) => openCloud({ client: inngest, functions });
const test = { name: "test", data: {} };
const hoursOf = ({ queuedAt, endedAt }: { queuedAt: number; endedAt?: number | undefined }) =>
  Math.round(((endedAt ?? 0) - queuedAt) / 3_600_000);

describe("the examples about steps", () => {
  it("the wrong and the right place for a side effect", async () => {
    const lines: unknown[] = [];
    const log = vi.spyOn(console, "log").mockImplementation((line) => void lines.push(line));
    await finish(await open(badExample), test);
    // Four times with a request for each step; here one invocation carries the run to its end.
    expect(lines.splice(0)).toEqual(["This logs 4 times!", "a", "b", "c"]);
    await finish(await open(goodExample), test);
    expect(lines).toEqual(["hello", "a", "b", "c"]);
    log.mockRestore();
  });

  it("step.run: asynchronous, synchronous, and for its effect", async () => {
    const done = await finish(await open(run), test);
    expect(done.output).toEqual({ result: { name: "name of u1" }, transformed: "NAME OF U1" });
    expect(calls.at(-1)).toEqual(["sendEmail", "a@b.c", "Welcome!"]);
  });

  it("step.sleep: eleven days and thirty seconds", async () => {
    const done = await finish(await open(sleep), test);
    expect(hoursOf(done)).toBe(24 + 7 * 24 + 3 * 24);
    expect(counts()).toEqual({ sendEmail: 1, sendFollowupEmail: 1 });
  });

  it("step.sleepUntil: a time that is past, and one of the event", async () => {
    const cloud = await open(sleepUntil);
    const { ids } = await cloud.send({ name: "test", data: { remind_at: Date.now() + 5 * 3_600_000 } });
    expect(hoursOf(await cloud.waitForRun((await cloud.runsOf(ids[0]))[0]?.id))).toBe(5);
  });

  it("step.waitForEvent: by match, by expression, and too late", async () => {
    const cloud = await open(wait);
    const start = async (data: object) => {
      const { ids } = await cloud.send({ name: "app/invoice.created", data });
      return (await cloud.runsOf(ids[0]))[0]?.id;
    };
    const met = await start({ invoiceId: "i1", userId: "u1" });
    await cloud.passTime("1d");
    await cloud.send({ name: "app/invoice.approved", data: { invoiceId: "i1", by: "boss" } });
    await cloud.passTime("1d");
    await cloud.send({ name: "app/subscription.created", data: { userId: "u1", plan: "free" } });
    await cloud.send({ name: "app/subscription.created", data: { userId: "u1", plan: "pro" } });
    expect((await cloud.waitForRun(met)).output).toMatchObject({
      approval: { data: { by: "boss" } },
      subscription: { data: { plan: "pro" } },
    });
    const late = await cloud.waitForRun(await start({ invoiceId: "i2", userId: "u2" }));
    expect(late.output).toEqual({ approval: null, subscription: null });
    expect(counts()).toEqual({ notifyAccountingTeam: 1 });
  });

  it("step.waitForSignal: the one run that waits for it, and too late", async () => {
    const cloud = await open(waitForSignal);
    const start = async () => {
      const { ids } = await cloud.send(test);
      return (await cloud.runsOf(ids[0]))[0]?.id;
    };
    const [first, second] = [await start(), await start()];
    const [one, two] = calls.map(([, taskId]) => String(taskId));
    expect([one === two, one?.startsWith("task-")]).toEqual([false, true]);
    await inngest.sendSignal({ signal: String(one), data: { done: true } });
    expect((await cloud.waitForRun(first)).output).toEqual({ signal: one, data: { done: true } });
    expect((await cloud.waitForRun(second)).output).toBeNull();
  });

  it("step.sendEvent: other functions start, once for each event", async () => {
    const got: unknown[] = [];
    const names = ["user/profile.updated", "billing/invoice.created", "email/invoice.send"];
    const others = names.map((event, i) =>
      inngest.createFunction({ id: `other-${i}` }, { event }, (context) => void got.push(context.event.data)),
    );
    const cloud = await open(sendEvent, ...others);
    expect((await finish(cloud, test)).status).toBe("completed");
    await cloud.passTime("1s");
    expect(got).toHaveLength(3);
    expect(got).toEqual(
      expect.arrayContaining([
        { userId: "u1", changes: { name: "Ada" } },
        { invoiceId: "i1" },
        { email: "a@b.c", invoiceId: "i1" },
      ]),
    );
  });

  it("step.invoke: the square of four", async () => {
    const log = vi.spyOn(console, "log").mockImplementation(() => {});
    expect((await finish(await open(computeSquare, invoke), test)).output).toEqual({ result: 16 });
    expect(log).toHaveBeenCalledWith(16);
    log.mockRestore();
  });

  it("a loop: pages under one id", async () => {
    const done = await finish(await open(loop), test);
    expect(done.output).toBe(103);
    expect(done.steps.map(({ id }) => id)).toEqual(["fetch-page", "fetch-page:1", "fetch-page:2", "process-products"]);
    expect(calls.filter(([name]) => name === "list").map(([, page]) => page)).toEqual(
      [null, "49", "99"].map((cursor) => ({ cursor, limit: 50 })),
    );
  });

  it("parallel steps", async () => {
    expect((await finish(await open(parallel), test)).output).toEqual(["mail", "crm", "subscription"]);
    expect(counts()).toEqual({ sendWelcomeEmail: 1, addUser: 1, create: 1 });
  });

  it("many parallel steps", async () => {
    const items = Array.from({ length: 60 }, (_, i) => `item ${i}`);
    const done = await finish(await open(parallelHeavy), { name: "process/batch", data: { items } });
    expect(done.steps).toHaveLength(60);
    expect(counts()).toEqual({ processItem: 60 });
  });

  it("chunks in parallel, and their sum", async () => {
    const items = Array.from({ length: 25 }, (_, i) => `item ${i}`);
    await finish(await open(chunks), { name: "data/process.large", data: { items } });
    expect(counts()).toEqual({ processChunk: 3, aggregateResults: 1 });
    expect(calls.at(-1)).toEqual(["aggregateResults", [10, 10, 5]]);
  });
});
