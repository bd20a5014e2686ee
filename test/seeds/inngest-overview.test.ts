import { NonRetriableError, StepError } from "stepwell/inngest";
import { describe, expect, it } from "vitest";
import { finish, finishAll, openCloud } from "../dropin/cloud.ts";
import { cancellable, limited } from "./examples/overview-cancellation.ts";
import { inngest as checkpointing, tuned } from "./examples/overview-checkpointing.ts";
import { inngest } from "./examples/overview-client.ts";
import { attempts, cleaning, handler, later, permanent, recovering } from "./examples/overview-errors.ts";
import { handled } from "./examples/overview-flow-control.ts";
import { functions as helped } from "./examples/overview-helper-types.ts";
import { inngest as withMiddleware } from "./examples/overview-middleware.ts";
import { parallel } from "./examples/overview-parallel.ts";
import { calling, fanning, looping } from "./examples/overview-patterns.ts";
import { signalled } from "./examples/overview-signal.ts";
import { computeSquare, steps } from "./examples/overview-steps.ts";
import syncData from "./examples/overview-sync-data.ts";
import { filtered, noon } from "./examples/overview-triggers.ts";
import { fromRecord, fromSchema, fromUnion, stacked } from "./examples/overview-types.ts";
import { calls, counts, fake, provide } from "./services.ts";

const logged: unknown[] = [];
const log = (...line: unknown[]) => void logged.push(line);
const failing = (name: string) =>
  fake(name, () => {
    throw new Error(`${name} is down`);
  });

provide({
  originalError: new Error("original"),
  fetchFromAPI: fake("fetchFromAPI", () => ({ number: 4 })),
  riskyApiCall: failing("riskyApiCall"),
  fallbackApiCall: fake("fallbackApiCall", () => "fallback"),
  cleanupResources: fake("cleanupResources"),
  callApi: fake("callApi", (which: string) => {
    if (which === "primary") throw new Error("primary is down");
    return which;
  }),
  processItem: fake("processItem", ({ sku }: { sku: string }) => sku),
  items: [{ sku: "a" }, { sku: "b" }],
  env: { INNGEST_EVENT_KEY: "key", INNGEST_SIGNING_KEY: "signkey-test" },
  inngestLogger: { debug: log, info: log, warn: log, error: log },
});
const { inngest: superstarter } = await import("./examples/overview-client-options.ts");

type Served = Parameters<typeof openCloud>[0]["functions"];
const open = (...functions: Served) => openCloud({ client: inngest, functions });
const test = { name: "test", data: {} };
const minutesOf = ({ queuedAt, endedAt }: { queuedAt: number; endedAt?: number | undefined }) =>
  Math.round(((endedAt ?? 0) - queuedAt) / 60_000);

