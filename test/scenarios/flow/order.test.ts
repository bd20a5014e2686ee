import { RetryAfterError } from "stepwell";
import { describe, expect, it } from "vitest";
import { difference } from "../../../local/meter.ts";
import { type FlowStage, ids, on, openFlow, worker } from "./stage.ts";

/** `FLOW=full npx vitest run test/scenarios/flow` looks longer. */
const FULL = process.env.FLOW === "full";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

const open = (options: object, takesMs = 100) => openFlow((app) => [worker(app, "work", options, takesMs)]);

/** At rest every run has ended, and the sweeper finds nothing to do: the queue has moved by itself. */
async function expectRest(stage: FlowStage, runs: number): Promise<void> {
  const listed = await stage.cloud.runs({ limit: 1_000 });
  expect(listed.map(({ status }) => status)).toEqual(Array.from({ length: runs }, () => "completed"));
  expect(await stage.doors.sweep()).toMatchObject({ woken: [] });
}

describe("with a concurrency of 1, runs start in the order of their events", () => {
  it("a hundred that come in bursts", { timeout: 60_000 }, async () => {
    const stage = await open({ concurrency: 1 }, SECOND);
    const all = ids(100);
    for (let from = 0; from < all.length; from += 20) {
      await stage.cloud.send(all.slice(from, from + 20).map((id) => ({ id, name: "flow/work", data: {} })));
      await stage.pass(7.5 * SECOND);
    }
    await stage.pass(HOUR);
    // Of the first burst nobody was in the queue: the first one is whoever came first.
    const [first, ...others] = stage.watch.began;
    expect(others).toEqual(all.filter((id) => id !== first));
    expect(stage.watch.most("work")).toBe(1);
    await expectRest(stage, 100);
  });

  it("a hundred that come one by one, sooner than they are done", { timeout: 60_000 }, async () => {
    const stage = await open({ concurrency: 1 }, 100);
    for (const id of ids(100)) {
      await stage.go("work", [id]);
      await stage.pass(40);
    }
    await stage.pass(HOUR);
    expect(stage.watch.began).toEqual(ids(100));
    expect(stage.watch.most("work")).toBe(1);
    await expectRest(stage, 100);
  });

  it.each([0, FULL ? 2 : 1])(
    "one that comes at any AWS call of a run that ends, with %i in the queue",
    { timeout: 60_000 },
    async (queued) => {
      const before = ids(1 + queued);
      const comesAt = async (call: number): Promise<boolean> => {
        const stage = await open({ concurrency: 1 }, 10 * SECOND);
        await stage.go("work", before);
        await stage.pass(5 * SECOND);
        const made = stage.faults.calls.length;
        const ts = stage.aws.clock.now();
        let isSent = false;
        stage.faults.before = async () => {
          if (isSent || stage.faults.calls.length !== made + call) return;
          isSent = true;
          const envelope = { v: 1, id: "late", ts, env: "main" } as const;
          await stage.doors.world.bus.send("laws", [{ name: "flow/work", envelope }]);
        };
        await stage.pass(5 * SECOND);
        await stage.pass(HOUR);
        const came = isSent ? [...before, "late"] : before;
        expect({ call, began: stage.watch.began }).toEqual({ call, began: came });
        expect(stage.watch.most("work")).toBe(1);
        await expectRest(stage, came.length);
        await stage.cloud.close();
        return isSent;
      };
      let calls = 0;
      while (await comesAt(calls + 1)) calls++;
      // A heartbeat, the checkpoint, the finish, and what it takes to give up a slot; the rest is of those in the queue.
      expect(calls).toBeGreaterThanOrEqual(6 + queued * 10);
    },
  );

  it("nobody passes the queue by coming at the moment at which a slot is free", async () => {
    const stage = await open({ concurrency: 1 }, 10 * SECOND);
    await stage.go("work", ids(3));
    // The time of its event is long past, so it is the first of those who wait, but it has come last.
    await stage.pass(10 * SECOND);
    await stage.cloud.send({ id: "old", name: "flow/work", ts: stage.aws.clock.now() - HOUR, data: {} });
    await stage.pass(HOUR);
    expect(stage.watch.began).toEqual(["r000", "r001", "old", "r002"]);
  });
});

