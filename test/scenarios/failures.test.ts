import { NonRetriableError, RetryAfterError } from "stepwell";
import { describe, expect, it } from "vitest";
import { runHandler } from "./cloud.ts";

it("a step is tried five times by default, and its error then fails the run without the handler being tried again", async () => {
  let tries = 0;
  const { run } = await runHandler(async ({ step }) => {
    await step.run("broken", () => {
      tries += 1;
      throw new TypeError(`try ${tries}`);
    });
  });
  expect(tries).toBe(5);
  expect(run).toMatchObject({
    status: "failed",
    attempts: 1,
    error: { name: "TypeError", message: "try 5", stepId: "broken" },
  });
  expect(run.steps).toMatchObject([{ status: "failed", attempts: 5, error: { name: "TypeError", message: "try 5" } }]);
});

it.each([
  ["0", 0, 1],
  ["20", 20, 21],
  ["{ attempts: 3 }", { attempts: 3 }, 3],
  ["{ attempts: 1 }", { attempts: 1 }, 1],
])("retries: %s", async (_, retries, expected) => {
  let [steps, handlers] = [0, 0];
  const { run } = await runHandler(
    async ({ step, maxAttempts }) => {
      await step
        .run("broken", () => {
          steps += 1;
          throw new Error("no");
        })
        .catch(() => undefined);
      handlers += 1;
      throw new Error(`of ${maxAttempts}`);
    },
    { retries },
  );
  expect([steps, handlers]).toEqual([expected, expected]);
  expect(run).toMatchObject({ status: "failed", attempts: expected, error: { message: `of ${expected}` } });
});

it("attempt counts from zero, the same in the handler and in the step's body", async () => {
  const table: string[] = [];
  let [first, second, outside] = [0, 0, 0];
  const { run } = await runHandler(
    async ({ step, attempt, maxAttempts }) => {
      table.push(`handler ${attempt}/${maxAttempts}`);
      await step.run("first", () => {
        table.push(`first ${attempt}`);
        if (first++ < 2) throw new Error("first");
      });
      await step.run("second", () => {
        table.push(`second ${attempt}`);
        if (second++ < 1) throw new Error("second");
      });
      table.push(`outside ${attempt}`);
      if (outside++ < 2) throw new Error("outside");
      return attempt;
    },
    { retries: 3 },
  );
  expect(run).toMatchObject({ status: "completed", output: 2, attempts: 3 });
  expect(run.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
    ["first", 3],
    ["second", 2],
  ]);
  expect(table).toEqual([
    "handler 0/4",
    "first 0",
    "handler 1/4",
    "first 1",
    "handler 2/4",
    "first 2",
    "handler 0/4",
    "second 0",
    "handler 1/4",
    "second 1",
    "outside 1",
    "handler 1/4",
    "outside 1",
    "handler 2/4",
    "outside 2",
  ]);
});

it("parallel steps each have their own count of tries", async () => {
  const tries: Record<string, number> = {};
  const { run } = await runHandler(async ({ step }) => {
    const flaky = (id: string, failures: number) =>
      step.run(id, () => {
        tries[id] = (tries[id] ?? 0) + 1;
        if ((tries[id] ?? 0) <= failures) throw new Error(id);
        return id;
      });
    return Promise.all([flaky("a", 3), flaky("b", 0), flaky("c", 1)]);
  });
  expect(run.output).toEqual(["a", "b", "c"]);
  expect(tries).toEqual({ a: 4, b: 1, c: 2 });
  expect(run.steps.map(({ id, attempts }) => [id, attempts]).sort()).toEqual([
    ["a", 4],
    ["b", 1],
    ["c", 2],
  ]);
});

it.each(["in a step", "outside of steps"])("a NonRetriableError %s ends the run at the first try", async (where) => {
  class Gone extends NonRetriableError {
    override readonly name: string = "Gone";
  }
  let tries = 0;
  const fail = () => {
    tries += 1;
    throw new Gone("no such user", { cause: new Error("404") });
  };
  const { run } = await runHandler(async ({ step }) => (where === "in a step" ? step.run("find", fail) : fail()));
  expect(tries).toBe(1);
  expect(run).toMatchObject({
    status: "failed",
    attempts: 1,
    error: { name: "Gone", message: "no such user", cause: { message: "404" } },
  });
});

it.each([
  ["milliseconds", () => 90_000],
  ["a duration", () => "90s"],
  ["a Date", () => new Date(Date.now() + 90_000)],
])("RetryAfterError with %s sets the time of the next try exactly, in a step and in the handler", async (_, when) => {
  const [inStep, inHandler]: [number[], number[]] = [[], []];
  class Limited extends RetryAfterError {
    override readonly name: string = "Limited";
  }
  await runHandler(async ({ step }) => {
    await step.run("limited", () => {
      inStep.push(Date.now());
      if (inStep.length < 3) throw new RetryAfterError("slow down", when());
    });
    inHandler.push(Date.now());
    if (inHandler.length < 3) throw new Limited("slow down", when());
  });
  const gaps = (times: readonly number[]) => times.slice(1).map((time, i) => time - (times[i] ?? 0));
  expect(gaps(inStep)).toEqual([90_000, 90_000]);
  expect(gaps(inHandler)).toEqual([90_000, 90_000]);
});

