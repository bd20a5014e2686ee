import { Backoff, RetryAfterError } from "stepwell";
import { describe, expect, it } from "vitest";
import { on as define, HOUR, MINUTE, openCloud } from "../cloud.ts";
import { type FlowStage, ids, on, openFlow, worker } from "./stage.ts";

const viewOf = async ({ cloud }: FlowStage, eventId: string) => (await cloud.runsOf(eventId))[0];
const idOf = async (stage: FlowStage, eventId: string) => (await viewOf(stage, eventId))?.id ?? "";

describe("a run that is not executing says what it waits for", () => {
  it("in line: the limit, its key, its place, and who holds the slots; then nothing more", async () => {
    const options = { concurrency: { limit: 2, key: "event.data.user" } };
    const stage = await openFlow((app) => [worker(app, "work", options, MINUTE)]);
    await stage.go("work", ids(5), { user: "ann" });
    const holders = await Promise.all(["r000", "r001"].map((id) => idOf(stage, id)));
    const reasons = await Promise.all(ids(5).map(async (id) => (await viewOf(stage, id))?.waitingFor));
    const line = { kind: "concurrency", scope: "fn", key: "ann", limit: 2, held: 2 };
    const named = holders.toSorted().map((runId) => ({ runId, app: "laws", functionId: "work" }));
    expect(reasons).toEqual([
      undefined,
      undefined,
      { ...line, place: 1, holders: named },
      { ...line, place: 2, holders: named },
      { ...line, place: 3, holders: named },
    ]);
    await stage.pass(MINUTE);
    expect(await viewOf(stage, "r002")).not.toHaveProperty("waitingFor");
    expect((await viewOf(stage, "r004"))?.waitingFor).toMatchObject({ kind: "concurrency", place: 1 });
    await stage.pass(5 * MINUTE);
    expect(await viewOf(stage, "r004")).toMatchObject({ status: "completed" });
    expect(await viewOf(stage, "r004")).not.toHaveProperty("waitingFor");
  });

  it("behind another function's run, which is named", async () => {
    const options = { concurrency: { limit: 1, key: '"gpu"', scope: "env" } };
    const stage = await openFlow((app) => [worker(app, "one", options, MINUTE), worker(app, "two", options, MINUTE)]);
    await stage.go("one", ["a"]);
    await stage.go("two", ["b"]);
    const holder = { runId: await idOf(stage, "a"), app: "laws", functionId: "one" };
    expect((await viewOf(stage, "b"))?.waitingFor).toMatchObject({ scope: "env", key: "gpu", holders: [holder] });
    await stage.pass(3 * MINUTE);
  });

  it("held back by a Backoff: until when", async () => {
    const cloud = await openCloud([
      define(
        "push",
        ({ event, step }) =>
          step.run("push", () => {
            if (event.id === "p1") throw new Backoff("s1", "10m");
          }),
        { concurrency: { limit: 3, key: "event.data.shop" } },
      ),
    ]);
    for (const id of ["p1", "p2"]) await cloud.send({ id, name: "shop/push", data: { shop: "s1" } });
    const [first] = await cloud.runsOf("p1");
    const [second] = await cloud.runsOf("p2");
    const heldUntil = first?.waitingFor?.kind === "retry" ? first.waitingFor.until : 0;
    expect(first?.waitingFor).toMatchObject({ kind: "retry", step: "push" });
    expect(second?.waitingFor).toEqual({
      ...{ kind: "concurrency", scope: "fn", key: "s1", limit: 3, place: 1, held: 0, holders: [] },
      heldUntil,
    });
  });

  it("throttled: the limit, and when it starts", async () => {
    const throttle = { limit: 1, period: HOUR, key: "event.data.shop" };
    const cloud = await openCloud([define("mail", () => "done", { throttle })]);
    for (const id of ["m1", "m2"]) await cloud.send({ id, name: "shop/mail", data: { shop: "s1" } });
    const [early] = await cloud.runsOf("m1");
    const [late] = await cloud.runsOf("m2");
    const startsAt = (early?.startedAt ?? 0) + HOUR;
    expect(early).not.toHaveProperty("waitingFor");
    expect(late?.waitingFor).toEqual({ kind: "throttle", key: "s1", limit: 1, periodMs: HOUR, startsAt });
    expect(await cloud.waitForRun(late?.id)).toMatchObject({ startedAt: startsAt });
  });

  it("debounced, and in a batch: until when", async () => {
    const cloud = await openCloud([
      define("edit", () => "done", { debounce: { period: MINUTE, key: "event.data.doc" } }),
      define("row", () => "done", { batchEvents: { maxSize: 3, timeout: HOUR } }),
    ]);
    await cloud.send({ id: "e1", name: "shop/edit", data: { doc: "d1" } });
    await cloud.send([
      { id: "w1", name: "shop/row" },
      { id: "w2", name: "shop/row" },
    ]);
    const [edit] = await cloud.runsOf("e1");
    const [row] = await cloud.runsOf("w2");
    expect(edit?.waitingFor).toEqual({ kind: "debounce", key: "d1", until: (edit?.queuedAt ?? 0) + MINUTE });
    expect(row?.waitingFor).toEqual({ kind: "batch", size: 2, maxSize: 3, until: (row?.queuedAt ?? 0) + HOUR });
    expect(await cloud.waitForRun(edit?.id)).toMatchObject({ status: "completed" });
  });

  it("asleep, waiting, between two tries: the step, and until when", async () => {
    const stage = await openFlow((app) => [
      on(app, "nap", {}, async ({ step }) => {
        await step.sleep("rest", "1h");
        await step.waitForEvent("paid", { event: "flow/paid", timeout: "1d" });
      }),
      on(app, "fail", { retries: 1 }, () => {
        throw new RetryAfterError("not yet", "10m");
      }),
    ]);
    await stage.go("nap", ["n"]);
    await stage.go("fail", ["f"]);
    const run = await viewOf(stage, "n");
    expect(run?.waitingFor).toEqual({ kind: "sleep", step: "rest", until: (run?.steps[0]?.startedAt ?? 0) + HOUR });
    const { startedAt: started = 0, waitingFor } = (await viewOf(stage, "f")) ?? {};
    expect(waitingFor).toEqual({ kind: "retry", until: started + 10 * MINUTE });
    await stage.pass(HOUR + MINUTE);
    const reason = (await viewOf(stage, "n"))?.waitingFor;
    expect(reason).toEqual({ kind: "event", step: "paid", event: "flow/paid", until: expect.any(Number) });
  });

  it("is not in lists, which read no more than the runs", async () => {
    const cloud = await openCloud([define("nap", ({ step }) => step.sleep("rest", "1h"))]);
    await cloud.send({ name: "shop/nap" });
    const [run] = await cloud.runs();
    expect(run).toMatchObject({ status: "sleeping" });
    expect(run).not.toHaveProperty("waitingFor");
  });
});

