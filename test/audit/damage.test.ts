import { NonRetriableError, RetryAfterError } from "stepwell";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { audit, type Item, type Snapshot } from "../../audit/index.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { APP, openStage, type Scenario, type Stage } from "../laws/harness.ts";

const on = (id: string) => ({ event: `laws/${id}` });

/** One run of each kind of rest, and of each kind of flow control. */
const functions: Scenario["functions"] = ({ client, slow }) => {
  const napping = (id: string, time: string, options: object = {}) =>
    client.createFunction({ id, ...options }, on(id), async ({ step }) => {
      await step.run("before", () => 1);
      await step.sleep("rest", time);
    });
  const child = napping("child", "3h");
  return [
    child,
    napping("nap", "6h"),
    napping("soon", "5m"),
    napping("only", "2h", { singleton: { mode: "skip" } }),
    napping("bounded", "2h", { timeouts: { finish: "10d" } }),
    napping("throttled", "2h", { throttle: { limit: 1, period: "3h" } }),
    napping("batch", "2h", { batchEvents: { maxSize: 5, timeout: "1h" } }),
    napping("full", "2h", { batchEvents: { maxSize: 2, timeout: "1h" } }),
    napping("last", "2h", { debounce: { period: "1h" } }),
    client.createFunction({ id: "wait" }, on("wait"), async ({ step }) => {
      await step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "1d" });
    }),
    client.createFunction({ id: "ask" }, on("ask"), async ({ step }) => {
      await step.invoke("child", { function: child, data: {} });
    }),
    client.createFunction({ id: "flaky" }, on("flaky"), ({ step }) =>
      step.run("flaky", () => {
        throw new RetryAfterError("later", "1h");
      }),
    ),
    client.createFunction({ id: "again" }, on("again"), () => {
      throw new RetryAfterError("later", "1h");
    }),
    client.createFunction({ id: "limited", concurrency: 1 }, on("limited"), async ({ step }) => {
      await step.run("first", () => 1);
      await step.run("second", () => slow(100_000));
    }),
    client.createFunction({ id: "broken" }, on("broken"), () => {
      throw new NonRetriableError(`broken ${"x".repeat(500)}`);
    }),
  ];
};

const EVENTS = [
  ...["nap", "soon", "only", "bounded", "throttled", "throttled", "batch", "batch", "full", "full", "last", "last"],
  ...["wait", "ask", "flaky", "again", "limited", "limited", "broken"],
].map((id, i) => ({ id: `${id}-${i}`, name: `laws/${id}`, data: { id: 7 } }));

let stage: Stage;
let snapshot: Snapshot;

beforeAll(async () => {
  stage = await openStage({ name: "damage", functions });
  await stage.cloud.send(EVENTS);
  await stage.pass(30_000);
  snapshot = await snapshotOf(stage, APP);
});
afterAll(() => stage.cloud.close());

const runs = (test: (header: Item) => boolean) => snapshot.items.filter((item) => item.sk === "header" && test(item));
const kindOf = ({ pk }: Item) => pk.split("#")[2];
const active = () => new Map(runs(({ status }) => status === "active").map((item) => [item.pk, item]));

/** What nobody would miss: memories of what is over, and what only makes things quicker. */
function matters(item: Item): boolean {
  const { pk, sk } = item;
  const live = active();
  switch (kindOf(item)) {
    case "run": {
      if (sk === "outcome#1") return true;
      const run = live.get(pk);
      // A holder finds out by itself that something is missing; and a debounce only keeps its latest event.
      if (sk.startsWith("step#")) return run !== undefined && run.owner === undefined;
      return sk === "header" ? isMissed(item) : run !== undefined;
    }
    case "event":
      return [...live.values()].some(({ eventId }) => eventId === item.id);
    case "bucket":
      return sk !== "pointer";
    case "lock":
      return sk === "singleton";
    case "registry":
    case "pace":
      return false;
    default:
      return true;
  }
}

/** Headers of runs that have something open, a place or a lock; and what says which batch an event is in. A throttled start brings all of it. */
function isMissed({ status, functionId, bucket, owner, reserved, fence }: Item): boolean {
  if (status !== "active") return bucket !== undefined && functionId === "batch";
  return owner === undefined && functionId !== "again" && !(reserved !== undefined && fence === 0);
}

