import { describe, expect, test } from "vitest";
import { CONFLICTS } from "../../sdk/functions/flow/conflicts.ts";
import { OPTIONS } from "../../sdk/functions/options.ts";
import { type Code, Stepwell, type StepwellFunction } from "../../sdk/index.ts";
import { readRepository } from "../docs-tables.ts";
import { expectProblem } from "./thrown.ts";

const client = new Stepwell({ id: "shop" });
const event = { event: "shop/order.placed" };
const cron = { cron: "0 3 * * *" };
const DAY = 86_400_000;

/** For input that the types refuse. */
const create = (options: object, trigger: unknown = event) =>
  (client.createFunction as (...shape: unknown[]) => StepwellFunction).call(
    client,
    { id: "bill", ...options },
    trigger,
    () => 1,
  );
const flowOf = (options: object, trigger?: unknown) => create(options, trigger).manifest.flow;

describe("the manifest of a function has its flow control, with defaults filled in:", () => {
  const key = "event.data.userId";
  const constant = "'openai'";
  test.each<[string, object, object]>([
    ["a number", { concurrency: 5 }, { concurrency: [{ limit: 5, scope: "fn" }] }],
    ["one limit", { concurrency: { limit: 1, key } }, { concurrency: [{ limit: 1, scope: "fn", key }] }],
    [
      "two limits",
      {
        concurrency: [
          { limit: 1, key },
          { limit: 10_000, scope: "account", key: constant },
        ],
      },
      {
        concurrency: [
          { limit: 1, scope: "fn", key },
          { limit: 10_000, scope: "account", key: constant },
        ],
      },
    ],
    [
      "a number and a limit by key",
      { concurrency: [5, { limit: 1, key }] },
      {
        concurrency: [
          { limit: 5, scope: "fn" },
          { limit: 1, scope: "fn", key },
        ],
      },
    ],
    [
      "one key in two scopes",
      {
        concurrency: [
          { limit: 1, key },
          { limit: 2, scope: "env", key },
        ],
      },
      {
        concurrency: [
          { limit: 1, scope: "fn", key },
          { limit: 2, scope: "env", key },
        ],
      },
    ],
    ["a throttle", { throttle: { limit: 1, period: "5s" } }, { throttle: { limit: 1, periodMs: 5_000, burst: 0 } }],
    [
      "a throttle with all fields",
      { throttle: { limit: 10, period: 1_000, burst: 2, key } },
      { throttle: { limit: 10, periodMs: 1_000, burst: 2, key } },
    ],
    [
      "a rate limit",
      { rateLimit: { limit: 1, period: "7d", key } },
      { rateLimit: { limit: 1, periodMs: 7 * DAY, key } },
    ],
    ["a debounce", { debounce: { period: "1s" } }, { debounce: { periodMs: 1_000 } }],
    [
      "a debounce with all fields",
      { debounce: { period: "5m", timeout: "5m", key, collect: true } },
      { debounce: { periodMs: 300_000, timeoutMs: 300_000, key, collect: true } },
    ],
    [
      "a debounce that does not collect",
      { debounce: { period: "1s", collect: false } },
      { debounce: { periodMs: 1e3 } },
    ],
    ["batches", { batchEvents: { maxSize: 1, timeout: "1s" } }, { batchEvents: { maxSize: 1, timeoutMs: 1_000 } }],
    [
      "batches with all fields",
      { batchEvents: { maxSize: 1_000, timeout: "7d", key, if: "event.data.n > 1" } },
      { batchEvents: { maxSize: 1_000, timeoutMs: 7 * DAY, key, if: "event.data.n > 1" } },
    ],
    ["a singleton", { singleton: { mode: "skip" } }, { singleton: { mode: "skip" } }],
    ["a singleton by key", { singleton: { mode: "cancel", key } }, { singleton: { mode: "cancel", key } }],
    ["an idempotency key", { idempotency: key }, { idempotency: key }],
    ["a constant key", { idempotency: constant }, { idempotency: constant }],
    [
      "a priority",
      { priority: { run: "event.data.plan == 'pro' ? 120 : 0" } },
      { priority: { run: "event.data.plan == 'pro' ? 120 : 0" } },
    ],
    ["the least priority", { priority: { run: "-600" } }, { priority: { run: "-600" } }],
    ["the highest priority", { priority: { run: "600.0" } }, { priority: { run: "600.0" } }],
    [
      "a priority that may be out of range for some events",
      { priority: { run: "event.data.age * 1000" } },
      { priority: { run: "event.data.age * 1000" } },
    ],
    ["one timeout", { timeouts: { start: "10m" } }, { timeouts: { startMs: 600_000 } }],
    ["both timeouts", { timeouts: { start: 1, finish: "365d" } }, { timeouts: { startMs: 1, finishMs: 365 * DAY } }],
    ["one cancelling event", { cancelOn: { event: "a/b" } }, { cancelOn: [{ event: "a/b" }] }],
    [
      "several cancelling events",
      {
        cancelOn: [
          { event: "a/b", match: "data.id", timeout: "30m" },
          { event: "stepwell/function.failed", if: "event.data.id == async.data.id" },
        ],
      },
      {
        cancelOn: [
          { event: "a/b", match: "data.id", timeoutMs: 1_800_000 },
          { event: "stepwell/function.failed", if: "event.data.id == async.data.id" },
        ],
      },
    ],
  ])("%s", (_what, options, flow) => {
    expect(flowOf(options)).toEqual(flow);
  });

  const documented = [...readRepository("sdk/types/flow.ts").matchAll(/@example\n +\* ```ts\n([\s\S]+?) +\* ```/g)];
  const examples = documented.map(([, lines = ""]) => lines.replaceAll(/^ +\* /gm, "").trim());
  test.each(examples)("what its docstring shows: %s", (example) => {
    const options: object = new Function(`return { ${example} }`)();
    const [option] = Object.keys(options);
    expect(Object.keys(flowOf(options) ?? {})).toEqual([option]);
  });

  test("and each option has such an example", () => {
    const names = examples.map((example) => example.slice(0, example.indexOf(":")));
    const works = Object.entries(OPTIONS).flatMap(([name, state]) => (state === "works" ? [name] : []));
    const others = [
      "id",
      "name",
      "description",
      "triggers",
      "retries",
      "maxSteps",
      "onFailure",
      "onCancel",
      "lookback",
      "middleware",
      "checkpointing",
    ];
    expect([...names, ...others].sort()).toEqual(works.sort());
  });

  test("several options together", () => {
    const flow = flowOf({
      concurrency: 1,
      singleton: { mode: "cancel" },
      debounce: { period: "1m" },
      idempotency: key,
    });
    expect(flow).toEqual({
      concurrency: [{ limit: 1, scope: "fn" }],
      singleton: { mode: "cancel" },
      debounce: { periodMs: 60_000 },
      idempotency: key,
    });
  });

  test("nothing of them where nothing is asked for", () => {
    for (const options of [{}, { concurrency: undefined }, { timeouts: {} }, { timeouts: { start: undefined } }])
      expect(create(options).manifest).toEqual({ id: "bill", triggers: [{ kind: "event", event: event.event }] });
  });

  test("as JSON that reads back the same", () => {
    const options = { throttle: { limit: 1, period: "5s" }, timeouts: { start: undefined, finish: "1h" } };
    const flow = flowOf(options);
    expect(JSON.parse(JSON.stringify(flow))).toStrictEqual(flow);
  });
});

