import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listenerKey, matchOf } from "../../lambdas/engine/listeners.ts";
import { emitsOf, findFunction, matchTriggers, mayTrigger } from "../../lambdas/engine/match.ts";
import { cronEventId, runIdOf } from "../../lambdas/engine/run-id.ts";
import type { RegisteredApp, TriggerManifest } from "../../sdk/protocol/index.ts";

const app = (name: string, functions: Record<string, readonly TriggerManifest[]>): RegisteredApp => ({
  v: 1,
  env: "main",
  hash: "",
  queueUrl: `${name}-queue`,
  queueArn: "",
  codeVersion: "1",
  manifest: { v: 1, app: name, functions: Object.entries(functions).map(([id, triggers]) => ({ id, triggers })) },
});
const on = (event: string, condition?: string): TriggerManifest => ({
  kind: "event",
  event,
  ...(condition !== undefined && { if: condition }),
});

describe("run ids", () => {
  const address = { app: "shop", functionId: "order" };
  const time = fc.integer({ min: 0, max: 2 ** 45 });

  it("have 26 characters, are the same for the same cause, and sort by time", () => {
    fc.assert(
      fc.property(time, time, fc.string(), (a, b, eventId) => {
        const [first, second] = [runIdOf(address, eventId, a), runIdOf(address, eventId, b)];
        expect(first).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
        expect(runIdOf(address, eventId, a)).toBe(first);
        if (a < b) expect(first.slice(0, 10) < second.slice(0, 10)).toBe(true);
      }),
    );
  });

  it("differ by function, app, environment, event and time", () => {
    const ids = [
      runIdOf(address, "e", 1),
      runIdOf({ ...address, functionId: "other" }, "e", 1),
      runIdOf({ ...address, app: "other" }, "e", 1),
      runIdOf({ ...address, env: "staging" }, "e", 1),
      runIdOf(address, "f", 1),
      runIdOf(address, "e", 2),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("of a cron come from the function and the nominal time alone (B-9)", () => {
    expect(cronEventId(address, 5)).toBe(cronEventId({ ...address }, 5));
    expect(cronEventId(address, 5)).not.toBe(cronEventId(address, 6));
  });
});

describe("triggers", () => {
  const apps = [
    app("shop", { order: [on("shop/order.placed")], big: [on("shop/order.placed", "event.data.total > 100")] }),
    app("audit", { all: [on("shop/*"), on("shop/order.placed")], ended: [on("stepwell/function.finished")] }),
  ];
  const idsOf = (event: object & { name: string }) => matchTriggers(apps, event).map(({ fn }) => fn.id);

  it("start each function once, by name, wildcard and condition, in every app", () => {
    expect(idsOf({ name: "shop/order.placed", ...{ data: { total: 101 } } })).toEqual(["order", "big", "all"]);
    expect(idsOf({ name: "shop/order.placed", ...{ data: {} } })).toEqual(["order", "all"]);
    expect(idsOf({ name: "shop/order.paid" })).toEqual(["all"]);
    expect(idsOf({ name: "other" })).toEqual([]);
  });

  it("tell by the name alone whether data is worth loading, and what is listened to", () => {
    expect([mayTrigger(apps, "shop/x"), mayTrigger(apps, "x")]).toEqual([true, false]);
    expect([emitsOf(apps), emitsOf(apps.slice(0, 1))]).toEqual([["finished"], []]);
    expect(findFunction(apps, "shop", "all")).toBeUndefined();
    expect(findFunction(apps, "audit", "all")?.app.queueUrl).toBe("audit-queue");
  });
});

describe("listener keys", () => {
  const trigger = { name: "shop/order.placed", data: { orderId: "o1", total: 5, list: [1, 2] } };
  const arriving = (data: object) => ({ name: "shop/order.paid", data });

  it.each([
    [{ match: "data.orderId" }, { orderId: "o1" }, { orderId: "o2" }],
    [{ if: "event.data.orderId == async.data.id" }, { id: "o1" }, { id: 1 }],
    [
      { if: "async.data.id == event.data.orderId && async.data.kind == 'card'" },
      { id: "o1", kind: "card" },
      { id: "o1" },
    ],
    [{ if: "async.data.n == 5" }, { n: 5 }, { n: "5" }],
  ])("%o is found by the key of an event that matches, and of no other", (condition, matching, other) => {
    const key = listenerKey(condition, trigger);
    expect(matchOf(key?.paths ?? [], arriving(matching))).toBe(key?.match);
    expect(matchOf(key?.paths ?? [], arriving(other))).not.toBe(key?.match);
    expect(key?.rest).toBeUndefined();
  });

  it("keep what the key does not decide, with the part of the trigger that it reads", () => {
    const condition = { if: "async.data.id == event.data.orderId && async.data.paid >= event.data.total" };
    expect(listenerKey(condition, trigger)).toMatchObject({
      paths: ["data.id"],
      rest: { if: condition.if, trigger: { data: { orderId: "o1", total: 5 } } },
    });
  });

  it("without an equality look at every event of the name", () => {
    expect(listenerKey({}, trigger)).toEqual({ paths: [], match: "*" });
    expect(listenerKey({ if: "async.data.n > 1" }, trigger)).toMatchObject({ paths: [], match: "*" });
  });

  it("are not there when the trigger lacks the value: nothing could ever match", () => {
    expect(listenerKey({ match: "data.missing" }, trigger)).toBeUndefined();
    expect(listenerKey({ if: "event.data.missing == async.data.x" }, trigger)).toBeUndefined();
  });
});