describe("the examples of the overview", () => {
  it("a function, and triggers with a filter and a cron", async () => {
    const cloud = await open(syncData, filtered, noon);
    expect((await finish(cloud, { name: "app/sync.requested", data: {} })).status).toBe("completed");
    expect((await finish(cloud, { name: "event.name", data: { priority: 4 } })).output).toBe(4);
    expect(await finishAll(cloud, { name: "event.name", data: { priority: 3 } })).toEqual([]);
    const [run] = await cloud.runsOf((await cloud.fire("noon")).ids[0]);
    expect((await cloud.waitForRun(run?.id)).output).toBe("0 12 * * 5");
  });

  it("the step reference", async () => {
    const cloud = await open(computeSquare, steps);
    const { ids } = await cloud.send({
      name: "app/onboarding.started",
      data: { userId: "u1", remindAt: Date.now() + 172_800_000 },
    });
    await cloud.passTime("3d");
    await cloud.send({ name: "app/onboarding.completed", data: { userId: "u2" } });
    await cloud.send({ name: "app/onboarding.completed", data: { userId: "u1" } });
    const run = await cloud.waitForRun((await cloud.runsOf(ids[0]))[0]?.id);
    expect(run.output).toMatchObject({
      data: { number: 4 },
      completionEvent: { data: { userId: "u1" } },
      result: 16,
    });
    expect(run.steps.map(({ kind }) => kind)).toEqual(["run", "sleep", "sleep", "waitForEvent", "invoke", "sendEvent"]);
  });

  it("a signal, within three days", async () => {
    const cloud = await open(signalled);
    const { ids } = await cloud.send(test);
    await cloud.passTime("2d");
    await inngest.sendSignal({ signal: "task/unique-signal-id", data: 7 });
    const run = await cloud.waitForRun((await cloud.runsOf(ids[0]))[0]?.id);
    expect(run.output).toEqual({ signal: "task/unique-signal-id", data: 7 });
  });

  it("errors that end a run, and that put off the next try", async () => {
    const cloud = await open(permanent, later);
    const runs = await finishAll(cloud, test);
    const of = (id: string) => runs.find(({ functionId }) => functionId === id);
    expect(of("permanent")?.error).toMatchObject({ message: "User not found", cause: { message: "original" } });
    expect(of("later")?.output).toBe(2);
    const waited = (of("later")?.endedAt ?? 0) - (of("later")?.queuedAt ?? 0);
    expect(Math.floor(waited / 1000)).toBeGreaterThanOrEqual(30);
    expect(NonRetriableError.is(new NonRetriableError("x")) && !StepError.is(new Error("x"))).toBe(true);
  });

  it("a step's error, caught, and a step in its place", async () => {
    expect((await finish(await open(recovering), test)).output).toBe("fallback");
    expect(counts()).toEqual({ riskyApiCall: 5, fallbackApiCall: 1 });
  });

  it("onFailure, and a function for all failures", async () => {
    const cloud = await open(cleaning, handler);
    expect((await finish(cloud, test)).status).toBe("failed");
    await cloud.passTime("1m");
    expect(calls).toEqual([
      ["cleanupResources", expect.objectContaining({ function_id: "my-app-my-fn", error: expect.anything() })],
    ]);
    expect(await cloud.runs({ functionId: "handle-failures" })).toMatchObject([{ status: "completed" }]);
  });

  it("the attempt's number: two tries of one way, then another", async () => {
    expect((await finish(await open(attempts), test)).output).toBe("fallback");
    expect(calls.map(([, which]) => which)).toEqual(["primary", "primary", "fallback"]);
  });

  it("cancelOn: the account's own event ends the run, and not after half an hour", async () => {
    const cloud = await open(cancellable);
    const start = async () => {
      const { ids } = await cloud.send({ name: "user/report.requested", data: { userId: "u1" } });
      return (await cloud.runsOf(ids[0]))[0]?.id;
    };
    const [first] = [await start()];
    await cloud.passTime("1m");
    await cloud.send({ name: "user/account.deleted", data: { userId: "u2" } });
    await cloud.send({ name: "user/account.deleted", data: { userId: "u1" } });
    expect((await cloud.waitForRun(first)).status).toBe("cancelled");
    const second = await start();
    await cloud.passTime("31m");
    await cloud.send({ name: "user/account.deleted", data: { userId: "u1" } });
    expect((await cloud.waitForRun(second)).status).toBe("completed");
  });

  it("timeouts: an hour in all", async () => {
    const run = await finish(await open(limited), { name: "user/report.requested", data: { userId: "u1" } });
    expect([run.status, minutesOf(run)]).toEqual(["cancelled", 60]);
  });

  it("checkpointing, on or with numbers", async () => {
    for (const client of [checkpointing, tuned]) {
      const fn = client.createFunction({ id: "three" }, { event: "test" }, async ({ step }) => {
        for (const n of [1, 2, 3])
          await step.run(
            "count",
            fake("count", () => n),
          );
        return "done";
      });
      const cloud = await openCloud({ client, functions: [fn] });
      expect((await finish(cloud, test)).output).toBe("done");
    }
    expect(counts()).toEqual({ count: 6 });
  });

  it("a client with everything but realtime: its logger gets the lines", async () => {
    const hello = superstarter.createFunction({ id: "hello" }, { event: "superstarter/hello" }, ({ event, logger }) => {
      logger.info("hello", event.data.message);
    });
    const cloud = await openCloud({ client: superstarter, functions: [hello] });
    await finish(cloud, { name: "superstarter/hello", data: { message: "you" } });
    expect(logged).toEqual([["hello", "you"]]);
  });

  it("middleware with every hook, none of which changes anything", async () => {
    const fn = withMiddleware.createFunction({ id: "hooked" }, { event: "test" }, async ({ step }) => {
      await step.sendEvent("announce", { name: "announced", data: {} });
      return step.run("one", () => 1);
    });
    const cloud = await openCloud({ client: withMiddleware, functions: [fn] });
    await withMiddleware.send(test);
    await cloud.passTime("1s");
    expect(await cloud.runs()).toMatchObject([{ status: "completed" }]);
  });

  it("schemas of each kind type what is sent and what arrives", async () => {
    const cloud = await openCloud({ client: fromRecord, functions: helped });
    expect((await finish(cloud, { name: "app/user.created", data: { userId: "u1" } })).output).toBe("u1");
    const created = ({ event }: { event: { data: { userId: string } } }) => event.data.userId;
    const functions = [
      fromSchema.createFunction({ id: "a" }, { event: "app/user.created" }, created),
      fromUnion.createFunction({ id: "b" }, { event: "app/post.created" }, ({ event }) => event.data.postId),
      stacked.createFunction({ id: "c" }, { event: "app/user.deleted" }, created),
      stacked.createFunction({ id: "d" }, { event: "app/user.created" }, created),
    ];
    const all = await openCloud({ client: stacked, functions });
    const outputs = async (event: Parameters<typeof all.send>[0]) =>
      (await finishAll(all, event)).map(({ functionId, output }) => [functionId, output]).sort();
    expect(await outputs({ name: "app/user.created", data: { userId: "u1" } })).toEqual([
      ["a", "u1"],
      ["d", "u1"],
    ]);
    expect(await outputs({ name: "app/user.deleted", data: { userId: "u2" } })).toEqual([["c", "u2"]]);
  });

  it("two steps in parallel", async () => {
    const run = await finish(await open(parallel), test);
    expect(run.steps.map(({ id }) => id).sort()).toEqual(["send-email", "update-db"]);
  });

  it("patterns: a reference, a loop, a fan-out", async () => {
    const other = inngest.createFunction({ id: "other-app-fn-id" }, { event: "other" }, ({ event }) => event.data.n);
    const items: unknown[] = [];
    const each = inngest.createFunction({ id: "each" }, { event: "app/item.process" }, ({ event }) => {
      items.push(event.data.sku);
    });
    const cloud = await open(calling, looping, fanning, other, each);
    const runs = await finishAll(cloud, test);
    expect(runs.map(({ functionId, status }) => [functionId, status]).sort()).toEqual([
      ["calling", "completed"],
      ["fanning", "completed"],
      ["looping", "completed"],
    ]);
    expect(runs.find(({ functionId }) => functionId === "calling")?.output).toBe(1);
    await cloud.passTime("1s");
    expect([counts(), items.sort()]).toEqual([{ processItem: 2 }, ["a", "b"]]);
  });
});