it("RetryAfterError may say hours, days, at once, or a time that is past", async () => {
  const waits = ["2h", "3d", 0, 250, new Date(0)] as const;
  const [inStep, inHandler]: [number[], number[]] = [[], []];
  const failing = (times: number[]) => () => {
    times.push(Date.now());
    const wait = waits[times.length - 1];
    if (wait !== undefined) throw new RetryAfterError("later", wait);
  };
  const { run } = await runHandler(
    async ({ step }) => {
      await step.run("limited", failing(inStep));
      failing(inHandler)();
    },
    { retries: 10 },
  );
  expect(run).toMatchObject({ status: "completed", attempts: 6, steps: [{ attempts: 6 }] });
  for (const times of [inStep, inHandler]) {
    const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    for (const [i, wanted] of [7_200_000, 259_200_000, 0, 250, 0].entries()) {
      expect(gaps[i]).toBeGreaterThanOrEqual(wanted);
      expect(gaps[i]).toBeLessThanOrEqual(wanted < 1_000 ? wanted : wanted + 1_000);
    }
  }
});

it("steps that nobody awaits are finished before a handler that failed is tried again", async () => {
  const ran: string[] = [];
  let tries = 0;
  const { run } = await runHandler(async ({ step }) => {
    void step.run("forgotten", () => void ran.push("forgotten"));
    tries += 1;
    if (tries < 3) throw new Error("again");
    return "done";
  });
  expect(run).toMatchObject({ status: "completed", output: "done", attempts: 3 });
  expect(ran).toEqual(["forgotten"]);
});

it("RetryAfterError uses up tries", async () => {
  let tries = 0;
  const { run } = await runHandler(
    ({ step }) =>
      step.run("limited", () => {
        tries += 1;
        throw new RetryAfterError("slow down", "1d");
      }),
    { retries: 2 },
  );
  expect(tries).toBe(3);
  expect(run.error).toMatchObject({ name: "RetryAfterError", message: "slow down" });
});

it("back-off delays stay under 1 s · 2^n and under maxDelay, plus the queue's rounding", async () => {
  const times: number[] = [];
  await runHandler(
    ({ step }) =>
      step.run("broken", () => {
        times.push(Date.now());
        throw new Error("no");
      }),
    { retries: { attempts: 12, maxDelay: "20s" } },
  );
  expect(times).toHaveLength(12);
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
  for (const [n, gap] of gaps.entries()) expect(gap).toBeLessThanOrEqual(Math.min(1_000 * 2 ** n, 20_000) + 1_000);
  expect(Math.max(...gaps)).toBeGreaterThan(4_000);
});

it("a fixed back-off is a second each time, in steps and in the handler", async () => {
  const times: number[] = [];
  await runHandler(
    () => {
      times.push(Date.now());
      throw new Error("no");
    },
    { retries: { attempts: 4, backoff: "fixed" } },
  );
  expect(times.slice(1).map((time, i) => time - (times[i] ?? 0))).toEqual([1_000, 1_000, 1_000]);
});

describe("whatever is thrown, the run ends with an error that can be read", () => {
  const circular = new Error("round");
  circular.cause = new Error("and round", { cause: circular });
  const hostile = new Error("hostile");
  for (const key of ["name", "code", "stack", "cause", "message", "stepId"]) {
    Object.defineProperty(hostile, key, {
      get: () => {
        throw new Error("gotcha");
      },
    });
  }
  const { proxy, revoke } = Proxy.revocable(new Error("gone"), {});
  revoke();
  const thrown: readonly (readonly [string, unknown, object])[] = [
    ["undefined", undefined, { name: "Error", message: expect.stringContaining("undefined") }],
    ["null", null, { name: "Error", message: expect.stringContaining("null") }],
    ["a string", "plain", { name: "Error", message: expect.stringContaining("plain") }],
    ["a symbol", Symbol("s"), { message: expect.stringContaining("Symbol(s)") }],
    ["a BigInt", 7n, { message: expect.stringContaining("7") }],
    ["a frozen object", Object.freeze({ code: "E1" }), { message: expect.stringContaining("E1") }],
    ["a frozen error", Object.freeze(new RangeError("cold")), { name: "RangeError", message: "cold" }],
    ["an object without a prototype", Object.create(null), { name: "Error" }],
    ["a circular cause", circular, { message: "round", cause: { message: "and round" } }],
    ["getters that throw", hostile, { name: "Error" }],
    ["a revoked proxy", proxy, { name: "Error" }],
    [
      "an AggregateError",
      new AggregateError([new Error("a")], "several"),
      { name: "AggregateError", message: "several" },
    ],
    ["a huge message", new Error("x".repeat(1_000_000)), { message: expect.stringMatching(/^x{8192}…$/) }],
    [
      "an error named NonRetriableError by a second copy",
      Object.assign(new Error("n"), { name: "NonRetriableError" }),
      { message: "n" },
    ],
  ];

  it.each(thrown)("%s, in a step and in the handler", async (_, value, expected) => {
    for (const where of ["step", "handler"]) {
      let caught = false;
      const { run } = await runHandler(
        async ({ step }) => {
          const fail = () => {
            throw value;
          };
          if (where === "handler") fail();
          try {
            await step.run("broken", fail);
          } catch (error) {
            caught = error instanceof Error;
            throw error;
          }
        },
        { retries: { attempts: 2, maxDelay: 0 } },
      );
      expect(run).toMatchObject({ status: "failed", error: expected });
      expect(JSON.parse(JSON.stringify(run.error))).toEqual(run.error);
      expect(caught).toBe(where === "step");
    }
  });
});

it("an error inside of a caught step's fallback is retried as the handler's", async () => {
  let handlers = 0;
  const { run } = await runHandler(async ({ step }) => {
    await step.run("fails", () => Promise.reject(new NonRetriableError("x"))).catch(() => undefined);
    handlers += 1;
    if (handlers < 3) throw new Error("handler");
    return handlers;
  });
  expect(run).toMatchObject({ status: "completed", output: 3, attempts: 3 });
});
