import { Stepwell } from "stepwell";
import { TestEngine, type TestEngineOptions } from "stepwell/test";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { resultOf } from "../../test-kit/results.ts";

const stepwell = new Stepwell({ id: "shop" });
const PAID = { event: "shop/paid" };
const coded = (code: string, ...texts: string[]) =>
  expect.objectContaining({ code, message: expect.stringMatching(new RegExp(texts.join("[\\s\\S]*"))) });

const pay = stepwell.createFunction({ id: "pay" }, PAID, async ({ step }) => {
  await step.run("charge", () => 1);
  return step.waitForEvent("receipt", { event: "shop/receipt", timeout: "1d" });
});

describe("what a test does wrong is said", () => {
  it("a wait that nobody answers: what it is, and what to call", async () => {
    await expect(new TestEngine({ function: pay }).execute()).rejects.toEqual(
      coded(
        "STEPWELL_RUN_STUCK",
        'waits for the event "shop/receipt" at the step "receipt" \\(step.waitForEvent\\)',
        't.onWait\\("receipt", \\(\\) => t.sendEvent\\(\\{ name: "shop/receipt"',
        "mock it",
        't.onWait\\("receipt"\\)',
      ),
    );
  });

  it("a wait in a child that nobody answers", async () => {
    const parent = stepwell.createFunction({ id: "parent" }, { event: "a" }, ({ step }) =>
      step.invoke("child", { function: pay }),
    );
    await expect(new TestEngine({ function: parent, functions: [pay] }).execute()).rejects.toEqual(
      coded("STEPWELL_RUN_STUCK", 'the run of "pay" waits'),
    );
  });

  it("a wait beside a sleep is over with the sleep, and nothing is wrong", async () => {
    const race = stepwell.createFunction({ id: "race" }, { event: "a" }, ({ step }) =>
      Promise.race([
        step.waitForEvent("never", { event: "shop/never", timeout: "2d" }),
        step.sleep("deadline", "1d").then(() => "late"),
      ]),
    );
    expect((await new TestEngine({ function: race }).execute()).result).toBe("late");
  });

  it("a mock that the function never asked for", async () => {
    const steps = [{ id: "chrage", handler: () => 1 }];
    const t = new TestEngine({ function: pay }).onWait("receipt");
    await expect(t.execute({ steps })).rejects.toEqual(
      coded("STEPWELL_UNKNOWN_STEP", 'never asked for a step "chrage"', '"charge", "receipt"'),
    );
    const optional = [{ id: "chrage", handler: () => 1, optional: true }];
    expect((await t.execute({ steps: optional })).run.status).toBe("completed");
  });

  it("a mock behind the error of a failed run is not the mistake", async () => {
    const steps = [
      { id: "receipt", handler: () => null },
      { id: "charge", handler: () => Promise.reject(new Error("declined")) },
    ];
    expect((await new TestEngine({ function: pay, steps }).execute()).error).toMatchObject({ message: "declined" });
  });

  it("a step that executeStep never comes by", async () => {
    const t = new TestEngine({ function: pay }).onWait("receipt");
    await expect(t.executeStep("refund")).rejects.toEqual(
      coded("STEPWELL_UNKNOWN_STEP", "executeStep: the run ended \\(completed\\)", '"refund"', '"charge", "receipt"'),
    );
  });

  it("a step whose arguments are refused", async () => {
    const wrong = stepwell.createFunction({ id: "wrong" }, PAID, ({ step }) => step.sleep("nap", "three parsecs"));
    await expect(new TestEngine({ function: wrong }).executeStep("nap")).rejects.toEqual(
      coded("STEPWELL_INVALID_DURATION", "nap"),
    );
  });

  it("a function that is invoked and was not given", async () => {
    const parent = stepwell.createFunction({ id: "parent" }, { event: "a" }, ({ step }) =>
      step.invoke("child", { function: pay }).catch(() => "swallowed"),
    );
    await expect(new TestEngine({ function: parent }).execute()).rejects.toEqual(
      coded("STEPWELL_FUNCTION_NOT_FOUND", '"child" of "parent" invokes the function "shop/pay"', '"functions"'),
    );
  });

  it("an event that does not trigger the function, by its name or by its condition", async () => {
    const t = new TestEngine({ function: pay });
    await expect(t.execute({ events: [{ name: "shop/other" }] })).rejects.toEqual(
      coded("STEPWELL_NOT_TRIGGERED", 'the event "shop/other" does not start the function "pay"', "shop/paid"),
    );
    const big = stepwell.createFunction({ id: "big" }, { ...PAID, if: "event.data.total > 10" }, () => 1);
    await expect(new TestEngine({ function: big }).execute()).rejects.toEqual(
      coded("STEPWELL_NOT_TRIGGERED", "shop/paid if event.data.total > 10"),
    );
  });

  it("an event that flow control keeps back", async () => {
    const once = stepwell.createFunction({ id: "once", idempotency: "event.data.id" }, PAID, () => 1);
    const twice = stepwell.createFunction({ id: "twice" }, { event: "a" }, async ({ step }) => {
      await step.invoke("first", { function: once, data: { id: 1 } });
      await step.invoke("second", { function: once, data: { id: 1 } });
    });
    const { error } = await new TestEngine({ function: twice, functions: [once] }).execute();
    expect(error).toMatchObject({ code: "STEPWELL_RUN_SKIPPED" });
  });

  it("a function that only the engine's own events start", () => {
    const after = stepwell.createFunction({ id: "after" }, { event: "stepwell/function.failed" }, () => 1);
    return expect(new TestEngine({ function: after }).execute()).rejects.toEqual(
      coded("STEPWELL_INVALID_OPTION", "stepwell/function.failed, which only the engine sends"),
    );
  });

  it("sendEvent and passTime while nothing runs, or several things", async () => {
    const t: TestEngine = new TestEngine({ function: pay });
    await expect(t.sendEvent({ name: "a" })).rejects.toEqual(coded("STEPWELL_CLOSED", "no execution is under way"));
    await expect(t.passTime("1h")).rejects.toEqual(coded("STEPWELL_CLOSED", "TestEngine.passTime"));
    t.onWait("receipt", () => t.passTime("1h"));
    const [first, second] = await Promise.allSettled([t.execute(), t.execute()]);
    expect([first, second]).toContainEqual({
      status: "rejected",
      reason: coded("STEPWELL_CLOSED", "several executions"),
    });
  });

  it("fake timers, under which nothing would ever go on", async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const t = new TestEngine({ function: pay }).onWait("receipt");
    await expect(t.execute()).rejects.toEqual(coded("STEPWELL_RUN_STUCK", "setImmediate is a fake timer"));
    vi.useFakeTimers({ toFake: ["Date"], now: 0 });
    expect((await t.execute()).run).toMatchObject({ status: "completed" });
  });

  it("an error of a handler of onWait is the test's", async () => {
    const t = new TestEngine({ function: pay }).onWait("receipt", () => {
      throw new Error("mine");
    });
    await expect(t.execute()).rejects.toThrow("mine");
  });

  it("the context of a handler that was never started", async () => {
    // As when a run is cancelled while it stands in line.
    const { run } = await new TestEngine({ function: pay }).onWait("receipt").execute();
    const execution = resultOf(
      { last: { ctx: undefined, states: {}, returned: undefined } },
      { ...run, status: "cancelled" },
      {},
    );
    expect(() => execution.ctx).toThrow(coded("STEPWELL_RUN_ENDED", "its handler was never started"));
  });
});