describe("the examples of flow control", () => {
  const open = () => openCloud({ client: inngest, functions: flow() });
  const flow = () =>
    inngest.funcs.filter((fn) => fn.manifest.triggers.some((t) => t.kind === "event" && t.event.startsWith("flow/")));
  const several = (id: string, data: readonly object[]) => data.map((each) => ({ name: `flow/${id}`, data: each }));
  const statuses = async (cloud: Awaited<ReturnType<typeof open>>, functionId: string) =>
    (await cloud.runs({ functionId })).map(({ status }) => status).sort();

  it("concurrency, as a number and by key and scope: all runs end", async () => {
    const cloud = await open();
    await cloud.send(several("at-most-ten", Array(12).fill({})));
    await cloud.send(several("per-tenant", [{ account_id: "a" }, { account_id: "a" }, { account_id: "b" }]));
    await cloud.passTime("1m");
    expect(await statuses(cloud, "at-most-ten")).toEqual(Array(12).fill("completed"));
    expect(await statuses(cloud, "per-tenant")).toEqual(Array(3).fill("completed"));
  });

  it("throttle: three at once of a user, the fourth five seconds later", async () => {
    const cloud = await open();
    await cloud.send(several("throttle", Array(4).fill({ user_id: "u" })));
    await cloud.passTime("1s");
    expect((await statuses(cloud, "throttle")).filter((status) => status === "completed")).toHaveLength(3);
    await cloud.passTime("6s");
    expect(await statuses(cloud, "throttle")).toEqual(Array(4).fill("completed"));
  });

  it("rateLimit and idempotency: one of a customer, the others are dropped", async () => {
    const cloud = await open();
    for (const id of ["rate-limit", "idempotency"]) {
      await cloud.send(several(id, [{ customer_id: "c" }, { customer_id: "c" }, { customer_id: "d" }]));
      await cloud.passTime("1s");
      expect(await statuses(cloud, id)).toEqual(["completed", "completed", "skipped"]);
    }
  });

  it("debounce: one run of an account after five quiet minutes", async () => {
    const cloud = await open();
    await cloud.send(several("debounce", [{ account_id: "a", n: 1 }]));
    await cloud.passTime("4m");
    await cloud.send(several("debounce", [{ account_id: "a", n: 2 }]));
    await cloud.passTime("6m");
    const runs = await cloud.runs({ functionId: "debounce" });
    expect(
      await Promise.all(
        runs.filter((run) => run.status === "completed").map(async ({ id }) => (await cloud.run(id))?.output),
      ),
    ).toEqual([{ account_id: "a", n: 2 }]);
  });

  it("priority: an enterprise goes before those that came in the three minutes before it", async () => {
    const cloud = await open();
    await cloud.send(several("priority", [{ plan: "free" }, { plan: "free" }, { plan: "enterprise" }]));
    await cloud.passTime("1m");
    expect(handled).toHaveLength(3);
    expect(handled.indexOf("enterprise")).toBeLessThan(2);
  });

  it("singleton: a second run of a user is skipped while the first is there", async () => {
    const cloud = await open();
    await cloud.send(several("singleton", [{ user_id: "u" }]));
    await cloud.send(several("singleton", [{ user_id: "u" }, { user_id: "v" }]));
    await cloud.passTime("2h");
    expect(await statuses(cloud, "singleton")).toEqual(["completed", "completed", "skipped"]);
  });

  it("batchEvents: one run for a user's events, and others go alone", async () => {
    const cloud = await open();
    const free = { user_id: "u", account_type: "free" };
    await cloud.send(several("batch", [free, free, { ...free, account_type: "paid" }]));
    await cloud.passTime("10s");
    const runs = await cloud.runs({ functionId: "batch" });
    const outputs = await Promise.all(runs.map(async ({ id }) => (await cloud.run(id))?.output));
    expect(outputs.filter((size) => size !== undefined).sort()).toEqual([1, 2]);
  });
});