/** What is refused, the path that the message begins with, and what else it says. */
type Refusal = [what: string, options: object, path: string, ...parts: string[]];

describe("createFunction refuses, by the option's path,", () => {
  const expectRefusal = async (code: Code, [, options, path, ...parts]: Refusal) => {
    await expectProblem(() => create(options), code, `createFunction "bill": ${path}: `, ...parts);
  };

  const notCounts = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", null, true];
  const counts = notCounts.flatMap((limit): Refusal[] => [
    [`the limit ${limit}`, { concurrency: { limit } }, "concurrency.limit", "whole number from 1 to 10000"],
    [`the limit ${limit} of the second`, { concurrency: [1, { limit, key: "1" }] }, "concurrency[1].limit"],
    [`the throttle ${limit}`, { throttle: { limit, period: "1m" } }, "throttle.limit", "whole number from 1"],
    [`the rate ${limit}`, { rateLimit: { limit, period: "1m" } }, "rateLimit.limit", "whole number from 1"],
    [`the batch ${limit}`, { batchEvents: { maxSize: limit, timeout: "1m" } }, "batchEvents.maxSize", "1 to 1000"],
  ]);
  test.each<Refusal>([
    ...counts,
    ["no limit", { concurrency: 0 }, "concurrency", "whole number from 1 to 10000, got 0"],
    ["half a limit", { concurrency: 0.5 }, "concurrency"],
    ["a negative limit", { concurrency: -3 }, "concurrency"],
    ["10,001 slots", { concurrency: 10_001 }, "concurrency"],
    ["a limit as text", { concurrency: "5" }, "concurrency", 'a whole number or { limit, scope?, key? }, got "5"'],
    ["a missing limit", { concurrency: { key: "event.data.a" } }, "concurrency.limit", "undefined"],
    ["three limits", { concurrency: [1, { limit: 1, key: "1" }, { limit: 1, key: "2" }] }, "concurrency", "has 3"],
    ["an empty list of limits", { concurrency: [] }, "concurrency", "has 0"],
    ["a list in the list", { concurrency: [[1]] }, "concurrency[0]"],
    ["an unknown field", { concurrency: { limit: 1, max: 2 } }, "concurrency", '"max"'],
    ["an unknown scope", { concurrency: { limit: 1, scope: "app", key: "1" } }, "concurrency.scope", '"fn", "env"'],
    ["env without key", { concurrency: { limit: 1, scope: "env" } }, "concurrency.key", '"env"', "key: '\"openai\"'"],
    ["account without key", { concurrency: [1, { limit: 1, scope: "account" }] }, "concurrency[1].key", '"account"'],
    ["two limits without key", { concurrency: [1, { limit: 2, scope: "fn" }] }, "concurrency[1]", "first one"],
    [
      "two limits of one key",
      {
        concurrency: [
          { limit: 1, key: "event.data.a" },
          { limit: 2, key: "event.data.a" },
        ],
      },
      "concurrency[1]",
    ],
    ["a throttle that is a number", { throttle: 5 }, "throttle", "{ limit, period, burst?, key? }, got 5"],
    ["a list of throttles", { throttle: [] }, "throttle", "an array"],
    ["a negative burst", { throttle: { limit: 1, period: "1m", burst: -1 } }, "throttle.burst", "from 0"],
    ["half a burst", { throttle: { limit: 1, period: "1m", burst: 0.5 } }, "throttle.burst"],
    ["an unknown field", { throttle: { limit: 1, period: "1m", rate: 1 } }, "throttle", '"rate"'],
    ["a burst of a rate limit", { rateLimit: { limit: 1, period: "1m", burst: 1 } }, "rateLimit", '"burst"'],
    ["a debounce that is a period", { debounce: "5m" }, "debounce", "{ period, timeout?, key?, collect? }"],
    ["a collect that is no boolean", { debounce: { period: "1m", collect: "all" } }, "debounce.collect"],
    ["an unknown field", { debounce: { period: "1m", wait: 1 } }, "debounce", '"wait"'],
    ["1,001 events a batch", { batchEvents: { maxSize: 1_001, timeout: "1m" } }, "batchEvents.maxSize"],
    ["an unknown field", { batchEvents: { maxSize: 1, timeout: "1m", size: 1 } }, "batchEvents", '"size"'],
    ["a priority as a number", { priority: 5 }, "priority", "{ run }"],
    ["an unknown field", { priority: { run: "1", start: 1 } }, "priority", '"start"'],
    ["a priority over 600", { priority: { run: "601" } }, "priority.run", "from -600 to 600, got 601"],
    ["a priority under -600", { priority: { run: "-600 - 1" } }, "priority.run", "got -601"],
    ["a priority that is no finite number", { priority: { run: "0.0 / 0.0" } }, "priority.run", "NaN"],
    ["a priority that cannot be", { priority: { run: "1 / 0" } }, "priority.run"],
    ["a singleton that is a mode", { singleton: "skip" }, "singleton", "{ mode, key? }"],
    ["an unknown mode", { singleton: { mode: "queue" } }, "singleton.mode", '"skip" or "cancel", got "queue"'],
    ["no mode", { singleton: { key: "event.data.a" } }, "singleton.mode"],
    ["an unknown field", { singleton: { mode: "skip", limit: 1 } }, "singleton", '"limit"'],
    ["timeouts that are one", { timeouts: "1h" }, "timeouts", "{ start?, finish? }"],
    ["an unknown timeout", { timeouts: { step: "1h" } }, "timeouts", '"step"'],
    ["no cancelling events", { cancelOn: [] }, "cancelOn", "has 0"],
    ["six cancelling events", { cancelOn: Array(6).fill({ event: "a/b" }) }, "cancelOn", "1 to 5", "has 6"],
    ["a cancelling event that is a name", { cancelOn: ["a/b"] }, "cancelOn[0]", "{ event, if?, match?, timeout? }"],
    ["a wildcard", { cancelOn: [{ event: "a/b" }, { event: "a/*" }] }, "cancelOn[1].event", "*"],
    ["an empty name", { cancelOn: { event: "" } }, "cancelOn.event", "empty"],
    ["a missing name", { cancelOn: { match: "data.a" } }, "cancelOn.event"],
    ["a reserved name", { cancelOn: { event: "stepwell/run.cancel" } }, "cancelOn.event", "stepwell/function.failed"],
    ["an event that goes out to few", { cancelOn: { event: "stepwell/function.finished" } }, "cancelOn.event"],
    ["match and if", { cancelOn: { event: "a/b", match: "data.a", if: "true" } }, "cancelOn", "not both"],
    ["an unknown field", { cancelOn: [{ event: "a/b", key: "1" }] }, "cancelOn[0]", '"key"'],
    ["an onCancel that is no function", { onCancel: {} }, "onCancel"],
  ])("%s", (...refusal: Refusal) => expectRefusal("STEPWELL_INVALID_FUNCTION", refusal));

  const notPeriods = [0, 999, "500ms", "8d", 7 * DAY + 1, "soon", "", -1, undefined, null, {}];
  const periods = notPeriods.flatMap((period): Refusal[] => [
    [`the period ${period} of a throttle`, { throttle: { limit: 1, period } }, "throttle.period"],
    [`the period ${period} of a rate limit`, { rateLimit: { limit: 1, period } }, "rateLimit.period"],
    [`the period ${period} of a debounce`, { debounce: { period } }, "debounce.period"],
    [`the timeout ${period} of a batch`, { batchEvents: { maxSize: 2, timeout: period } }, "batchEvents.timeout"],
  ]);
  test.each<Refusal>([
    ...periods,
    ["how long it may be", { debounce: { period: "8d" } }, "debounce.period", 'from 1s to 7d, got "8d"'],
    ["a timeout under the period", { debounce: { period: "5m", timeout: "4m" } }, "debounce.timeout", "from 5m to 7d"],
    ["a timeout over 7 days", { debounce: { period: "5m", timeout: "8d" } }, "debounce.timeout"],
    ["a timeout that is none", { debounce: { period: "5m", timeout: "long" } }, "debounce.timeout"],
    ["a start of no time", { timeouts: { start: 0 } }, "timeouts.start", "longer than zero"],
    ["a negative finish", { timeouts: { finish: -1 } }, "timeouts.finish"],
    ["a finish over a year", { timeouts: { finish: "366d" } }, "timeouts.finish", "365"],
    ["a cancelOn of no time", { cancelOn: [{ event: "a/b", timeout: 0 }] }, "cancelOn[0].timeout"],
    ["a cancelOn over a year", { cancelOn: { event: "a/b", timeout: "366d" } }, "cancelOn.timeout"],
  ])("as a duration: %s", (...refusal: Refusal) => expectRefusal("STEPWELL_INVALID_DURATION", refusal));

  const notKeys = ["", "  ", "event.", "user.id", "data.userId", "async.data.id", 7, true, null, ["event.data.a"]];
  const keys = [...notKeys, "b'a'", "type(event.data.a)", "timestamp('2026-01-01T00:00:00Z')"].flatMap(
    (key): Refusal[] => [
      [`the key ${key} of a limit`, { concurrency: [1, { limit: 1, key }] }, "concurrency[1].key"],
      [`the key ${key} of a throttle`, { throttle: { limit: 1, period: "1m", key } }, "throttle.key"],
      [`the key ${key} of a rate limit`, { rateLimit: { limit: 1, period: "1m", key } }, "rateLimit.key"],
      [`the key ${key} of a debounce`, { debounce: { period: "1m", key } }, "debounce.key"],
      [`the key ${key} of a batch`, { batchEvents: { maxSize: 1, timeout: "1m", key } }, "batchEvents.key"],
      [`the key ${key} of a singleton`, { singleton: { mode: "skip", key } }, "singleton.key"],
      [`the idempotency ${key}`, { idempotency: key }, "idempotency"],
    ],
  );
  test.each<Refusal>([
    ...keys,
    ["a priority that is a text", { priority: { run: "'high'" } }, "priority.run", "number of seconds", "string"],
    ["a priority that is a boolean", { priority: { run: "true" } }, "priority.run", "bool"],
    ["a priority that is a comparison", { priority: { run: "event.data.n > 1" } }, "priority.run", "bool"],
    ["a priority that is no text", { priority: { run: 120 } }, "priority.run", "CEL", "120"],
    ["no priority", { priority: {} }, "priority.run", "undefined"],
    ["a priority that is not CEL", { priority: { run: "event.data.n ?" } }, "priority.run"],
    ["a batch's bad if", { batchEvents: { maxSize: 1, timeout: "1m", if: "1 + 1" } }, "batchEvents.if"],
    ["a bad match", { cancelOn: [{ event: "a/b", match: "event.data.a" }] }, "cancelOn[0].match"],
    ["a match that is no text", { cancelOn: { event: "a/b", match: 7 } }, "cancelOn.match"],
    ["a bad if", { cancelOn: [{ event: "a/b", if: "async.data.a ==" }] }, "cancelOn[0].if"],
    ["an if that is no condition", { cancelOn: { event: "a/b", if: "1 + 1" } }, "cancelOn.if"],
  ])("as an expression: %s", (...refusal: Refusal) => expectRefusal("STEPWELL_INVALID_EXPRESSION", refusal));
});