describe("events that start no run", () => {
  it("are counted by function and reason", async () => {
    const cloud = await openCloud([
      define("welcome", () => "done", { rateLimit: { limit: 1, period: HOUR } }),
      define("charge", () => "done", { idempotency: "event.data.order" }),
      define("edit", () => "done", { debounce: { period: MINUTE } }),
    ]);
    const { ids } = await cloud.send({ name: "shop/welcome" });
    for (let i = 0; i < 3; i++) await cloud.send({ name: "shop/welcome" });
    for (const order of ["o1", "o2", "o1"]) await cloud.send({ name: "shop/charge", data: { order } });
    for (let i = 0; i < 3; i++) await cloud.send({ name: "shop/edit" });
    const early = [
      { app: "shop", functionId: "charge", reason: "idempotency", count: 1 },
      { app: "shop", functionId: "welcome", reason: "rateLimit", count: 3 },
    ];
    expect(await cloud.skips()).toEqual({ skips: early, more: false });
    await cloud.passTime("2m");
    const edits = { app: "shop", functionId: "edit", reason: "debounce", count: 2 };
    expect(await cloud.skips()).toEqual({ skips: [early[0], edits, early[1]], more: false });
    expect(await cloud.skips({ functionId: "edit" })).toEqual({ skips: [edits], more: false });
    await cloud.passTime("2d");
    expect(await cloud.skips()).toEqual({ skips: [], more: false });
    const since = (await cloud.runsOf(ids[0]))[0]?.queuedAt;
    expect((await cloud.skips({ since })).skips).toHaveLength(3);
  });

  it("are counted over the HTTP API, which knows its parameters", async () => {
    const cloud = await openCloud([define("charge", () => "done", { idempotency: "event.data.order" })]);
    for (let i = 0; i < 2; i++) await cloud.send({ name: "shop/charge", data: { order: "o1" } });
    const get = async (query: string) => (await fetch(`${cloud.url}/api/skips?${query}`)).json();
    const skips = [{ app: "shop", functionId: "charge", reason: "idempotency", count: 1 }];
    expect(await get("function=charge")).toEqual({ skips, more: false });
    expect(await get("status=queued")).toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
    expect(await get("since=soon")).toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
  });

  it("tell the run that went instead of a debounced one", async () => {
    const cloud = await openCloud([define("edit", () => "done", { debounce: { period: MINUTE } })]);
    for (const id of ["e1", "e2"]) await cloud.send({ id, name: "shop/edit" });
    await cloud.passTime("2m");
    const [run] = await cloud.runsOf("e2");
    expect(run).toMatchObject({ status: "completed" });
    expect((await cloud.runsOf("e1"))[0]).toMatchObject({
      status: "skipped",
      skipped: { reason: "debounce", runId: run?.id },
    });
  });
});

describe("waitForRun", () => {
  it("names the limit and who holds its slots, when the run behind a body that never ends is stuck", async () => {
    const cloud = await openCloud([
      define("hung", ({ step }) => step.run("hang", () => new Promise(() => {})), {
        concurrency: { limit: 1, key: "event.data.shop" },
      }),
    ]);
    const ids = [];
    for (const id of ["h1", "h2"]) {
      await cloud.send({ id, name: "shop/hung", data: { shop: "s1" } });
      ids.push((await cloud.runsOf(id))[0]?.id);
    }
    const holder = `a slot of the concurrency limit of 1 for the key "s1", held by ${ids[0]}`;
    await expect(cloud.waitForRun(ids[1])).rejects.toMatchObject({
      code: "STEPWELL_RUN_STUCK",
      message: expect.stringContaining(`is queued; it waits for ${holder}.`),
    });
  });
});
