import { describe, expect, it } from "vitest";
import type { Throttle } from "../../../sdk/protocol/index.ts";
import { allItems, audit } from "../../laws/audit.ts";
import { HOUR, MINUTE } from "../cloud.ts";
import { ids } from "./stage.ts";
import { openThrottled, type ThrottledStage } from "./throttled.ts";

const SECOND = 1_000;
/** The router has a deploy's walk a second after it. */
const WALK = SECOND;

const every = (periodMs: number, more: Partial<Throttle> = {}): Throttle => ({ limit: 1, periodMs, burst: 0, ...more });

/** Everything is over, and has left nothing behind. */
async function expectRest(stage: ThrottledStage, count: number): Promise<void> {
  await stage.pass(HOUR);
  const { problems } = await audit(stage);
  expect(problems).toEqual([]);
  expect(stage.schedules()).toBe(0);
  expect((await stage.cloud.runs({ limit: 100 })).filter(({ status }) => status === "completed")).toHaveLength(count);
}

describe("runs that wait for their start when a deploy changes the throttle", () => {
  const five = ids(5);

  it("start sooner when it is raised: from the last start on the new rate holds", async () => {
    const stage = await openThrottled(every(10 * MINUTE));
    await stage.go("mail", five);
    await stage.pass(11 * MINUTE);
    await stage.deploy(every(2 * MINUTE));
    await stage.pass(10 * MINUTE);
    // The second has started at ten minutes. Two minutes after it is twelve.
    expect(stage.begins(five)).toEqual([0, 10, 12, 14, 16].map((minutes) => minutes * MINUTE));
    await expectRest(stage, 5);
  });

  it("start at once when they would have started already by the new rate, and then evenly", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", five);
    await stage.pass(10 * MINUTE);
    await stage.deploy(every(2 * MINUTE));
    await stage.pass(20 * MINUTE);
    const first = 10 * MINUTE + WALK;
    expect(stage.begins(five)).toEqual([0, first, first + 2 * MINUTE, first + 4 * MINUTE, first + 6 * MINUTE]);
    await expectRest(stage, 5);
  });

  it("start later when it is lowered, in their order, and none by its time of before", async () => {
    const stage = await openThrottled(every(2 * MINUTE));
    await stage.go("mail", five);
    await stage.pass(3 * MINUTE);
    await stage.deploy(every(20 * MINUTE));
    await stage.pass(2 * HOUR);
    expect(stage.begins(five)).toEqual([0, 2, 22, 42, 62].map((minutes) => minutes * MINUTE));
    await expectRest(stage, 5);
  });

  it("are let go with the burst that it gets", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", five);
    await stage.pass(MINUTE);
    await stage.deploy(every(HOUR, { burst: 2 }));
    await stage.pass(3 * HOUR);
    const now = MINUTE + WALK;
    // Three may come at once, and the first one has.
    expect(stage.begins(five)).toEqual([0, now, now, HOUR, 2 * HOUR]);
    await expectRest(stage, 5);
  });

  it("all start at once when it is removed", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", five);
    await stage.pass(MINUTE);
    await stage.deploy(undefined);
    await stage.pass(MINUTE);
    expect(stage.begins(five)).toEqual([0, ...Array(4).fill(MINUTE + WALK)]);
    await expectRest(stage, 5);
  });

  it("keep their queue when its key is another now, and go by the new rate", async () => {
    const stage = await openThrottled(every(HOUR, { key: "event.data.user" }));
    for (const user of ["a", "b"]) await stage.go("mail", ids(3, user), { user, team: "t" });
    await stage.pass(MINUTE);
    await stage.deploy(every(10 * MINUTE, { key: "event.data.team" }));
    await stage.go("mail", ids(2, "t"), { user: "a", team: "t" });
    await stage.pass(HOUR);
    for (const queue of ["a", "b", "t"])
      expect(
        stage.begins(ids(2, queue)).map((at, i) => (at ?? 0) - (stage.begins(ids(1, queue))[0] ?? 0) - i * 10 * MINUTE),
      ).toEqual([0, 0]);
    expect(stage.begins(ids(3, "a"))).toEqual(stage.begins(ids(3, "b")));
    await expectRest(stage, 8);
  });

  it("go by the last of two deploys in a row", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", five);
    await stage.deploy(every(MINUTE));
    await stage.deploy(every(5 * MINUTE));
    await stage.pass(HOUR);
    expect(stage.begins(five)).toEqual([0, 5, 10, 15, 20].map((minutes) => minutes * MINUTE));
    await expectRest(stage, 5);
  });

  it("have their times of before when a deploy is taken back", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", five);
    await stage.pass(MINUTE);
    await stage.deploy(every(2 * HOUR));
    await stage.pass(10 * MINUTE);
    await stage.deploy(every(HOUR));
    await stage.pass(10 * HOUR);
    expect(stage.begins(five)).toEqual([0, 1, 2, 3, 4].map((hours) => hours * HOUR));
    await expectRest(stage, 5);
  });

  it("stand before those that come after the deploy", async () => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", ids(3));
    await stage.pass(MINUTE);
    await stage.deploy(every(10 * MINUTE));
    await stage.go("mail", ids(2, "s"));
    await stage.pass(HOUR);
    expect(stage.begins([...ids(3), ...ids(2, "s")])).toEqual([0, 10, 20, 30, 40].map((minutes) => minutes * MINUTE));
    await expectRest(stage, 5);
  });

  it("tell when they start now", async () => {
    const stage = await openThrottled(every(HOUR));
    const from = stage.aws.clock.now();
    await stage.go("mail", ids(2));
    await stage.deploy(every(20 * MINUTE));
    await stage.pass(2 * SECOND);
    const [run] = await stage.cloud.runsOf("r001");
    expect(run?.waitingFor).toEqual({
      kind: "throttle",
      limit: 1,
      periodMs: 20 * MINUTE,
      startsAt: from + 20 * MINUTE,
    });
  });

  it("also of many keys and in a long queue, of which one message does a part", async () => {
    const stage = await openThrottled(every(HOUR, { key: "event.data.user" }));
    const events = [...ids(150), ...ids(120, "u")].map((id) => ({
      ...{ id, name: "flow/mail" },
      data: { user: id.startsWith("u") ? id : "one" },
    }));
    for (let i = 0; i < events.length; i += 50) await stage.cloud.send(events.slice(i, i + 50));
    await stage.pass(MINUTE);
    await stage.deploy(every(10 * SECOND, { key: "event.data.user" }));
    await stage.pass(HOUR);
    const first = MINUTE + WALK;
    const begins = stage.begins(ids(150)).toSorted((a, b) => (a ?? 0) - (b ?? 0));
    expect(begins).toEqual([0, ...Array.from({ length: 149 }, (_, i) => first + i * 10 * SECOND)]);
    await expectRest(stage, 100);
  });
});

