import { describe, expect, test } from "vitest";
import { type Code, referenceFunction, Stepwell } from "../../sdk/index.ts";
import { createStepTools } from "../../sdk/steps/index.ts";
import { fakeLedger } from "./fake-run.ts";
import { expectProblem } from "./thrown.ts";

const client = new Stepwell({ id: "billing" });
const bill = client.createFunction({ id: "bill" }, { event: "billing/bill" }, () => "billed");
const DAY = 86_400_000;

describe("step tools ask the ledger", () => {
  test("run: with a body that gets the input", async () => {
    const { ledger, asked } = fakeLedger({ sum: 3 });
    const step = createStepTools(ledger, "shop");
    expect(await step.run("sum", (a: number, b: number) => a + b, 1, 2)).toBe(3);
    await step.run({ id: "named", name: "Named" }, () => 1);
    const [sum, named] = asked;
    expect(sum).toMatchObject({ kind: "run", id: "sum" });
    expect(
      sum?.kind === "run" && sum.body({ signal: AbortSignal.abort(), stepId: "sum", attempt: 0, idempotencyKey: "k" }),
    ).toBe(3);
    expect(named).toMatchObject({ kind: "run", id: "named", name: "Named" });
  });

  test("run: a body without input gets the context, one with input gets that and nothing else", async () => {
    const { ledger, asked } = fakeLedger();
    const step = createStepTools(ledger, "shop");
    const seen: unknown[] = [];
    await step.run("none", (...input: unknown[]) => seen.push(input));
    await step.run("undefined", (...input: unknown[]) => seen.push(input), undefined);
    const context = { signal: new AbortController().signal, stepId: "none", attempt: 0, idempotencyKey: "k" };
    for (const request of asked) if (request.kind === "run") request.body(context);
    expect(seen).toEqual([[context], [undefined]]);
  });

  test.each<[number | string, number]>([
    ["1d", DAY],
    [1_500, 1_500],
    ["1h30m", 5_400_000],
    [0, 0],
  ])("sleep: %s", async (duration, forMs) => {
    const { ledger, asked } = fakeLedger();
    await createStepTools(ledger, "shop").sleep("nap", duration);
    expect(asked).toEqual([{ kind: "sleep", id: "nap", forMs }]);
  });

  test.each<[string, Date | string | number | { epochMilliseconds: number }]>([
    ["a Date", new Date(DAY)],
    ["text", "1970-01-02T00:00:00Z"],
    ["a number", DAY],
    ["a Temporal object", { epochMilliseconds: DAY }],
  ])("sleepUntil: %s", async (_what, time) => {
    const { ledger, asked } = fakeLedger();
    await createStepTools(ledger, "shop").sleepUntil("until", time);
    expect(asked).toEqual([{ kind: "sleep", id: "until", untilMs: DAY }]);
  });

  test("waitForEvent: with match, if, or neither", async () => {
    const paid = { name: "shop/order.paid", data: {}, id: "e", ts: 1 };
    const { ledger, asked } = fakeLedger({ match: paid });
    const step = createStepTools(ledger, "shop");
    const event = "shop/order.paid";
    const condition = "event.data.id == async.data.id";
    expect(await step.waitForEvent("match", { event, timeout: "7d", match: "data.orderId" })).toBe(paid);
    expect(await step.waitForEvent("if", { event, timeout: 1_000, if: condition })).toBeNull();
    await step.waitForEvent("any", { event: "stepwell/function.failed", timeout: "365d" });
    expect(asked).toEqual([
      { kind: "waitForEvent", id: "match", events: [{ event, match: "data.orderId" }], timeoutMs: 7 * DAY },
      { kind: "waitForEvent", id: "if", events: [{ event, if: condition }], timeoutMs: 1_000 },
      { kind: "waitForEvent", id: "any", events: [{ event: "stepwell/function.failed" }], timeoutMs: 365 * DAY },
    ]);
  });

  test("waitForEvent: several events, each with its own condition or the common one", async () => {
    const { ledger, asked } = fakeLedger();
    const own = { event: "shop/b", if: "async.data.final" };
    const event = ["shop/a", own, { event: "shop/c" }];
    await createStepTools(ledger, "shop").waitForEvent("first", { event, timeout: 1_000, match: "data.id" });
    const events = [{ event: "shop/a", match: "data.id" }, own, { event: "shop/c", match: "data.id" }];
    expect(asked).toEqual([{ kind: "waitForEvent", id: "first", events, timeoutMs: 1_000 }]);
  });

  test("waitForSignal and sendSignal: with their defaults, or all that can be said", async () => {
    const { ledger, asked } = fakeLedger({ wait: { signal: "s", data: 1 } });
    const step = createStepTools(ledger, "shop");
    expect(await step.waitForSignal("wait", { signal: "s", timeout: "1d" })).toEqual({ signal: "s", data: 1 });
    await step.waitForSignal("take", { signal: "s", timeout: 1, onConflict: "replace" });
    await step.sendSignal("send", { signal: "s" });
    await step.sendSignal("far", { signal: "s", data: { at: new Date(0) }, appId: "other" });
    expect(asked).toEqual([
      { kind: "waitForSignal", id: "wait", signal: "s", timeoutMs: DAY, onConflict: "fail" },
      { kind: "waitForSignal", id: "take", signal: "s", timeoutMs: 1, onConflict: "replace" },
      { kind: "sendSignal", id: "send", app: "shop", signal: "s", data: null },
      { kind: "sendSignal", id: "far", app: "other", signal: "s", data: { at: "1970-01-01T00:00:00.000Z" } },
    ]);
  });

  test("invoke: a function or a reference, by options or by position", async () => {
    const { ledger, asked } = fakeLedger({ full: "billed" });
    const step = createStepTools(ledger, "shop");
    const data = { n: 1, at: new Date(0), gone: undefined };
    expect(await step.invoke("full", { function: bill, data, user: { id: "u" }, timeout: "1h" })).toBe("billed");
    await step.invoke("bare", { function: bill });
    await step.invoke("positional", bill, data);
    await step.invoke("near", { function: referenceFunction({ functionId: "ship" }) });
    await step.invoke("far", referenceFunction({ appId: "other", functionId: "ship" }));
    const target = { app: "billing", functionId: "bill" };
    const sent = { n: 1, at: "1970-01-01T00:00:00.000Z" };
    expect(asked).toEqual([
      { kind: "invoke", id: "full", target, data: sent, user: { id: "u" }, timeoutMs: 3_600_000 },
      { kind: "invoke", id: "bare", target, data: {} },
      { kind: "invoke", id: "positional", target, data: sent },
      { kind: "invoke", id: "near", target: { app: "shop", functionId: "ship" }, data: {} },
      { kind: "invoke", id: "far", target: { app: "other", functionId: "ship" }, data: {} },
    ]);
  });

  test("sendEvent: one or several", async () => {
    const { ledger, asked } = fakeLedger({ one: { ids: ["x"] } });
    const step = createStepTools(ledger, "shop");
    expect(await step.sendEvent("one", { name: "a/b" })).toEqual({ ids: ["x"] });
    await step.sendEvent("two", [{ name: "a/b", data: { n: 1 }, id: "i", ts: 5, user: {}, v: "2" }, { name: "a/c" }]);
    expect(asked).toEqual([
      { kind: "sendEvent", id: "one", events: [{ name: "a/b", data: {} }] },
      {
        kind: "sendEvent",
        id: "two",
        events: [
          { name: "a/b", data: { n: 1 }, id: "i", ts: 5, user: {}, v: "2" },
          { name: "a/c", data: {} },
        ],
      },
    ]);
  });

  test("in the order of the calls, before anything is awaited, and hand its promise on as it is", () => {
    const asked: string[] = [];
    const promise = new Promise<unknown>(() => {});
    const ask = (request: { readonly id: string }) => {
      asked.push(request.id);
      return promise;
    };
    const step = createStepTools({ ask }, "shop");
    expect(step.run("a", () => 1)).toBe(promise);
    expect(step.sleep("b", 1)).toBe(promise);
    expect(step.sendEvent("c", { name: "a/b" })).toBe(promise);
    expect(asked).toEqual(["a", "b", "c"]);
  });
});