const damaged = (item: Item, become: object | undefined): Snapshot => ({
  ...snapshot,
  items: snapshot.items.flatMap((one) =>
    one === item ? (become === undefined ? [] : [{ ...item, ...become }]) : [one],
  ),
});
const nameOf = ({ pk, sk }: Item) => `${pk} ${sk}`;

/** Damages of which nothing is said. */
const missed = (damages: readonly (readonly [string, Snapshot])[]): readonly string[] =>
  damages.filter(([, snapshot]) => audit(snapshot).length === 0).map(([name]) => name);

describe("a real snapshot, in the middle of everything", () => {
  it("is well", () => {
    expect(audit(snapshot)).toEqual([]);
    const kinds = new Set(snapshot.items.map(kindOf));
    expect([...kinds].sort()).toEqual(
      ["backlog", "bucket", "event", "listener", "lock", "pace", "paths", "registry", "run", "slots"].sort(),
    );
  });

  it("misses every item that matters", () => {
    const items = snapshot.items.filter(matters);
    expect(items.length).toBeGreaterThan(50);
    expect(missed(items.map((item) => [nameOf(item), damaged(item, undefined)]))).toEqual([]);
  });

  it("misses every timer, wait and message", () => {
    const { schedules = [], executions = [], messages: all = [] } = snapshot;
    // By which the router looks once more at what a deploy may have changed.
    const messages = all.filter(({ body }) => !body.includes('"kind":"repace"'));
    const without = <T>(list: readonly T[], one: T) => list.filter((other) => other !== one);
    expect(
      missed([
        ...schedules.map((name) => [name, { ...snapshot, schedules: without(schedules, name) }] as const),
        ...executions.map((name) => [name, { ...snapshot, executions: without(executions, name) }] as const),
        ...messages.map((one) => [one.body, { ...snapshot, messages: without(all, one) }] as const),
      ]),
    ).toEqual([]);
  });

  it.each<[string, (item: Item) => boolean, (item: Item) => object]>([
    ["a header's status", ({ sk }) => sk === "header", () => ({ status: "completed" })],
    ["a header's event", ({ sk }) => sk === "header", () => ({ eventId: "another" })],
    ["a header's fence", ({ sk, armed }) => sk === "header" && Number(armed) > 0, () => ({ fence: 0 })],
    ["a header's count of steps", ({ sk, results }) => sk === "header" && Number(results) > 0, () => ({ results: 99 })],
    ["what a run does", ({ sk, parked }) => sk === "header" && parked !== undefined, () => ({ parked: undefined })],
    ["when a run is due", ({ sk, gsi2sk }) => sk === "header" && gsi2sk !== undefined, () => ({ gsi2sk: undefined })],
    ["a step's id", ({ sk }) => sk.startsWith("step#"), () => ({ id: "another" })],
    ["a step's fence", ({ sk }) => sk.startsWith("step#"), () => ({ fence: 99 })],
    ["a step's tries", ({ sk, outcome }) => sk.startsWith("step#") && outcome === undefined, () => ({ attempts: 99 })],
    [
      "a wait's outcome",
      ({ sk, kind }) => sk.startsWith("step#") && kind === "waitForEvent",
      () => ({ outcome: "ok", by: "timeout", endedAt: 1 }),
    ],
    ["a slot's owner", ({ sk }) => sk.startsWith("shard#"), () => ({ holders: { X: { until: 9e12, fence: 1 } } })],
    ["a lock's owner", ({ sk }) => sk === "singleton", () => ({ runId: "X" })],
    [
      "a batch's events",
      ({ sk, events }) => sk.startsWith("generation#") && events !== undefined,
      () => ({ events: "[]" }),
    ],
    ["a listener's step", ({ pk }) => pk.includes("#listener#"), () => ({ stepKey: "X" })],
    ["a place in line", ({ pk }) => pk.includes("#backlog#"), () => ({ runId: "X" })],
  ])("notices that %s is another", (_, test, become) => {
    const live = active();
    const items = snapshot.items.filter((item) => test(item) && (kindOf(item) !== "run" || live.has(item.pk)));
    expect(items.length).toBeGreaterThan(0);
    expect(missed(items.map((item) => [nameOf(item), damaged(item, become(item))]))).toEqual([]);
  });
});
