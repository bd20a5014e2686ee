import { describe, expect, it } from "vitest";
import { HOLDERS_NAMED_MAX, waitingForBucket, waitingForSlot, waitingForSteps } from "../../lambdas/api/waiting-for.ts";
import type { Bucket } from "../../lambdas/engine/bucket.ts";
import type { Gate, Slot } from "../../lambdas/engine/gate.ts";
import type { GateRef, StepMemo, WaitingFor } from "../../sdk/protocol/index.ts";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const DONE = { ok: true, data: { json: "1" } } as const;

const memo = (id: string, kind: StepMemo["kind"], more: Partial<StepMemo> = {}): StepMemo => ({
  ...{ v: 1, key: id, id, kind, fence: 1, attempts: 0, startedAt: NOW - 5_000 },
  ...more,
});
const sleep = (id: string, until: number, more: Partial<StepMemo> = {}) => memo(id, "sleep", { until, ...more });

describe("what a run that rests waits for", () => {
  const wait = { event: "shop/paid", listeners: [], via: "table" } as const;

  it.each<[string, WaitingFor | undefined, StepMemo[], number?]>([
    ["a sleep", { kind: "sleep", step: "rest", until: NOW + 1 }, [sleep("rest", NOW + 1)]],
    ["a sleep whose time has come is over, though nothing is written then", undefined, [sleep("rest", NOW)]],
    [
      "an event",
      { kind: "event", step: "paid", event: "shop/paid", until: NOW + 9 },
      [memo("paid", "waitForEvent", { until: NOW + 9, wait })],
    ],
    ["a child without a timeout", { kind: "invoke", step: "child" }, [memo("child", "invoke")]],
    ["a child", { kind: "invoke", step: "child", until: NOW + 7 }, [memo("child", "invoke", { until: NOW + 7 })]],
    ["a step's next try", { kind: "retry", step: "call", until: NOW + 3 }, [memo("call", "run", { until: NOW + 3 })]],
    ["a step that is to run at once is no reason", undefined, [memo("call", "run")]],
    ["the handler's next try", { kind: "retry", until: NOW + 4 }, [], NOW + 4],
    ["a try of the handler that has begun is over", undefined, [], NOW - 4],
    ["a step that has ended is no reason", undefined, [sleep("rest", NOW + 1, { outcome: DONE })]],
    [
      "of several the one that is over first",
      { kind: "sleep", step: "short", until: NOW + 2 },
      [memo("child", "invoke"), sleep("long", NOW + 8), sleep("short", NOW + 2)],
      NOW + 5,
    ],
  ])("%s", (_, expected, steps, retryAt) => {
    expect(waitingForSteps(retryAt === undefined ? {} : { retryAt }, steps, NOW)).toEqual(expected);
  });
});

describe("what a run in line waits for", () => {
  const gate: GateRef = { scope: "env", of: "of", id: "id", key: "acme" };
  const slot = (until: number): Slot => ({ until, fence: 1 });
  const stateOf = (more: Partial<Gate>, ...shards: Readonly<Record<string, Slot>>[]): Gate => ({
    shards: new Map(shards.map((holders, i) => [i, { holders, promised: {} }])),
    ...more,
  });
  const waiting = (state: Gate, ahead = 0) => waitingForSlot({ gate, limit: 9, state, ahead }, NOW);

  it("has the limit, its key, the place in line, and who holds the slots, the oldest first", () => {
    expect(waiting(stateOf({}, { R3: slot(NOW + 1), R1: slot(NOW + 1) }, { R2: slot(NOW + 1) }), 2)).toEqual({
      ...{ kind: "concurrency", scope: "env", key: "acme", limit: 9, place: 3, held: 3 },
      holders: [{ runId: "R1" }, { runId: "R2" }, { runId: "R3" }],
    });
  });

  it("does not name a holder whose time is over", () => {
    expect(waiting(stateOf({}, { gone: slot(NOW), here: slot(NOW + 1) }))).toMatchObject({
      held: 1,
      holders: [{ runId: "here" }],
    });
  });

  it("names some of many holders, and counts them all", () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`R${i + 10}`, slot(NOW + 1)]));
    const { held, holders } = waiting(stateOf({}, many));
    expect({ held, named: holders.length, first: holders[0] }).toEqual({
      held: 30,
      named: HOLDERS_NAMED_MAX,
      first: { runId: "R10" },
    });
  });

  it("says until when a Backoff lets nobody in, while it does", () => {
    expect(waiting(stateOf({ heldUntil: NOW + 5 }))).toMatchObject({ held: 0, place: 1, heldUntil: NOW + 5 });
    expect(waiting(stateOf({ heldUntil: NOW }))).not.toHaveProperty("heldUntil");
  });

  it("has no key when the limit has none", () => {
    const plain = { scope: "fn", of: "of", id: "id" } as const;
    expect(waitingForSlot({ gate: plain, limit: 1, state: stateOf({}), ahead: 0 }, NOW)).not.toHaveProperty("key");
  });
});

describe("what an event in a bucket waits for", () => {
  const event = { id: "e1", at: NOW, ts: NOW };
  const bucket = (more: Partial<Bucket>): Bucket => ({
    ...{
      kind: "debounce",
      first: event,
      latest: event,
      firstAt: NOW,
      lastAt: NOW,
      until: NOW + 30,
      armedFor: NOW + 30,
    },
    ...more,
  });

  it.each<[string, WaitingFor | undefined, Bucket, string?]>([
    ["a debounce", { kind: "debounce", key: "d1", until: NOW + 30 }, bucket({}), "d1"],
    ["one that collects", { kind: "debounce", until: NOW + 30 }, bucket({ kind: "collect", events: [event] })],
    [
      "a batch",
      { kind: "batch", size: 2, maxSize: 5, until: NOW + 30 },
      bucket({ kind: "batch", events: [event, event], maxSize: 5 }),
    ],
    ["one that is closed: nothing, its run is on its way", undefined, bucket({ closedAt: NOW })],
  ])("%s", (_, expected, given, key) => {
    expect(waitingForBucket(given, key)).toEqual(expected);
  });
});
