import { describe, expect, test } from "vitest";
import { stepErrorFrom } from "../../sdk/execution/step-error.ts";
import { NonRetriableError, RetryAfterError, StepError } from "../../sdk/index.ts";
import { serializeError } from "../../sdk/protocol/index.ts";
import { expectProblem } from "./thrown.ts";

/** As a second copy of the package in a bundle would make it: same name, another class. */
const fromOtherCopy = (name: string, fields: object = {}) => Object.assign(new Error("x"), { name }, fields);

describe("NonRetriableError", () => {
  test("has a name, a message and a cause", () => {
    const cause = new Error("why");
    const error = new NonRetriableError("no", { cause });
    expect(error).toMatchObject({ name: "NonRetriableError", message: "no", cause });
    expect(error).toBeInstanceOf(Error);
  });

  test("is told by name, and also in subclasses", () => {
    class NotFound extends NonRetriableError {
      override readonly name = "NotFound";
    }
    expect(NonRetriableError.is(new NonRetriableError("x"))).toBe(true);
    expect(NonRetriableError.is(new NotFound("x"))).toBe(true);
    expect(NonRetriableError.is(fromOtherCopy("NonRetriableError"))).toBe(true);
    for (const other of [new Error("x"), undefined, "NonRetriableError", { name: "NonRetriableError" }]) {
      expect(NonRetriableError.is(other)).toBe(false);
    }
  });
});

describe("RetryAfterError", () => {
  test.each<[number | string | Date, object]>([
    [1_500, { delayMs: 1_500 }],
    [0, { delayMs: 0 }],
    ["30s", { delayMs: 30_000 }],
    [new Date(5_000), { at: 5_000 }],
  ])("%s is %j", (given, retryAfter) => {
    expect(new RetryAfterError("later", given, { cause: "c" })).toMatchObject({
      name: "RetryAfterError",
      message: "later",
      retryAfter,
      cause: "c",
    });
  });

  test.each<[unknown]>([["soon"], [""], [-1], [Number.NaN], [new Date("nope")], [undefined], [{}], ["2027-01-01"]])(
    "refuses %s",
    async (given) => {
      await expectProblem(
        () => new RetryAfterError("later", given as string),
        "STEPWELL_INVALID_DURATION",
        "RetryAfterError",
      );
    },
  );

  test("is told by name and by what it carries", () => {
    expect(RetryAfterError.is(new RetryAfterError("x", 1))).toBe(true);
    expect(RetryAfterError.is(fromOtherCopy("RetryAfterError", { retryAfter: { delayMs: 1 } }))).toBe(true);
    expect(RetryAfterError.is(fromOtherCopy("RetryAfterError"))).toBe(false);
    expect(RetryAfterError.is(new NonRetriableError("x"))).toBe(false);
  });
});

describe("StepError", () => {
  const original = Object.assign(new TypeError("no money", { cause: new Error("why") }), { code: "E1" });
  const error = stepErrorFrom(serializeError(original), "pay:1", "Pay");

  test("has the original's name, message, code, cause and stack, and names its step", () => {
    expect(error).toMatchObject({
      name: "TypeError",
      message: "no money",
      code: "E1",
      stepId: "pay:1",
      stepName: "Pay",
    });
    expect(error.cause).toMatchObject({ message: "why" });
    expect(error.stack).toBe(original.stack);
    expect(stepErrorFrom({ name: "E", message: "m" }, "s")).toMatchObject({ stepName: "s" });
  });

  test("is told by its brand, not by its name", () => {
    expect(StepError.is(error)).toBe(true);
    expect(StepError.is(fromOtherCopy("StepError"))).toBe(false);
    expect(StepError.is(fromOtherCopy("X", { [Symbol.for("stepwell.StepError")]: true }))).toBe(true);
    expect(StepError.is(null)).toBe(false);
  });

  test("keeps its facts when it is stored again", () => {
    expect(serializeError(error)).toMatchObject({
      name: "TypeError",
      message: "no money",
      code: "E1",
      stepId: "pay:1",
    });
  });
});
