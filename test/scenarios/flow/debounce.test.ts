import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE, openCloud } from "../cloud.ts";
import { controlled, fateOf, outputsOf, sendNumber } from "./bucket-functions.ts";

const SECOND = 1_000;
const alone = (n: number) => ({ event: n, events: [n] });

describe("a debounce", () => {
  it("runs once, with the latest event, when there has been none for its period", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND } })]);
    for (const n of [1, 2, 3]) {
      await sendNumber(cloud, "save", n);
      await cloud.passTime(9 * SECOND);
    }
    expect(await outputsOf(cloud, "save")).toEqual([]);
    await cloud.passTime(2 * SECOND);
    expect(await outputsOf(cloud, "save")).toEqual([alone(3)]);
  });

  it("begins anew after it has run", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND } })]);
    for (const n of [1, 2, 3]) {
      await sendNumber(cloud, "save", n);
      await cloud.passTime(MINUTE);
    }
    expect(await outputsOf(cloud, "save")).toEqual([1, 2, 3].map(alone));
  });

  it("is put off no longer than its timeout", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND, timeout: 25 * SECOND } })]);
    for (let n = 0; n < 8; n++) {
      await sendNumber(cloud, "save", n);
      await cloud.passTime(5 * SECOND);
    }
    await cloud.passTime(MINUTE);
    expect(await outputsOf(cloud, "save")).toEqual([alone(4), alone(7)]);
  });

  it("goes by the time of the events, and not by the order in which they come", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND } })]);
    const ts = Date.now();
    for (const [n, later] of [
      [1, 3],
      [2, 5],
      [3, 1],
      [4, 4],
    ] as const)
      await sendNumber(cloud, "save", n, { ts: ts + later });
    await cloud.passTime(MINUTE);
    expect(await outputsOf(cloud, "save")).toEqual([alone(2)]);
  });

  it("is one for each key; an event without the key has a run of its own, and that is reported", async () => {
    const lines: { level: string; message: string }[] = [];
    const fn = controlled("save", { debounce: { period: 10 * SECOND, key: "event.data.user" } });
    const cloud = await openCloud([fn], {}, lines);
    await sendNumber(cloud, "save", 1, { data: { user: "a" } });
    await sendNumber(cloud, "save", 2, { data: { user: "b" } });
    await sendNumber(cloud, "save", 3, { data: { user: "a" } });
    await sendNumber(cloud, "save", 4);
    await sendNumber(cloud, "save", 5, { data: { user: false } });
    expect(await outputsOf(cloud, "save")).toEqual([alone(4), alone(5)]);
    await cloud.passTime(MINUTE);
    expect(new Set(await outputsOf(cloud, "save"))).toEqual(new Set([2, 3, 4, 5].map(alone)));
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(2);
  });

  it("keeps time over more than the quarter of an hour that a queue can", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: HOUR } })]);
    await sendNumber(cloud, "save", 1);
    await cloud.passTime(50 * MINUTE);
    await sendNumber(cloud, "save", 2);
    await cloud.passTime(59 * MINUTE);
    expect(await outputsOf(cloud, "save")).toEqual([]);
    await cloud.passTime(2 * MINUTE);
    expect(await outputsOf(cloud, "save")).toEqual([alone(2)]);
  });

  it("that is put off for weeks still has its events", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 7 * DAY, collect: true } })]);
    for (let n = 0; n < 8; n++) {
      await sendNumber(cloud, "save", n);
      await cloud.passTime(6 * DAY);
    }
    await cloud.passTime(2 * DAY);
    expect(await outputsOf(cloud, "save")).toEqual([{ event: 7, events: [0, 1, 2, 3, 4, 5, 6, 7] }]);
  });
});

describe("a debounce that collects", () => {
  it("hands over all events in the order of their time, and the latest as the event", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND, collect: true } })]);
    const ts = Date.now();
    for (const [n, later] of [
      [1, 3],
      [2, 5],
      [3, 1],
    ] as const)
      await sendNumber(cloud, "save", n, { ts: ts + later });
    await cloud.passTime(MINUTE);
    expect(await outputsOf(cloud, "save")).toEqual([{ event: 2, events: [3, 1, 2] }]);
  });

  it("goes off early with a hundred events", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: DAY, collect: true } })]);
    for (let n = 0; n < 101; n++) await sendNumber(cloud, "save", n);
    const [first, ...others] = (await outputsOf(cloud, "save")) as { events: number[] }[];
    expect(first?.events).toHaveLength(100);
    expect(others).toEqual([]);
    await cloud.passTime(2 * DAY);
    expect((await outputsOf(cloud, "save"))[1]).toEqual(alone(100));
  });
});

describe("what became of an event of a debounce", () => {
  it("while it is open: the run to come, the same for all, which can be waited for", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: HOUR } })]);
    await sendNumber(cloud, "save", 1);
    const early = await fateOf(cloud, 1);
    await sendNumber(cloud, "save", 2);
    const late = await fateOf(cloud, 2);
    expect([early, late]).toMatchObject([{ status: "queued" }, { status: "queued", id: early.id }]);
    // Nothing has been skipped yet.
    expect(await cloud.runs({ functionId: "save" })).toEqual([]);
    expect(await cloud.waitForRun(early.id)).toMatchObject({ status: "completed", output: alone(2), eventIds: ["e2"] });
  });

  it("after it: the run of the latest, and of the others a record that says why there is none", async () => {
    const cloud = await openCloud([controlled("save", { debounce: { period: 10 * SECOND } })]);
    await sendNumber(cloud, "save", 1);
    await sendNumber(cloud, "save", 2);
    await cloud.passTime(MINUTE);
    const [superseded, run] = [await fateOf(cloud, 1), await fateOf(cloud, 2)];
    expect(superseded).toMatchObject({
      status: "skipped",
      eventIds: ["e1"],
      skipped: { reason: "debounce", runId: run.id },
    });
    expect(run).toMatchObject({ status: "completed", output: alone(2) });
    const listed = await cloud.runs({ functionId: "save" });
    expect(listed.map(({ status, eventIds }) => [status, ...eventIds]).toSorted()).toEqual([
      ["completed", "e2"],
      ["skipped", "e1"],
    ]);
  });
});