describe("bad arguments reject, and the ledger is not asked:", () => {
  const invalid: Code = "STEPWELL_INVALID_STEP";
  const event = "shop/order.paid";
  const circle: Record<string, unknown> = {};
  circle.self = { circle };
  test.each<[string, string, unknown[], Code, string[]]>([
    ["run", "no id", [undefined, () => 1], invalid, ["step.run", "id"]],
    ["run", "an empty id", ["", () => 1], invalid, ["step.run", "1 to 256"]],
    ["run", "a long id", ["x".repeat(257), () => 1], invalid, ["256"]],
    ["run", "an id object without id", [{ name: "x" }, () => 1], invalid, ["id"]],
    ["run", "an unknown key beside the id", [{ id: "x", title: "y" }, () => 1], invalid, ['"title"']],
    ["run", "a name that is no string", [{ id: "x", name: 1 }, () => 1], invalid, ['"x"', "name"]],
    ["run", "no function", ["x"], invalid, ['step.run "x"', "function"]],
    ["run", "a promise instead of a function", ["x", Promise.resolve()], invalid, ["Promise"]],
    ["sleep", "an unparsable duration", ["x", "soon"], "STEPWELL_INVALID_DURATION", ['step.sleep "x"', "soon"]],
    ["sleep", "no duration", ["x"], "STEPWELL_INVALID_DURATION", ['step.sleep "x"']],
    ["sleep", "a negative duration", ["x", -1], "STEPWELL_INVALID_DURATION", []],
    ["sleep", "more than 365 days", ["x", "366d"], "STEPWELL_INVALID_DURATION", ["365"]],
    ["sleepUntil", "an unparsable date", ["x", "tomorrow"], "STEPWELL_INVALID_DURATION", ['step.sleepUntil "x"']],
    ["sleepUntil", "an invalid Date", ["x", new Date("nope")], "STEPWELL_INVALID_DURATION", []],
    ["waitForEvent", "no options", ["x"], invalid, ['step.waitForEvent "x"', "timeout"]],
    ["waitForEvent", "no timeout", ["x", { event }], invalid, ["timeout"]],
    ["waitForEvent", "a bad timeout", ["x", { event, timeout: "soon" }], "STEPWELL_INVALID_DURATION", ["timeout"]],
    ["waitForEvent", "too long a timeout", ["x", { event, timeout: "366d" }], "STEPWELL_INVALID_DURATION", ["timeout"]],
    ["waitForEvent", "no event", ["x", { timeout: 1 }], invalid, ["event"]],
    ["waitForEvent", "a wildcard", ["x", { event: "shop/*", timeout: 1 }], invalid, ["event", "*"]],
    [
      "waitForEvent",
      "the finished event",
      ["x", { event: "stepwell/function.finished", timeout: 1 }],
      invalid,
      ["step.invoke"],
    ],
    [
      "waitForEvent",
      "the invoked event",
      ["x", { event: "stepwell/function.invoked", timeout: 1 }],
      invalid,
      ["step.invoke"],
    ],
    [
      "waitForEvent",
      "another reserved event",
      ["x", { event: "stepwell/scheduled.timer", timeout: 1 }],
      invalid,
      ["stepwell/"],
    ],
    ["waitForEvent", "match and if", ["x", { event, timeout: 1, match: "data.a", if: "true" }], invalid, ["not both"]],
    [
      "waitForEvent",
      "a bad match",
      ["x", { event, timeout: 1, match: "a b" }],
      "STEPWELL_INVALID_EXPRESSION",
      ["match"],
    ],
    [
      "waitForEvent",
      "a match that is no text",
      ["x", { event, timeout: 1, match: 1 }],
      "STEPWELL_INVALID_EXPRESSION",
      ["match"],
    ],
    [
      "waitForEvent",
      "a bad expression",
      ["x", { event, timeout: 1, if: "async." }],
      "STEPWELL_INVALID_EXPRESSION",
      ["if"],
    ],
    ["waitForEvent", "an unknown option", ["x", { event, timeout: 1, since: "1h" }], invalid, ['"since"']],
    [
      "waitForEvent",
      "too long a lookback",
      ["x", { event, timeout: 1, lookback: "8d" }],
      "STEPWELL_INVALID_DURATION",
      ["lookback", "7 days"],
    ],
    [
      "waitForEvent",
      "a bad lookback",
      ["x", { event, timeout: 1, lookback: "back" }],
      "STEPWELL_INVALID_DURATION",
      ["lookback"],
    ],
    ["waitForEvent", "an empty list", ["x", { event: [], timeout: 1 }], invalid, ["event", "1 to 10"]],
    ["waitForEvent", "too long a list", ["x", { event: Array(11).fill(event), timeout: 1 }], invalid, ["10", "11"]],
    ["waitForEvent", "a bad name in a list", ["x", { event: [event, 7], timeout: 1 }], invalid, ["event[1]"]],
    [
      "waitForEvent",
      "an entry without a name",
      ["x", { event: [{ match: "data.a" }], timeout: 1 }],
      invalid,
      ["event[0]: event"],
    ],
    [
      "waitForEvent",
      "an entry with match and if",
      ["x", { event: [{ event, match: "data.a", if: "true" }], timeout: 1 }],
      invalid,
      ["event[0]", "not both"],
    ],
    [
      "waitForEvent",
      "an unknown option of an entry",
      ["x", { event: [{ event, timeout: 1 }], timeout: 1 }],
      invalid,
      ["event[0]", '"timeout"'],
    ],
    ["waitForSignal", "no options", ["x"], invalid, ['step.waitForSignal "x"', "onConflict"]],
    ["waitForSignal", "no timeout", ["x", { signal: "s" }], invalid, ["timeout"]],
    [
      "waitForSignal",
      "a bad timeout",
      ["x", { signal: "s", timeout: "soon" }],
      "STEPWELL_INVALID_DURATION",
      ["timeout"],
    ],
    ["waitForSignal", "no signal", ["x", { timeout: 1 }], invalid, ["signal", "1 to 256"]],
    ["waitForSignal", "too long a name", ["x", { signal: "s".repeat(257), timeout: 1 }], invalid, ["signal", "256"]],
    [
      "waitForSignal",
      "an unknown conflict",
      ["x", { signal: "s", timeout: 1, onConflict: "wait" }],
      invalid,
      ["onConflict", '"wait"'],
    ],
    ["waitForSignal", "an unknown option", ["x", { signal: "s", timeout: 1, match: "data.a" }], invalid, ['"match"']],
    ["sendSignal", "nothing", ["x"], invalid, ['step.sendSignal "x"']],
    ["sendSignal", "no name", ["x", { data: 1 }], invalid, ["signal"]],
    ["sendSignal", "data that is no JSON", ["x", { signal: "s", data: circle }], invalid, ["data.self.circle"]],
    ["ai.wrap", "no function", ["x", { prompt: "p" }], invalid, ['step.ai.wrap "x"', "function"]],
    ["ai.infer", "no options", ["x"], invalid, ['step.ai.infer "x"', "{ model, body }"]],
    ["ai.infer", "no adapter", ["x", { body: {} }], invalid, ["model", "stepwell/ai"]],
    ["ai.infer", "no body", ["x", { model: { model: "m", url: "https://a" } }], invalid, ["body"]],
    [
      "ai.infer",
      "a body that is no JSON",
      ["x", { model: { model: "m", url: "https://a" }, body: circle }],
      invalid,
      ["body.self.circle"],
    ],
    ["ai.infer", "a wrong address", ["x", { model: { model: "m", url: "nowhere" }, body: {} }], invalid, ["model.url"]],
    [
      "ai.infer",
      "wrong headers",
      ["x", { model: { model: "m", url: "https://a", headers: "k" }, body: {} }],
      invalid,
      ["model.headers"],
    ],
    [
      "ai.infer",
      "a wrong shaper",
      ["x", { model: { model: "m", url: "https://a", toRequest: 1 }, body: {} }],
      invalid,
      ["model.toRequest"],
    ],
    [
      "ai.infer",
      "an unknown part",
      ["x", { model: { model: "m", url: "https://a", key: 1 }, body: {} }],
      invalid,
      ['"key"'],
    ],
    ["invoke", "no target", ["x"], invalid, ['step.invoke "x"']],
    ["invoke", "a name as the target", ["x", { function: "bill" }], invalid, ["referenceFunction"]],
    ["invoke", "a plain function", ["x", { function: () => 1 }], invalid, ["createFunction"]],
    ["invoke", "an unknown option", ["x", { function: bill, input: {} }], invalid, ['"input"']],
    ["invoke", "data that is no object", ["x", bill, 5], invalid, ["data"]],
    ["invoke", "data that is no JSON", ["x", bill, circle], invalid, ["data.self.circle"]],
    ["invoke", "a bad timeout", ["x", { function: bill, timeout: "soon" }], "STEPWELL_INVALID_DURATION", ["timeout"]],
    ["invoke", "too much data", ["x", bill, { text: "x".repeat(33 * 2 ** 20) }], "STEPWELL_EVENT_TOO_LARGE", []],
    ["sendEvent", "no event", ["x"], "STEPWELL_INVALID_EVENT", ['step.sendEvent "x"']],
    ["sendEvent", "one bad event of two", ["x", [{ name: "a" }, {}]], "STEPWELL_INVALID_EVENT", ["events[1]"]],
  ])("%s with %s", async (tool, _what, input, code, parts) => {
    const { ledger, asked } = fakeLedger();
    const step = createStepTools(ledger, "shop");
    const tools = { ...step, "ai.wrap": step.ai.wrap, "ai.infer": step.ai.infer };
    const call = tools[tool as "run"] as unknown as (...input: unknown[]) => Promise<unknown>;
    const promise = call(...input);
    expect(promise).toBeInstanceOf(Promise);
    await expectProblem(() => promise, code, ...parts);
    expect(asked).toEqual([]);
  });

  test("referenceFunction checks its ids", async () => {
    await expectProblem(
      () => referenceFunction({ functionId: "A b" }),
      "STEPWELL_INVALID_FUNCTION",
      "functionId",
      '"a-b"',
    );
    await expectProblem(() => referenceFunction({ functionId: "a", appId: "" }), "STEPWELL_INVALID_FUNCTION", "appId");
  });
});