describe("keys", () => {
  it("a key with many runs queued does not delay another one", { timeout: 60_000 }, async () => {
    const stage = await open({ concurrency: { limit: 1, key: "event.data.user" } }, 10 * SECOND);
    await stage.go("work", ids(60), { user: "ann" });
    await stage.pass(25 * SECOND);
    const now = stage.aws.clock.now();
    await stage.go("work", ["b1"], { user: "bob" });
    expect(stage.watch.at.get("b1")).toBe(now);
    await stage.pass(HOUR);
    await expectRest(stage, 61);
  });

  it("with two limits, who waits for one of them holds no slot of the other", async () => {
    const limits = [{ limit: 1, key: "event.data.user" }, { limit: 2 }];
    const stage = await open({ concurrency: limits }, 10 * SECOND);
    await stage.go("work", ids(8, "a"), { user: "ann" });
    await stage.go("work", ids(3, "b"), { user: "bob" });
    await stage.pass(HOUR);
    const { watch } = stage;
    expect([watch.most("ann"), watch.most("bob"), watch.most("all")]).toEqual([1, 1, 2]);
    expect(watch.began.slice(0, 6)).toEqual(["a000", "b000", "a001", "b001", "a002", "b002"]);
    await expectRest(stage, 11);
  });

  it("with two limits, neither is ever exceeded, and both are used up", { timeout: 60_000 }, async () => {
    const limits = [{ limit: 2, key: "event.data.user" }, { limit: 5 }];
    const stage = await open({ concurrency: limits }, 10 * SECOND);
    for (const [i, id] of ids(60).entries()) {
      await stage.go("work", [id], { user: `user ${i % 4}` });
      await stage.pass(SECOND);
    }
    await stage.pass(HOUR);
    const each = [0, 1, 2, 3].map((i) => stage.watch.most(`user ${i}`));
    expect({ each, all: stage.watch.most("all") }).toEqual({ each: [2, 2, 2, 2], all: 5 });
    await expectRest(stage, 60);
  });

  it("a key that is false or missing has no limit, and each such event is reported", async () => {
    const stage = await open({ concurrency: { limit: 1, key: "event.data.user" } }, 10 * SECOND);
    await stage.go("work", ["f1", "f2"], { user: false });
    await stage.go("work", ["m1", "m2"]);
    expect(stage.watch.most("all")).toBe(4);
    const reported = ["f1", "f2", "m1", "m2"].filter((id) =>
      stage.notebook.lines.some((line) => line.includes(`"${id}"`)),
    );
    expect(reported).toEqual(["f1", "f2", "m1", "m2"]);
  });
});

describe("priority", () => {
  it("counts as seconds by which a run is older, within its key", async () => {
    const options = { concurrency: { limit: 1, key: "event.data.user" }, priority: { run: "event.data.seconds" } };
    const stage = await open(options, 10 * SECOND);
    const send = (id: string, seconds: unknown, user = "ann") => stage.go("work", [id], { user, seconds });
    await send("first", 0);
    await stage.pass(SECOND);
    await send("low", -30);
    await send("none", 0);
    await stage.pass(2 * SECOND);
    await send("one second", 1);
    await send("three seconds", 3);
    // More than 600 is 600, and what is no number is 0.
    await send("too much", 9_999);
    await send("600", 600);
    await send("no number", "soon");
    await send("other key", -600, "bob");
    await stage.pass(HOUR);
    expect(stage.watch.began.filter((id) => id !== "other key")).toEqual([
      "first",
      "600",
      "too much",
      "three seconds",
      "none",
      "one second",
      "no number",
      "low",
    ]);
    expect(stage.watch.began.indexOf("other key")).toBe(1);
    await expectRest(stage, 9);
  });
});

