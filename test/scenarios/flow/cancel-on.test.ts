import { describe, expect, it } from "vitest";
import { type Input, on, openCloud, start, stepwell } from "../cloud.ts";
import { cancelledBy, leftBehind } from "./lifetime.ts";

type CancelOn = NonNullable<Options["cancelOn"]>;

const cancellable = (cancelOn: CancelOn, handler?: (input: Input) => unknown) =>
  on("order", handler ?? (({ step }) => step.sleep("long", "30d")), { cancelOn });

type Options = NonNullable<Parameters<typeof on>[2]>;

const byEvent = (eventId: string, event = "shop/stop") => cancelledBy({ by: "event", event, eventId });

describe("cancelOn cancels the runs", () => {
  it("whose value matches, and no others", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop", match: "data.id" }])]);
    const one = await start(cloud, { name: "shop/order", data: { id: 1 } });
    const two = await start(cloud, { name: "shop/order", data: { id: 2 } });
    await cloud.send({ name: "shop/stop", id: "s1", data: { id: 1 } });
    await cloud.send({ name: "shop/stop", id: "s3", data: { id: 3 } });
    await cloud.send({ name: "shop/stop", id: "none", data: {} });
    expect(await cloud.run(one.id)).toMatchObject(byEvent("s1"));
    expect((await cloud.run(two.id))?.status).toBe("sleeping");
    await cloud.cancel(two.id);
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it.each([
    ["over both events", "async.data.id == event.data.id && async.data.sum > event.data.least"],
    ["without a key", "async.data.sum > event.data.least"],
  ])("for which an expression holds %s", async (_, condition) => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop", if: condition }])]);
    const run = await start(cloud, { name: "shop/order", data: { id: 1, least: 10 } });
    await cloud.send({ name: "shop/stop", data: { id: 1, sum: 10 } });
    await cloud.send({ name: "shop/stop", data: { id: 1 } });
    expect((await cloud.run(run.id))?.status).toBe("sleeping");
    await cloud.send({ name: "shop/stop", id: "yes", data: { id: 1, sum: 11 } });
    expect(await cloud.run(run.id)).toMatchObject(byEvent("yes"));
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it("of all functions that list the event, by any of several", async () => {
    const other = on("other", ({ step }) => step.sleep("long", "30d"), { cancelOn: [{ event: "shop/stop" }] });
    const cloud = await openCloud([cancellable([{ event: "shop/halt" }, { event: "shop/stop" }]), other]);
    const [a, b] = [await start(cloud, { name: "shop/order" }), await start(cloud, { name: "shop/other" })];
    await cloud.send({ name: "shop/stop", id: "s" });
    expect(await cloud.run(a.id)).toMatchObject(byEvent("s"));
    expect(await cloud.run(b.id)).toMatchObject(byEvent("s"));
    const c = await start(cloud, { name: "shop/order" });
    await cloud.send({ name: "shop/halt", id: "h" });
    expect(await cloud.run(c.id)).toMatchObject(byEvent("h", "shop/halt"));
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it("only within their timeout", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop", timeout: "1h" }])]);
    const early = await start(cloud, { name: "shop/order" });
    await cloud.passTime("59m");
    await cloud.send({ name: "shop/stop", id: "in time" });
    expect(await cloud.run(early.id)).toMatchObject(byEvent("in time"));
    const late = await start(cloud, { name: "shop/order" });
    await cloud.passTime("61m");
    await cloud.send({ name: "shop/stop", id: "too late" });
    expect((await cloud.run(late.id))?.status).toBe("sleeping");
  });

  it("not by events of before: the second of the start counts", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop" }])]);
    await cloud.send({ name: "shop/stop", id: "before" });
    await cloud.passTime("1s");
    const run = await start(cloud, { name: "shop/order" });
    // Seen again, it keeps the time at which it came first.
    await cloud.send({ name: "shop/stop", id: "before" });
    expect((await cloud.run(run.id))?.status).toBe("sleeping");
    await cloud.send({ name: "shop/stop", id: "same second" });
    expect(await cloud.run(run.id)).toMatchObject(byEvent("same second"));
  });

  it("not by the event that starts them: the next one of that name cancels", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/order" }])]);
    const first = await start(cloud, { name: "shop/order", id: "one" });
    expect(first.status).toBe("sleeping");
    await cloud.send({ name: "shop/order", id: "one" });
    expect((await cloud.run(first.id))?.status).toBe("sleeping");
    const second = await start(cloud, { name: "shop/order", id: "two" });
    expect(second.status).toBe("sleeping");
    expect(await cloud.run(first.id)).toMatchObject(byEvent("two", "shop/order"));
  });

  it("that were invoked, or started by a cron, as well", async () => {
    const child = cancellable([{ event: "shop/stop", match: "data.id" }]);
    const nightly = stepwell.createFunction(
      { id: "nightly", cancelOn: [{ event: "shop/stop" }] },
      { cron: "0 3 * * *" },
      ({ step }) => step.sleep("long", "9d"),
    );
    const parent = on("parent", ({ step }) =>
      step
        .invoke("ask", { function: child as never, data: { id: 5 } as never })
        .catch((error: { code?: string }) => error.code),
    );
    const cloud = await openCloud([child, parent, nightly]);
    const asking = await start(cloud, { name: "shop/parent" });
    const { ids } = await cloud.fire("nightly");
    await cloud.send({ name: "shop/stop", id: "s", data: { id: 5 } });
    expect((await cloud.waitForRun(asking.id)).output).toBe("STEPWELL_RUN_CANCELLED");
    expect((await cloud.runsOf(ids[0]))[0]).toMatchObject(byEvent("s"));
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it("before any of their code, when both events come in one batch, or not at all; nothing is left either way", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop", match: "data.id" }])]);
    const { ids } = await cloud.send([
      { name: "shop/order", data: { id: 1 } },
      { name: "shop/stop", id: "s", data: { id: 1 } },
    ]);
    const [run] = await cloud.runsOf(ids[0]);
    expect(["sleeping", "cancelled"]).toContain(run?.status);
    await cloud.cancel(run?.id);
    expect(await leftBehind(cloud)).toEqual([]);
  });

  it("that end by themselves are forgotten: listeners go with them, and late events change nothing", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop", match: "data.id" }], () => "done")]);
    const run = await start(cloud, { name: "shop/order", data: { id: 1 } });
    expect(run).toMatchObject({ status: "completed", output: "done" });
    expect(await leftBehind(cloud)).toEqual([]);
    await cloud.send({ name: "shop/stop", data: { id: 1 } });
    expect(await cloud.run(run.id)).toEqual(run);
  });

  it("of another environment are not concerned", async () => {
    const cloud = await openCloud([cancellable([{ event: "shop/stop" }])]);
    const run = await start(cloud, { name: "shop/order" });
    const detail = { v: 1, id: "elsewhere", ts: 0, env: "other", data: {} };
    const { EventBridgeClient, PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const bus = new EventBridgeClient({ endpoint: cloud.url, region: "us-east-1", credentials });
    const entry = { EventBusName: "stepwell", Source: "stepwell.shop", DetailType: "shop/stop" };
    await bus.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: JSON.stringify(detail) }] }));
    bus.destroy();
    await cloud.passTime("1m");
    expect((await cloud.run(run.id))?.status).toBe("sleeping");
  });
});
