import { describe, expect, it } from "vitest";
import { HOUR, type Line, MINUTE, on, openCloud } from "../cloud.ts";
import { sendOne } from "./flow.ts";

const SECOND = 1_000;

/** When the runs of events that are sent at once begin, in milliseconds after the first. */
async function startsOf(
  throttle: { limit: number; period: number; burst: number; key?: string },
  data: readonly object[],
  lines: Line[] = [],
): Promise<number[]> {
  const cloud = await openCloud([on("mail", () => "done", { throttle })], {}, lines);
  const runs = [];
  for (const one of data) runs.push(await sendOne(cloud, { name: "shop/mail", data: one }));
  const ended = [];
  for (const { id } of runs) ended.push(await cloud.waitForRun(id));
  const times = ended.map(({ startedAt = Number.NaN }) => startedAt);
  return times.map((time) => time - Math.min(...times));
}

const same = (count: number) => Array.from({ length: count }, () => ({}));

describe("throttle", () => {
  it("starts as many as the limit at once, and the others evenly, each exactly at its time", async () => {
    expect(await startsOf({ limit: 2, period: 10 * SECOND, burst: 0 }, same(6))).toEqual([
      0,
      0,
      5 * SECOND,
      10 * SECOND,
      15 * SECOND,
      20 * SECOND,
    ]);
  });

  it("starts the burst at once as well", async () => {
    expect(await startsOf({ limit: 1, period: MINUTE, burst: 2 }, same(5))).toEqual([0, 0, 0, MINUTE, 2 * MINUTE]);
  });

  it("keeps fractions of a second, which a queue's delay does not have", async () => {
    expect(await startsOf({ limit: 4, period: 5 * SECOND, burst: 0 }, same(8))).toEqual([
      ...[0, 0, 0, 0, 1_250, 2_500, 3_750, 5_000],
    ]);
  });

  it("keeps times that are far off, which go by a schedule", async () => {
    expect(await startsOf({ limit: 1, period: HOUR + 250, burst: 0 }, same(3))).toEqual([
      0,
      HOUR + 250,
      2 * HOUR + 500,
    ]);
  });

  it("counts each value of its key alone", async () => {
    const throttle = { limit: 1, period: MINUTE, burst: 0, key: "event.data.user" };
    const users = ["a", "b", "a", "b", "c"];
    expect(
      await startsOf(
        throttle,
        users.map((user) => ({ user })),
      ),
    ).toEqual([0, 0, MINUTE, MINUTE, 0]);
  });

  it("is off for an event whose key is false or missing, and says so", async () => {
    const lines: Line[] = [];
    const throttle = { limit: 1, period: MINUTE, burst: 0, key: "event.data.user" };
    expect(await startsOf(throttle, [{ user: false }, {}, { user: null }, { user: "a" }], lines)).toEqual([0, 0, 0, 0]);
    const told = lines.filter(({ level, message }) => level === "warn" && message.includes("switched off"));
    expect(told.map(({ fields }) => fields)).toEqual(
      Array.from({ length: 3 }, () => expect.objectContaining({ functionId: "mail", option: "throttle.key" })),
    );
  });

  it("shows a run that has to wait as queued, also in the list of runs", async () => {
    const cloud = await openCloud([on("mail", () => "done", { throttle: { limit: 1, period: HOUR, burst: 0 } })]);
    await sendOne(cloud, { name: "shop/mail" });
    const second = await sendOne(cloud, { name: "shop/mail" });
    expect(second).toMatchObject({ status: "queued", startedAt: undefined, attempts: 0 });
    expect((await cloud.runs({ status: "queued" })).map(({ id }) => id)).toEqual([second.id]);
    expect(await cloud.waitForRun(second.id)).toMatchObject({ status: "completed", attempts: 1 });
  });
});
