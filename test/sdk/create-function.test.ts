import { describe, expect, test } from "vitest";
import { type Code, Stepwell, StepwellFunction } from "../../sdk/index.ts";
import { expectProblem } from "./thrown.ts";

const client = new Stepwell({ id: "shop" });
const event = { event: "shop/order.placed" };
const handler = () => "done";

/** For input that the types refuse. */
const create = (...shape: unknown[]) =>
  (client.createFunction as (...shape: unknown[]) => StepwellFunction).apply(client, shape);

describe("createFunction", () => {
  test("takes options, trigger, handler", () => {
    const fn = client.createFunction({ id: "confirm", name: "Confirm" }, event, handler);
    expect(fn).toBeInstanceOf(StepwellFunction);
    expect(StepwellFunction.is(fn)).toBe(true);
    expect(fn).toMatchObject({ app: "shop", id: "confirm", maxSteps: 1_000 });
    expect(fn.manifest).toEqual({
      id: "confirm",
      name: "Confirm",
      triggers: [{ kind: "event", event: "shop/order.placed" }],
    });
    expect(fn.durables()).toEqual([fn]);
  });

  test("takes options with triggers, and a handler", () => {
    const one = client.createFunction({ id: "confirm", triggers: event }, handler);
    const list = client.createFunction(
      { id: "confirm", triggers: [event, { event: "shop/*", if: "event.data.n > 1" }] },
      handler,
    );
    expect(one.manifest).toEqual({ id: "confirm", triggers: [{ kind: "event", event: "shop/order.placed" }] });
    expect(list.manifest.triggers).toEqual([
      { kind: "event", event: "shop/order.placed" },
      { kind: "event", event: "shop/*", if: "event.data.n > 1" },
    ]);
  });

  test("reads crons with their time zone", () => {
    const fn = client.createFunction({ id: "nightly" }, { cron: "TZ=Europe/Rome 0 3 * * *" }, handler);
    expect(fn.manifest.triggers).toMatchObject([
      { kind: "cron", cron: "TZ=Europe/Rome 0 3 * * *", timeZone: "Europe/Rome" },
    ]);
  });

  test.each([
    ["shop/*"],
    ["shop/order.*"],
    ["EC2 Instance State-change Notification"],
    ["stepwell/function.failed"],
    ["stepwell/function.cancelled"],
    ["stepwell/function.finished"],
    ["stepwell/function.invoked"],
  ])("may be triggered by %s", (name) => {
    expect(create({ id: "x" }, { event: name }, handler).manifest.triggers).toEqual([{ kind: "event", event: name }]);
  });

  test.each<[unknown, object]>([
    [undefined, { attempts: 5, backoff: "exponential", maxDelayMs: 3_600_000 }],
    [0, { attempts: 1, backoff: "exponential", maxDelayMs: 3_600_000 }],
    [20, { attempts: 21, backoff: "exponential", maxDelayMs: 3_600_000 }],
    [{}, { attempts: 5, backoff: "exponential", maxDelayMs: 3_600_000 }],
    [
      { attempts: 5, backoff: "fixed", maxDelay: "10m" },
      { attempts: 5, backoff: "fixed", maxDelayMs: 600_000 },
    ],
    [
      { attempts: 1, maxDelay: 500 },
      { attempts: 1, backoff: "exponential", maxDelayMs: 500 },
    ],
  ])("retries %j are the policy %j", (retries, policy) => {
    expect(create({ id: "x", retries }, event, handler).retry).toEqual(policy);
  });

  test("accepts options without effect, and undefined ones", () => {
    const options = {
      id: "x",
      optimizeParallelism: true,
      checkpointing: true,
      description: "d",
      concurrency: undefined,
    };
    expect(create(options, event, handler).id).toBe("x");
    expect(create({ id: "x", maxSteps: 10_000 }, event, handler).maxSteps).toBe(10_000);
  });
});