describe("a wrong option is refused with its path", () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [undefined, "TestEngine: the options must be"],
    [{}, "TestEngine: function: must be what createFunction returned, got undefined"],
    [{ function: () => 1 }, "TestEngine: function: must be what createFunction returned, got a function"],
    [{ function: pay, event: [] }, 'TestEngine: there is no option "event"'],
    [{ function: pay, events: [] }, "TestEngine: events: must be a list of at least one event"],
    [{ function: pay, events: { name: "a" } }, "TestEngine: events: must be a list"],
    [{ function: pay, steps: {} }, "TestEngine: steps: must be a list of"],
    [{ function: pay, steps: [1] }, "TestEngine: steps\\[0\\]: must be { id, handler"],
    [{ function: pay, steps: [{ id: 1 }] }, "TestEngine: steps\\[0\\].id: must be a step's id, got 1"],
    [{ function: pay, steps: [{ id: "a", handler: 1 }] }, "TestEngine: steps\\[0\\].handler: must be the function"],
    [{ function: pay, steps: [{ id: "a", handler: () => 1, idIsHashed: true }] }, '"idIsHashed"'],
    [{ function: pay, steps: [{ id: "a", handler: () => 1, optional: 1 }] }, "steps\\[0\\].optional"],
    [{ function: pay, functions: pay }, "TestEngine: functions: must be a list of functions"],
    [{ function: pay, functions: [pay, {}] }, "TestEngine: functions\\[1\\]: must be what createFunction returned"],
    [{ function: pay, transformCtx: {} }, "TestEngine: transformCtx: must be a function"],
    [{ function: pay, spy: "mock" }, 'TestEngine: spy: must be a function, got "mock"'],
    [{ function: pay, startAt: "yesterdayish" }, "TestEngine: startAt"],
    [{ function: pay, client: new Stepwell({ id: "other" }) }, 'TestEngine: client: must be the client "shop"'],
    [{ function: pay, logger: {} }, "TestEngine: logger: must have the methods debug, info, warn and error"],
  ];

  it.each(wrong)("%o", (options, message) => {
    expect(() => new TestEngine(options as TestEngineOptions)).toThrow(new RegExp(message));
    try {
      new TestEngine(options as TestEngineOptions);
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^STEPWELL_INVALID_(OPTION|DURATION)$/) });
    }
  });

  it("in the calls too", async () => {
    const t = new TestEngine({ function: pay });
    await expect(t.execute({ function: pay } as never)).rejects.toEqual(
      coded("STEPWELL_INVALID_OPTION", 'TestEngine.execute: there is no option "function"'),
    );
    await expect(t.executeStep("charge", [] as never)).rejects.toEqual(
      coded("STEPWELL_INVALID_OPTION", "TestEngine.executeStep: the options must be"),
    );
    await expect(t.executeStep(7 as never)).rejects.toEqual(
      coded("STEPWELL_INVALID_OPTION", "TestEngine.executeStep: the first argument must be a step's id, got 7"),
    );
    expect(() => t.onWait("")).toThrow(/TestEngine.onWait: the first argument must be a step's id/);
    expect(() => t.onWait("a", 1 as never)).toThrow(/TestEngine.onWait: the second argument must be a function/);
    expect(() => t.clone({ reset: 1 } as never)).toThrow(/TestEngine.clone: there is no option "reset"/);
    await expect(t.survivesCrashes({ effects: 1 as never })).rejects.toThrow(/survivesCrashes: effects: must be/);
    await expect(t.survivesCrashes({ ignore: "result" as never })).rejects.toThrow(/survivesCrashes: ignore: must be/);
    await expect(t.survivesCrashes({ step: [] } as never)).rejects.toThrow(
      /survivesCrashes: there is no option "step"/,
    );
  });
});
