import { describe, expect, test } from "vitest";
import { backoffKeyOf, retryWishOf } from "../../sdk/execution/retry-wish.ts";
import { stepErrorFrom } from "../../sdk/execution/step-error.ts";
import { Backoff, NonRetriableError, RetryAfterError, StepError } from "../../sdk/index.ts";
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

describe("Backoff", () => {
  test("has a key, a time, a message and perhaps a cause", () => {
    const cause = new Error("429");
    const error = new Backoff("shop-1", "30s", { cause });
    expect(error).toMatchObject({ name: "Backoff", key: "shop-1", retryAfter: { delayMs: 30_000 }, cause });
    expect(error.message).toContain('"shop-1"');
    expect(new Backoff("a", 1, { message: "slow down" }).message).toBe("slow down");
    expect(Object.hasOwn(new Backoff("a", 1), "cause")).toBe(false);
  });

  test.each<[number | string | Date, object]>([
    [1_500, { kind: "after", ms: 1_500 }],
    ["30s", { kind: "after", ms: 30_000 }],
    [new Date(5_000), { kind: "at", at: 5_000 }],
  ])("%s is a wish to be tried again then", (after, wish) => {
    expect(retryWishOf(new Backoff("a", after))).toEqual(wish);
  });

  test("tells its key, also in subclasses with a name of their own", () => {
    class VendorBusy extends Backoff {
      override readonly name = "VendorBusy";
    }
    const busy = new VendorBusy("vendor", "1m");
    expect([Backoff.is(busy), backoffKeyOf(busy)]).toEqual([true, "vendor"]);
    expect(retryWishOf(busy)).toEqual({ kind: "after", ms: 60_000 });
  });

  test("is nothing else that can be thrown", () => {
    const hostile = Object.defineProperty(fromOtherCopy("X"), Symbol.for("stepwell.Backoff"), {
      get: () => {
        throw new Error("no");
      },
    });
    const keyless = fromOtherCopy("X", { [Symbol.for("stepwell.Backoff")]: true, key: 7 });
    for (const other of [new RetryAfterError("x", 1), fromOtherCopy("X", { key: "a" }), hostile, keyless, null, "a"])
      expect(backoffKeyOf(other)).toBeUndefined();
    expect(Backoff.is(new RetryAfterError("x", 1))).toBe(false);
  });

  test.each<[unknown]>([[""], [7], [undefined], [{}]])("refuses the key %j", async (key) => {
    await expectProblem(() => new Backoff(key as string, "30s"), "STEPWELL_INVALID_OPTION", "Backoff: key");
  });

  test.each<[unknown]>([[null], ["slow down"], [7]])("refuses the options %j", async (options) => {
    const make = () => new Backoff("a", 1, options as object);
    await expectProblem(make, "STEPWELL_INVALID_OPTION", "Backoff: options");
  });

  test.each<[unknown]>([["soon"], [-1], [new Date("nope")], [undefined]])("refuses the time %s", async (after) => {
    await expectProblem(() => new Backoff("a", after as string), "STEPWELL_INVALID_DURATION", "Backoff");
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
