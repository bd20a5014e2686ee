import { describe, expect, it } from "vitest";
import { DAY, HOUR, type Line, MINUTE, on, openCloud, stepwell } from "../cloud.ts";
import { sendOne } from "./flow.ts";

const told = (lines: readonly Line[]) =>
  lines.filter(({ message }) => message === "an event started no run of a function").map(({ fields }) => fields);

describe("rateLimit", () => {
  const rateLimit = { limit: 2, period: MINUTE, key: "event.data.user" };

  it("lets its limit through at once and drops the rest, with a record and a line in the log", async () => {
    const lines: Line[] = [];
    const cloud = await openCloud([on("welcome", () => "done", { rateLimit })], {}, lines);
    const send = (user: string) => sendOne(cloud, { name: "shop/welcome", data: { user } });
    const runs = [await send("a"), await send("a"), await send("a"), await send("b")];
    expect(runs.map(({ status }) => status)).toEqual(["completed", "completed", "skipped", "completed"]);
    expect(runs[2]).toMatchObject({ attempts: 0, startedAt: undefined, steps: [], output: undefined });
    expect(told(lines)).toEqual([expect.objectContaining({ functionId: "welcome", reason: "rateLimit", key: "a" })]);
    expect((await cloud.runs({ status: "skipped" })).map(({ id }) => id)).toEqual([runs[2]?.id]);
  });

  it("lets one more through each time that its share of the period has gone by", async () => {
    const cloud = await openCloud([on("welcome", () => "done", { rateLimit })]);
    const statuses = [];
    for (const wait of [0, 0, 29_999, 1, 0, 30_000, 60_000, 0, 0]) {
      await cloud.passTime(wait);
      statuses.push((await sendOne(cloud, { name: "shop/welcome", data: { user: "a" } })).status);
    }
    const [yes, no] = ["completed", "skipped"];
    expect(statuses).toEqual([yes, yes, no, yes, no, yes, yes, yes, no]);
  });

  it("is off for an event whose key is false or missing", async () => {
    const lines: Line[] = [];
    const cloud = await openCloud([on("welcome", () => "done", { rateLimit: { ...rateLimit, limit: 1 } })], {}, lines);
    for (const data of [{ user: false }, { user: false }, {}, {}])
      expect(await sendOne(cloud, { name: "shop/welcome", data })).toMatchObject({ status: "completed" });
    expect(lines.filter(({ level, message }) => level === "warn" && message.includes("switched off")).length).toBe(4);
  });

  it("of one function does not count what another of the same event does", async () => {
    const limited = on("welcome", () => "done", { rateLimit: { limit: 1, period: HOUR } });
    const free = stepwell.createFunction({ id: "free" }, { event: "shop/welcome" }, () => "free");
    const cloud = await openCloud([limited, free]);
    for (const expected of ["completed", "skipped"]) {
      const { ids } = await cloud.send({ name: "shop/welcome" });
      const runs = await cloud.runsOf(ids[0]);
      const statuses = Object.fromEntries(runs.map(({ functionId, status }) => [functionId, status]));
      expect(statuses).toEqual({ welcome: expected, free: "completed" });
    }
  });
});

describe("idempotency", () => {
  const idempotency = "event.data.order";

  it("lets only the first of a key through within 24 hours; the records of the others name its run", async () => {
    const lines: Line[] = [];
    const cloud = await openCloud([on("charge", () => "done", { idempotency })], {}, lines);
    const send = (order: unknown) => sendOne(cloud, { name: "shop/charge", data: { order } });
    const first = await send("o1");
    const other = await send("o2");
    const repeat = await send("o1");
    expect([first, other, repeat].map(({ status }) => status)).toEqual(["completed", "completed", "skipped"]);
    expect(told(lines)).toEqual([expect.objectContaining({ reason: "idempotency", key: "o1", because: first.id })]);
    await cloud.passTime(DAY - 1);
    expect(await send("o1")).toMatchObject({ status: "skipped" });
    await cloud.passTime(1);
    expect(await send("o1")).toMatchObject({ status: "completed" });
    expect(await send("o1")).toMatchObject({ status: "skipped" });
  });

  it("takes equal values for one key, and a number and its text for two", async () => {
    const cloud = await openCloud([on("charge", () => "done", { idempotency })]);
    const send = (order: unknown) => sendOne(cloud, { name: "shop/charge", data: { order } });
    const statuses = [];
    for (const order of [1, "1", { a: 1, b: 2 }, { b: 2, a: 1 }, 1, "1"]) statuses.push((await send(order)).status);
    const [yes, no] = ["completed", "skipped"];
    expect(statuses).toEqual([yes, yes, yes, no, no, no]);
  });

  it("is off for an event without the key", async () => {
    const cloud = await openCloud([on("charge", () => "done", { idempotency })]);
    for (const data of [{}, {}, { order: false }, { order: false }])
      expect(await sendOne(cloud, { name: "shop/charge", data })).toMatchObject({ status: "completed" });
  });

  it("is used up by an event that the rate limit drops", async () => {
    const flow = { idempotency, rateLimit: { limit: 1, period: HOUR } };
    const lines: Line[] = [];
    const cloud = await openCloud([on("charge", () => "done", flow)], {}, lines);
    for (const order of ["o1", "o2", "o2"]) await sendOne(cloud, { name: "shop/charge", data: { order } });
    expect(told(lines)).toMatchObject([{ reason: "rateLimit" }, { reason: "idempotency", key: "o2" }]);
  });
});

describe("step.invoke of a function that starts no run", () => {
  it("fails with STEPWELL_RUN_SKIPPED, which names the control, the key and the run in the way", async () => {
    const child = on("charge", () => "done", { idempotency: "event.data.order" });
    const parent = on("parent", async ({ step }) => {
      const ask = { function: child as never, data: { order: "o1" } as never };
      const first = await step.invoke("one", ask);
      const error = await step.invoke("two", ask).catch((thrown: Error) => thrown);
      const { code, message } = error as { code?: string; message: string };
      return { first, code, message };
    });
    const cloud = await openCloud([child, parent]);
    const run = await sendOne(cloud, { name: "shop/parent" });
    const [one] = await cloud.runs({ functionId: "charge", status: "completed" });
    expect(run).toMatchObject({ status: "completed", output: { first: "done", code: "STEPWELL_RUN_SKIPPED" } });
    const { message } = run.output as { message: string };
    for (const part of ["shop/charge", "idempotency", '"o1"', one?.id ?? "?"]) expect(message).toContain(part);
  });
});
