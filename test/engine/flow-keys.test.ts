import { describe, expect, it } from "vitest";
import {
  gateIdOf,
  gatesOf,
  hashOf,
  keyOf,
  labelOf,
  limitOf,
  offOptions,
  orderOf,
  placeOf,
  priorityOf,
} from "../../lambdas/engine/flow-keys.ts";
import type { FunctionMatch } from "../../lambdas/engine/match.ts";
import type { ConcurrencyLimit, FlowManifest } from "../../sdk/protocol/index.ts";

const event = (data: object) => ({ id: "e1", name: "shop/order.placed", ts: 1_000_000, data });
const fn = { app: "shop", functionId: "order" };

function orderWith(flow: FlowManifest | undefined): FunctionMatch {
  const order = { id: "order", triggers: [], ...(flow && { flow }) };
  const manifest = { v: 1 as const, app: "shop", functions: [order] };
  return { app: { v: 1, env: "main", manifest, hash: "", queueUrl: "", queueArn: "", codeVersion: "1" }, fn: order };
}

describe("a key of flow control", () => {
  it.each<[string, unknown, string | undefined]>([
    ["a text", "u1", '"u1"'],
    ["an empty text", "", '""'],
    ["a number", 7, "7"],
    ["zero", 0, "0"],
    ["true", true, "true"],
    ["an object", { b: 1, a: [null] }, '{"a":[null],"b":1}'],
    ["false", false, undefined],
    ["null", null, undefined],
    ["missing", undefined, undefined],
  ])("that is %s", (_, value, text) => {
    const key = keyOf("event.data.key", event(value === undefined ? {} : { key: value }));
    expect(key).toEqual(text === undefined ? { on: false } : { on: true, text });
  });

  it("may be computed, and is off where its fields are missing", () => {
    const expression = 'event.data.shop + "/" + event.data.user';
    expect(keyOf(expression, event({ shop: "a", user: "b" }))).toEqual({ on: true, text: '"a/b"' });
    expect(keyOf(expression, event({ shop: "a" }))).toEqual({ on: false });
  });

  it("that is not asked for is on, and has no text", () => {
    expect(keyOf(undefined, event({}))).toEqual({ on: true });
  });

  it("hashes by its parts: their borders, their order and their absence count", () => {
    const hashes = [["a", "b"], ["ab"], ["b", "a"], ["a", "b", undefined], ["a", "b", ""]].map((p) => hashOf(...p));
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes[0]).toMatch(/^[\w-]{22}$/);
    expect(hashOf("a", "b")).toBe(hashes[0]);
  });

  it("is shown to people without quotes, at most 64 characters of it", () => {
    expect([labelOf('"u\\"1"'), labelOf("7"), labelOf('{"a":1}')]).toEqual(['u"1', "7", '{"a":1}']);
    expect(labelOf(JSON.stringify("😀".repeat(64)))).toBe("😀".repeat(64));
    expect(labelOf(JSON.stringify("😀".repeat(65)))).toBe(`${"😀".repeat(63)}…`);
  });
});

describe("a priority", () => {
  it.each([
    ["5", 5],
    ["-5", -5],
    ["601", 600],
    ["-601", -600],
    ["event.data.vip ? 120 : 0", 120],
    ["1.5", 1.5],
  ])("%s is %d seconds", (expression, seconds) => {
    expect(priorityOf(expression, event({ vip: true }))).toEqual({ seconds });
  });

  it.each(['"high"', "event.data.missing", "true"])("%s is odd, and counts as 0", (expression) => {
    expect(priorityOf(expression, event({}))).toEqual({ seconds: 0, odd: true });
  });

  it("that is not asked for is 0", () => {
    expect(priorityOf(undefined, event({}))).toEqual({ seconds: 0 });
  });
});

