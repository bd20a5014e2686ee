import { DeleteScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { describe, expect, it } from "vitest";
import { duePartition } from "../../lambdas/aws/keys.ts";
import { audit } from "../laws/audit.ts";
import { START } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { itemsOf } from "./on-stage.ts";
import { open, outside, until } from "./stage.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const eventsOf = (count: number, keyOf: (i: number) => unknown) =>
  numbers(count).map((i) => ({ id: `e${String(i).padStart(2, "0")}`, name: START, data: { key: keyOf(i) } }));
const partitionsOf = (items: readonly { readonly pk: string }[], kind: string) =>
  new Set(items.map(({ pk }) => pk).filter((pk) => pk.includes(`#${kind}#`)));

/** Counts what executes at a time. */
class Gauge {
  readonly most = new Map<string, number>();
  readonly #live = new Map<string, number>();

  async during(name: string, work: () => Promise<unknown>): Promise<void> {
    const live = (this.#live.get(name) ?? 0) + 1;
    this.#live.set(name, live);
    this.most.set(name, Math.max(live, this.most.get(name) ?? 0));
    await work();
    this.#live.set(name, (this.#live.get(name) ?? 0) - 1);
  }
}

describe("B-3: locks, limits, lines and the sweeper see all partitions (L3, L5)", () => {
  it("routers that race for the locks of a singleton let one run of a key and function in", async () => {
    const gauge = new Gauge();
    const stage = await open({
      functions: (app) =>
        ["one", "two"].map((id) =>
          app.client.createFunction(
            { id, singleton: { mode: "skip", key: "event.data.key" } },
            { event: START },
            ({ event, step }) =>
              step.run("work", () => gauge.during(`${id} ${event.data.key}`, () => app.slow(MINUTE_MS))),
          ),
        ),
    });
    // Whoever reads a lock waits until all those that want it have read it.
    const waiting = new Map<string, number>();
    stage.faults.before = (call) => {
      if (!call.startsWith("PutItem lock#")) return undefined;
      waiting.set(call, (waiting.get(call) ?? 0) + 1);
      return outside(() => until(() => (waiting.get(call) ?? 0) >= 2));
    };
    const keys = ["a", "b", "c", "d"];
    await stage.cloud.send(eventsOf(8, (i) => keys[i % keys.length]));
    await stage.pass(5 * MINUTE_MS);
    const items = await itemsOf(stage);
    const headers = items.filter(({ sk }) => sk === "header");
    const ended = Object.groupBy(headers, ({ status }) => String(status));
    expect(gauge.most.size).toBe(8);
    expect(new Set(gauge.most.values())).toEqual(new Set([1]));
    expect([ended.completed?.length, ended.skipped?.length]).toEqual([8, 8]);
    expect([...waiting.keys()].length).toBe(8);
    expect((await audit(stage)).problems).toEqual([]);
  });

  it("a limit of many shards is used up, never passed, and its line drains", async () => {
    const gauge = new Gauge();
    const stage = await open({
      functions: one(({ step }, { slow }) => step.run("work", () => gauge.during("all", () => slow(20_000))), {
        concurrency: 20,
      }),
    });
    await stage.cloud.send(eventsOf(30, () => "k"));
    await stage.pass(5_000);
    const shards = (await itemsOf(stage)).filter(({ sk }) => sk.startsWith("shard#"));
    expect(shards.map(({ holders }) => Object.keys(holders as object).length).sort()).toEqual([4, 8, 8]);
    await stage.pass(10 * MINUTE_MS);
    expect(gauge.most.get("all")).toBe(20);
    const { problems, runs } = await audit(stage);
    expect({ problems, runs }).toEqual({ problems: [], runs: { main: 30 } });
  });

  it("lines lie in all partitions, and each of them moves on by itself", async () => {
    const gauge = new Gauge();
    const stage = await open({
      functions: one(
        ({ step, event }, { slow }) => step.run("work", () => gauge.during(event.data.key, () => slow(20_000))),
        { concurrency: { limit: 1, key: "event.data.key" } },
      ),
    });
    const keys = numbers(12).map((i) => `key ${i}`);
    await stage.cloud.send(eventsOf(24, (i) => keys[i % keys.length]));
    expect(partitionsOf(await itemsOf(stage), "backlog").size).toBe(4);
    await stage.pass(10 * MINUTE_MS);
    expect(new Set(gauge.most.values())).toEqual(new Set([1]));
    const { problems, runs } = await audit(stage);
    expect({ problems, runs, keys: gauge.most.size }).toEqual({ problems: [], runs: { main: 24 }, keys: 12 });
  });

  it("runs that have lost their timers are found in all partitions of the due index", async () => {
    const stage = await open({
      functions: one(async ({ step }) => {
        await step.sleep("nap", "2h");
        return "woken";
      }),
    });
    await stage.cloud.send(eventsOf(16, () => "k"));
    const items = await itemsOf(stage);
    const partitions = new Set(items.flatMap(({ gsi2pk }) => (gsi2pk === undefined ? [] : [String(gsi2pk)])));
    expect([...partitions].sort()).toEqual(numbers(4).map(duePartition));
    const scheduler = new SchedulerClient(stage.aws.clientConfig());
    const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({}));
    for (const { Name, GroupName } of Schedules) await scheduler.send(new DeleteScheduleCommand({ Name, GroupName }));
    await stage.pass(3 * HOUR_MS);
    const statuses = async () => {
      const ids = eventsOf(16, () => "k").map(({ id }) => id);
      const runs = await Promise.all(ids.map(async (id) => (await stage.cloud.runsOf(id))[0]?.status));
      return new Set(runs);
    };
    expect(await statuses()).toEqual(new Set(["sleeping"]));
    const { woken } = await stage.doors.sweep();
    await stage.pass(0);
    expect([woken.length, await statuses()]).toEqual([16, new Set(["completed"])]);
  });
});
