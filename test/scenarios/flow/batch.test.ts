import { describe, expect, it } from "vitest";
import { HOUR, type Line, MINUTE, openCloud } from "../cloud.ts";
import { controlled, fateOf, type Got, outputsOf, sendNumber } from "./bucket-functions.ts";

const SECOND = 1_000;
const batchOf = (...events: number[]): Got => ({ event: events[0], events });

describe("a batch", () => {
  it("runs as soon as it is full, with its events in the order in which they came, and the first as the event", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 3, timeout: HOUR } })]);
    for (const n of [5, 3, 4]) await sendNumber(cloud, "bill", n, { ts: Date.now() - n });
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(5, 3, 4)]);
  });

  it("runs with what there is when its time is over", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 3, timeout: 10 * SECOND } })]);
    await sendNumber(cloud, "bill", 1);
    await cloud.passTime(5 * SECOND);
    await sendNumber(cloud, "bill", 2);
    await cloud.passTime(4 * SECOND);
    expect(await outputsOf(cloud, "bill")).toEqual([]);
    await cloud.passTime(SECOND);
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(1, 2)]);
  });

  it("of one event is a run for each", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 1, timeout: HOUR } })]);
    for (const n of [1, 2]) await sendNumber(cloud, "bill", n);
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(1), batchOf(2)]);
  });

  it("takes each of many events that come together exactly once", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 7, timeout: MINUTE } })]);
    const events = Array.from({ length: 40 }, (_, n) => ({ id: `e${n}`, name: "shop/bill", data: { n } }));
    await cloud.send(events as never);
    await cloud.passTime(2 * MINUTE);
    const batches = (await outputsOf(cloud, "bill")) as Got[];
    expect(batches.map(({ events }) => events.length).toSorted()).toEqual([5, 7, 7, 7, 7, 7]);
    expect(new Set(batches.flatMap(({ events }) => events))).toEqual(new Set(events.map(({ data }) => data.n)));
  });

  it("is one for each key; an event without the key has a run of its own, and that is reported", async () => {
    const lines: Line[] = [];
    const options = { maxSize: 2, timeout: HOUR, key: "event.data.user" };
    const cloud = await openCloud([controlled("bill", { batchEvents: options })], {}, lines);
    for (const [n, user] of [
      [1, "a"],
      [2, "b"],
      [3, "a"],
      [4, undefined],
      [5, "b"],
    ] as const)
      await sendNumber(cloud, "bill", n, { data: { user } });
    expect(new Set(await outputsOf(cloud, "bill"))).toEqual(new Set([batchOf(1, 3), batchOf(4), batchOf(2, 5)]));
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  });

  it("leaves alone what its condition does not hold for: that runs at once", async () => {
    const options = { maxSize: 2, timeout: HOUR, if: "event.data.n > 10" };
    const cloud = await openCloud([controlled("bill", { batchEvents: options })]);
    for (const n of [11, 1, 12]) await sendNumber(cloud, "bill", n);
    expect(new Set(await outputsOf(cloud, "bill"))).toEqual(new Set([batchOf(1), batchOf(11, 12)]));
  });

  it("keeps time over more than the quarter of an hour that a queue can, and takes its schedule back when it is full", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 3, timeout: 5 * HOUR } })]);
    await sendNumber(cloud, "bill", 1);
    await cloud.passTime(5 * HOUR - SECOND);
    expect(await outputsOf(cloud, "bill")).toEqual([]);
    await cloud.passTime(SECOND);
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(1)]);
    for (const n of [2, 3, 4]) await sendNumber(cloud, "bill", n);
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(1), batchOf(2, 3, 4)]);
    expect(cloud.meter().calls["scheduler.DeleteSchedule"]).toBe(1);
  });

  it("takes an event that is sent again only once, also when it has run", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 2, timeout: MINUTE } })]);
    for (const n of [1, 1, 2, 1, 2]) await sendNumber(cloud, "bill", n);
    await cloud.passTime(2 * MINUTE);
    expect(await outputsOf(cloud, "bill")).toEqual([batchOf(1, 2)]);
  });
});

describe("a run of several events", () => {
  it("has them all again after a rest", async () => {
    const fn = controlled("bill", { batchEvents: { maxSize: 2, timeout: HOUR } }, async ({ step, events }) => {
      await step.sleep("rest", "60d");
      return events.map(({ id }) => id);
    });
    const cloud = await openCloud([fn]);
    for (const n of [1, 2]) await sendNumber(cloud, "bill", n);
    const { id } = await fateOf(cloud, 1);
    expect(await cloud.waitForRun(id)).toMatchObject({ status: "completed", output: ["e1", "e2"] });
  });

  it("waits for an event by the one that came first", async () => {
    const fn = controlled("bill", { batchEvents: { maxSize: 2, timeout: HOUR } }, async ({ step }) => {
      const paid = await step.waitForEvent("paid", { event: "shop/paid", match: "data.n", timeout: "1d" });
      return paid?.id;
    });
    const cloud = await openCloud([fn]);
    for (const n of [1, 2]) await sendNumber(cloud, "bill", n);
    await cloud.send({ id: "of2", name: "shop/paid", data: { n: 2 } } as never);
    await cloud.send({ id: "of1", name: "shop/paid", data: { n: 1 } } as never);
    expect(await outputsOf(cloud, "bill")).toEqual(["of1"]);
  });

  it("tells all of them when it fails", async () => {
    const heard: unknown[] = [];
    const fail = () => {
      throw new Error("no");
    };
    const options = {
      batchEvents: { maxSize: 2, timeout: HOUR },
      retries: 0,
      onFailure: ({ event }: { event: { data: { event: { id: string }; events: { id: string }[] } } }) => {
        heard.push(
          event.data.event.id,
          event.data.events.map(({ id }) => id),
        );
      },
    } as Parameters<typeof controlled>[1];
    const cloud = await openCloud([controlled("bill", options, fail)]);
    for (const n of [1, 2]) await sendNumber(cloud, "bill", n);
    expect(heard).toEqual(["e1", ["e1", "e2"]]);
  });

  it("is the run of each of its events, before it is full and after", async () => {
    const cloud = await openCloud([controlled("bill", { batchEvents: { maxSize: 2, timeout: HOUR } })]);
    await sendNumber(cloud, "bill", 1);
    const open = await fateOf(cloud, 1);
    expect(open).toMatchObject({ status: "queued", eventIds: ["e1"] });
    await sendNumber(cloud, "bill", 2);
    for (const n of [1, 2])
      expect(await fateOf(cloud, n)).toMatchObject({ id: open.id, status: "completed", eventIds: ["e1", "e2"] });
    expect(await cloud.runs({ functionId: "bill" })).toMatchObject([{ id: open.id }]);
  });
});