describe("a start that a deploy moves", () => {
  it("takes back the schedule that it had, and has one where it is far off", async () => {
    const stage = await openThrottled(every(5 * HOUR));
    await stage.go("mail", ids(3));
    expect(stage.schedules()).toBe(2);
    await stage.deploy(every(HOUR));
    await stage.pass(2 * SECOND);
    expect(stage.schedules()).toBe(2);
    await stage.deploy(every(7 * MINUTE));
    await stage.pass(2 * SECOND);
    expect(stage.schedules()).toBe(0);
    await stage.deploy(every(2 * HOUR));
    await stage.pass(5 * HOUR);
    expect(stage.begins(ids(3))).toEqual([0, 2 * HOUR, 4 * HOUR]);
    await expectRest(stage, 3);
  });

  it.each([
    ["sooner", 10 * MINUTE],
    ["later", 3 * HOUR],
  ])("%s does not outlive its run's cancellation", async (_, period) => {
    const stage = await openThrottled(every(HOUR));
    await stage.go("mail", ids(3));
    await stage.deploy(every(period));
    await stage.pass(2 * SECOND);
    const [run] = await stage.cloud.runsOf("r001");
    await stage.cloud.cancel(run?.id ?? "");
    expect((await stage.cloud.runsOf("r001"))[0]?.status).toBe("cancelled");
    await stage.pass(7 * HOUR);
    expect(stage.begins(ids(3))).toEqual([0, undefined, 2 * period]);
    await expectRest(stage, 2);
  });

  it("behind the end of timeouts.start cancels its run then", async () => {
    const timeouts = { startMs: 2 * HOUR };
    const stage = await openThrottled(every(HOUR), { timeouts });
    await stage.go("mail", ids(2));
    await stage.deploy(every(5 * HOUR), { timeouts });
    await stage.pass(2 * HOUR + SECOND);
    expect((await stage.cloud.runsOf("r001"))[0]).toMatchObject({ status: "cancelled", cancel: { by: "timeout" } });
    await expectRest(stage, 1);
  });

  it("of a batch has all its events", async () => {
    const batchEvents = { maxSize: 2, timeoutMs: MINUTE };
    const stage = await openThrottled(every(HOUR), { batchEvents });
    await stage.go("mail", ids(4));
    await stage.deploy(every(10 * MINUTE), { batchEvents });
    await stage.pass(11 * MINUTE);
    const runs = (await Promise.all(ids(4).map((id) => stage.cloud.runsOf(id)))).flat();
    expect(runs.map(({ status }) => status)).toEqual(Array(4).fill("completed"));
    expect(runs.map(({ id }) => runs.findIndex((run) => run.id === id))).toEqual([0, 0, 2, 2]);
    await expectRest(stage, 2);
  });

  it("and its run then has to stand in line for a slot as any other", async () => {
    const concurrency = [{ limit: 1, scope: "fn" as const }];
    const stage = await openThrottled(every(HOUR), { concurrency });
    await stage.go("mail", ids(4));
    await stage.deploy(undefined, { concurrency });
    await stage.pass(MINUTE);
    expect(stage.watch.began.toSorted()).toEqual(ids(4));
    expect(stage.watch.most("mail")).toBe(1);
    await expectRest(stage, 4);
  });

  it("further than events are kept has its event kept", async () => {
    const DAY = 24 * HOUR;
    const stage = await openThrottled(every(HOUR));
    const from = stage.aws.clock.now();
    await stage.go("mail", ids(7));
    await stage.deploy(every(7 * DAY));
    await stage.pass(2 * SECOND);
    const kept = (await allItems(stage)).filter(
      ({ sk, id }) => sk === "event" && ["r000", "r006"].includes(String(id)),
    );
    expect(kept.map(({ ttl }) => Number(ttl) * SECOND - from > 42 * DAY)).toEqual([false, true]);
    await stage.pass(43 * DAY);
    expect(stage.begins(ids(7))).toEqual(ids(7).map((_, weeks) => weeks * 7 * DAY));
  });
});