describe("createFunction refuses, by name,", () => {
  const invalid: Code = "STEPWELL_INVALID_FUNCTION";
  test.each<[string, unknown[], Code, string[]]>([
    ["no arguments", [], invalid, ["createFunction"]],
    ["options that are no object", ["confirm", event, handler], invalid, ["first argument", '"confirm"']],
    ["a missing id", [{}, event, handler], invalid, ["id"]],
    ["an id as people write it", [{ id: "Confirm the Order" }, event, handler], invalid, ['"confirm-the-order"']],
    ["an id in camel case", [{ id: "confirmOrder" }, event, handler], invalid, ['"confirm-order"']],
    ["an empty id", [{ id: "" }, event, handler], invalid, ["id"]],
    ["a long id", [{ id: "x".repeat(65) }, event, handler], invalid, ["64"]],
    ["an id that is no string", [{ id: 7 }, event, handler], invalid, ["id", "7"]],
    ["an unknown option", [{ id: "x", retires: 3 }, event, handler], invalid, ['"x"', '"retires"']],
    ["a name that is no string", [{ id: "x", name: 7 }, event, handler], invalid, ["name"]],
    ["a missing handler", [{ id: "x" }, event], invalid, ["handler"]],
    ["a handler that is no function", [{ id: "x" }, event, "handler"], invalid, ["handler"]],
    ["a fourth argument", [{ id: "x" }, event, handler, handler], invalid, ["handler"]],
    ["triggers given twice", [{ id: "x", triggers: [event] }, event, handler], invalid, ["triggers once"]],
    ["too many retries", [{ id: "x", retries: 21 }, event, handler], invalid, ["retries", "0 to 20"]],
    ["negative retries", [{ id: "x", retries: -1 }, event, handler], invalid, ["retries"]],
    ["half a retry", [{ id: "x", retries: 1.5 }, event, handler], invalid, ["retries"]],
    ["retries that are text", [{ id: "x", retries: "3" }, event, handler], invalid, ["retries"]],
    ["no attempts", [{ id: "x", retries: { attempts: 0 } }, event, handler], invalid, ["retries.attempts", "1 to 21"]],
    ["an unknown backoff", [{ id: "x", retries: { backoff: "linear" } }, event, handler], invalid, ["retries.backoff"]],
    [
      "a bad maxDelay",
      [{ id: "x", retries: { maxDelay: "soon" } }, event, handler],
      "STEPWELL_INVALID_DURATION",
      ["retries.maxDelay"],
    ],
    ["an unknown field of retries", [{ id: "x", retries: { tries: 1 } }, event, handler], invalid, ['"tries"']],
    ["no steps", [{ id: "x", maxSteps: 0 }, event, handler], invalid, ["maxSteps"]],
    ["too many steps", [{ id: "x", maxSteps: 10_001 }, event, handler], invalid, ["maxSteps", "10000"]],
    [
      "an unknown parallelism",
      [{ id: "x", parallelism: "apart" }, event, handler],
      invalid,
      ["parallelism", '"fanout"'],
    ],
    ["a parallelism that is no text", [{ id: "x", parallelism: true }, event, handler], invalid, ["parallelism"]],
    [
      "a fan-out under a concurrency limit",
      [{ id: "x", parallelism: "fanout", concurrency: 5 }, event, handler],
      invalid,
      ["parallelism", "concurrency", "invoke a function that has the limit"],
    ],
    ["an onFailure that is no function", [{ id: "x", onFailure: {} }, event, handler], invalid, ["onFailure"]],
    [
      "an onFailure whose id gets too long",
      [{ id: "x".repeat(60), onFailure: handler }, event, handler],
      invalid,
      ["onFailure"],
    ],
    [
      "an onCancel whose id gets too long",
      [{ id: "x".repeat(58), onCancel: handler }, event, handler],
      invalid,
      ["onCancel", "64"],
    ],
  ])("%s", async (_what, shape, code, parts) => {
    await expectProblem(() => create(...shape), code, ...parts);
  });

  test("middleware that is none", async () => {
    const code = () => create({ id: "x", middleware: [{ name: "m" }] }, event, handler);
    await expectProblem(code, "STEPWELL_INVALID_FUNCTION", 'createFunction "x": middleware[0]', "StepwellMiddleware");
  });

  const trigger: Code = "STEPWELL_INVALID_TRIGGER";
  test.each<[string, unknown, Code, string[]]>([
    ["no trigger", undefined, trigger, ["needs a trigger"]],
    ["an empty list", [], trigger, ["needs a trigger"]],
    ["eleven triggers", Array(11).fill(event), trigger, ["at most 10", "11"]],
    ["a bare name", "shop/order.placed", trigger, ["{ event, if? }"]],
    ["an empty trigger", {}, trigger, ["exactly one"]],
    ["both kinds in one", { event: "a/b", cron: "* * * * *" }, trigger, ["exactly one"]],
    ["the second of a list", [event, {}], trigger, ["trigger[1]"]],
    ["an unknown field", { event: "a/b", match: "data.x" }, trigger, ['"match"']],
    ["an empty name", { event: "" }, trigger, ["event", "empty"]],
    ["a name that is no string", { event: 7 }, trigger, ["event", "7"]],
    ["a long name", { event: "x".repeat(129) }, trigger, ["128"]],
    ["a reserved name", { event: "stepwell/scheduled.timer" }, trigger, ["stepwell/function.failed"]],
    ["a wildcard over the engine's events", { event: "stepwell/*" }, trigger, ["full names"]],
    ["a wildcard in the middle", { event: "app/*.created" }, trigger, ["at the end"]],
    ["a bare star", { event: "*" }, trigger, ["at the end"]],
    ["a bad expression", { event: "a/b", if: "event.data.n >" }, "STEPWELL_INVALID_EXPRESSION", ["if"]],
    ["an unknown variable", { event: "a/b", if: "async.data.n == 1" }, "STEPWELL_INVALID_EXPRESSION", ["if"]],
    ["an expression that is no condition", { event: "a/b", if: "1 + 1" }, "STEPWELL_INVALID_EXPRESSION", ["if"]],
    ["an expression that is no text", { event: "a/b", if: true }, "STEPWELL_INVALID_EXPRESSION", ["if"]],
    ["a condition on a cron", { cron: "* * * * *", if: "true" }, trigger, ["if"]],
    ["a bad cron", { cron: "every day" }, "STEPWELL_INVALID_CRON", ["cron"]],
    ["a cron that never fires", { cron: "0 0 30 2 *" }, "STEPWELL_INVALID_CRON", ["cron"]],
    ["a cron that is no text", { cron: 5 }, "STEPWELL_INVALID_CRON", ["cron"]],
  ])("as a trigger: %s", async (_what, given, code, parts) => {
    await expectProblem(() => create({ id: "x" }, given, handler), code, 'createFunction "x"', ...parts);
    await expectProblem(() => create({ id: "x", triggers: given }, handler), code, 'createFunction "x"');
  });
});