describe("the gates of a run", () => {
  const own: ConcurrencyLimit = { limit: 1, scope: "fn", key: "event.data.user" };
  const whole: ConcurrencyLimit = { limit: 5, scope: "fn" };
  const shared: ConcurrencyLimit = { limit: 2, scope: "env", key: '"openai"' };

  it("are one for each limit whose key is on", () => {
    expect(gatesOf(fn, [own, whole], event({ user: "u1" }))).toEqual([
      { scope: "fn", of: limitOf(own), id: gateIdOf(fn, own, '"u1"'), key: "u1" },
      { scope: "fn", of: limitOf(whole), id: gateIdOf(fn, whole, undefined) },
    ]);
    expect(gatesOf(fn, [own, whole], event({})).map(({ of }) => of)).toEqual([limitOf(whole)]);
    expect(gatesOf(fn, undefined, event({}))).toEqual([]);
  });

  it("of the scope fn are another's for another function, key expression and value", () => {
    const ids = [
      gateIdOf(fn, own, '"u1"'),
      gateIdOf({ ...fn, functionId: "other" }, own, '"u1"'),
      gateIdOf({ ...fn, app: "other" }, own, '"u1"'),
      gateIdOf(fn, { ...own, key: "event.data.owner" }, '"u1"'),
      gateIdOf(fn, own, '"u2"'),
      gateIdOf(fn, whole, undefined),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("of a wider scope are shared by value, whichever function and expression gave it", () => {
    const other = { ...shared, key: "event.data.provider" };
    expect(gateIdOf({ app: "b", functionId: "c" }, other, '"openai"')).toBe(gateIdOf(fn, shared, '"openai"'));
    expect(gateIdOf(fn, { ...shared, scope: "account" }, '"openai"')).not.toBe(gateIdOf(fn, shared, '"openai"'));
  });

  it("belong to the same limit when its size changes, to another when its scope or key does", () => {
    expect(limitOf({ ...own, limit: 9 })).toBe(limitOf(own));
    const limits = [own, whole, { ...own, scope: "env" as const }, { ...own, key: "event.data.x" }].map(limitOf);
    expect(new Set(limits).size).toBe(4);
  });
});

describe("a place in the queues", () => {
  const place = (flow: FlowManifest | undefined, data: object) => placeOf(orderWith(flow), event(data));
  const concurrency: FlowManifest["concurrency"] = [{ limit: 1, scope: "fn", key: "event.data.user" }];

  it("is by the event's time less the priority, then by its id", () => {
    expect(place({ concurrency }, { user: "u1" })?.order).toBe("000000001000000#e1");
    const priority = { run: "event.data.urgent" };
    expect(place({ concurrency, priority }, { user: "u1", urgent: 10 })?.order).toBe("000000000990000#e1");
    expect(place({ concurrency, priority }, { user: "u1", urgent: -10 })?.order).toBe("000000001010000#e1");
    expect(place({ concurrency, priority }, { user: "u1", urgent: "no" })?.order).toBe("000000001000000#e1");
  });

  it("sorts as text whatever the time", () => {
    const times = [-5, 0, 0.5, 1, 999, 1e12, 1e20];
    const orders = times.map((ts) => orderOf({ id: "e", ts }, 0));
    expect([...orders].sort()).toEqual(orders);
    expect(new Set(orders.map((text) => text.length))).toEqual(new Set([17]));
  });

  it("is not there when no limit holds", () => {
    expect(place({ concurrency }, {})).toBeUndefined();
    expect(place({ priority: { run: "5" } }, {})).toBeUndefined();
    expect(place(undefined, {})).toBeUndefined();
  });
});

describe("what an event switches off", () => {
  const key = "event.data.key";
  const flow: FlowManifest = {
    idempotency: key,
    rateLimit: { limit: 1, periodMs: 1_000, key },
    debounce: { periodMs: 1_000, key },
    batchEvents: { maxSize: 2, timeoutMs: 1_000, key },
    singleton: { mode: "skip", key },
    throttle: { limit: 1, periodMs: 1_000, burst: 0, key },
    concurrency: [{ limit: 1, scope: "fn", key }],
    priority: { run: key },
  };

  it("is listed by the options' paths", () => {
    expect(offOptions(flow, event({ key: 1 }))).toEqual([]);
    expect(offOptions(flow, event({ key: "a" }))).toEqual(["priority.run"]);
    expect(offOptions(flow, event({}))).toEqual([
      ...["idempotency", "rateLimit.key", "debounce.key", "batchEvents.key", "singleton.key", "throttle.key"],
      ...["concurrency.key", "priority.run"],
    ]);
  });

  it("names which of two limits it is", () => {
    const limits: FlowManifest["concurrency"] = [
      { limit: 5, scope: "fn" },
      { limit: 1, scope: "fn", key },
    ];
    expect(offOptions({ concurrency: limits }, event({}))).toEqual(["concurrency[1].key"]);
  });

  it("is nothing where nothing is asked for", () => {
    expect(offOptions({}, event({}))).toEqual([]);
  });
});