describe("options that contradict each other are refused with the reason:", () => {
  const valid = {
    batchEvents: { maxSize: 10, timeout: "1m" },
    debounce: { period: "1m" },
    singleton: { mode: "skip" },
    cancelOn: [{ event: "a/b" }],
    concurrency: 1,
    throttle: { limit: 1, period: "1m" },
    rateLimit: { limit: 1, period: "1m" },
    priority: { run: "1" },
    idempotency: "event.data.a",
    timeouts: { start: "1h" },
  };
  const names = Object.keys(valid) as (keyof typeof valid)[];
  const pairs = names.flatMap((one, index) => names.slice(index + 1).map((other) => [one, other] as const));
  const pick = (chosen: readonly (keyof typeof valid)[]) =>
    Object.fromEntries(chosen.map((name) => [name, valid[name]]));

  test.each([
    ["cancelOn", "which of them"],
    ["debounce", "collect: true"],
    ["singleton", "would be lost"],
  ] as const)("batchEvents and %s", async (other, reason) => {
    const code = () => create(pick(["batchEvents", other]));
    const start = `createFunction "bill": batchEvents: cannot go together with \`${other}\`: `;
    await expectProblem(code, "STEPWELL_INVALID_FUNCTION", start, reason);
  });

  test("and no other two are", () => {
    const refused = pairs.filter((pair) => {
      try {
        return create(pick(pair)) === undefined;
      } catch {
        return true;
      }
    });
    const listed = CONFLICTS.map(({ options }) => [...options].sort());
    expect(refused.map((pair) => [...pair].sort()).toSorted()).toEqual(listed.toSorted());
    expect(pairs).toHaveLength(45);
  });

  test.each(["debounce", "batchEvents"] as const)("%s in a function that only crons start", async (option) => {
    const code = (trigger: unknown) => () => create(pick([option]), trigger);
    const start = `createFunction "bill": ${option}: `;
    await expectProblem(code(cron), "STEPWELL_INVALID_FUNCTION", start, "each firing is alone");
    await expectProblem(code([cron, { cron: "0 4 * * *" }]), "STEPWELL_INVALID_FUNCTION", start);
    expect(flowOf(pick([option]), [cron, event])).toBeDefined();
  });

  test("but crons go with all the others", () => {
    const { batchEvents: _batch, debounce: _debounce, ...others } = valid;
    expect(Object.keys(flowOf(others, cron) ?? {}).sort()).toEqual(Object.keys(others).sort());
  });
});