describe("scopes", () => {
  it.each([
    ["fn", 2],
    ["env", 1],
    ["account", 1],
  ])("%s: two functions with the same value of the key execute %i at a time", async (scope, most) => {
    const limit = { limit: 1, key: "event.data.user", scope };
    const stage = await openFlow((app) =>
      ["one", "two"].map((id) => worker(app, id, { concurrency: limit }, 10 * SECOND)),
    );
    for (const name of ["one", "two"]) await stage.go(name, ids(3, name), { user: "ann" });
    await stage.go("one", ["alone"], { user: "bob" });
    await stage.pass(HOUR);
    const { watch } = stage;
    expect([watch.most("ann"), watch.most("one"), watch.most("two")]).toEqual([most, 2, 1]);
    await expectRest(stage, 7);
  });
});

describe("a run that rests holds nothing", () => {
  /** A run that works, rests in some way for an hour, and works again. */
  const openResting = () =>
    openFlow((app) => [
      on(app, "work", { concurrency: 1, retries: 1 }, async ({ event, step, attempt }) => {
        const work = (part: string) =>
          step.run(part, () => {
            app.watch.begin(`${event.id} ${part}`);
            return app.watch.during(["all"], () => app.slow(10 * SECOND));
          });
        await work("before");
        const { rest } = event.data as { rest?: string };
        if (rest === "sleep") await step.sleep("nap", "1h");
        if (rest === "wait") await step.waitForEvent("wait", { event: "flow/never", timeout: "1h" });
        if (rest === "backoff")
          await step.run("fails", () => {
            if (attempt === 0) throw new RetryAfterError("later", "1h");
          });
        if (rest !== undefined) await work("after");
      }),
    ]);

  it.each(["sleep", "wait", "backoff"])("%s", async (rest) => {
    const stage = await openResting();
    await stage.go("work", ["rests"], { rest });
    await stage.go("work", ["next"]);
    await stage.pass(MINUTE);
    expect(stage.watch.began).toEqual(["rests before", "next before"]);
    const [run] = await stage.cloud.runsOf("next");
    expect(run?.status).toBe("completed");
    // It is woken while another one executes, and more are queued: it goes before them, since it is older.
    await stage.pass(HOUR - MINUTE + 5 * SECOND);
    await stage.go("work", ids(3, "newer"));
    await stage.pass(HOUR);
    expect(stage.watch.began.slice(2)).toEqual([
      "newer000 before",
      "rests after",
      "newer001 before",
      "newer002 before",
    ]);
    expect(stage.watch.most("all")).toBe(1);
    await expectRest(stage, 5);
  });
});

describe("a deep queue", () => {
  /** AWS calls for each run, from the moment at which so many are queued behind one that executes. */
  async function callsPerRun(depth: number): Promise<number> {
    const stage = await openFlow((app) => [
      worker(app, "work", { concurrency: 1 }, ({ event }) => (event.id === "first" ? 10 * SECOND : 100)),
    ]);
    await stage.go("work", ["first"]);
    const before = stage.aws.meter.snapshot();
    const queued = ids(depth);
    for (let from = 0; from < depth; from += 10)
      await stage.cloud.send(queued.slice(from, from + 10).map((id) => ({ id, name: "flow/work", data: {} })));
    expect(stage.watch.began).toEqual(["first"]);
    await stage.pass(HOUR);
    expect(stage.watch.began).toEqual(["first", ...queued]);
    const { calls } = difference(before, stage.aws.meter.snapshot());
    await expectRest(stage, depth + 1);
    expect(Object.keys(calls)).not.toContain("dynamodb.Scan");
    return Object.values(calls).reduce((sum, count) => sum + count, 0) / depth;
  }

  it("drains by itself, and a run of it takes as many AWS calls as one of a shallow queue", {
    timeout: 120_000,
  }, async () => {
    const [shallow, deep] = [await callsPerRun(30), await callsPerRun(FULL ? 300 : 120)];
    expect(Math.abs(deep - shallow) / shallow, `${shallow} calls a run, and ${deep}`).toBeLessThan(0.1);
  });
});
