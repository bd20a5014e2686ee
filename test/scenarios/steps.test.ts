import { StepError, StepwellError } from "stepwell";
import { expect, it } from "vitest";
import { finish, on, openCloud, runHandler } from "./cloud.ts";

it("a step's result crosses JSON, in the first run as in every replay", async () => {
  const seen: unknown[] = [];
  const { run } = await runHandler(async ({ step }) => {
    const nothing = await step.run("nothing", () => undefined);
    const date = await step.run("date", () => new Date(0));
    const odd = await step.run("odd", async () => ({ f: () => 1, u: undefined, n: Number.NaN, m: new Map([[1, 2]]) }));
    const list = await step.run("list", () => [undefined, () => 1, Symbol("x")]);
    seen.push([nothing, date, odd, list]);
    await step.sleep("nap", "1h");
    return [nothing, date, odd, list];
  });
  const expected = [null, "1970-01-01T00:00:00.000Z", { n: null, m: {} }, [null, null, null]];
  expect(run.output).toEqual(expected);
  expect(seen).toEqual([expected, expected]);
});

it("a step passes its input to its body, and may return at once or later", async () => {
  const add = (a: number, b: number) => a + b;
  const { run, cloud } = await runHandler(async ({ step }) => {
    const five = await step.run("add", add, 2, 3);
    const six = await step.run({ id: "add-one", name: "Add one" }, async (n: number) => n + 1, five);
    return { five, six };
  });
  expect(run.output).toEqual({ five: 5, six: 6 });
  expect(
    run.steps.map(({ id, name, kind, status, attempts, output }) => [id, name, kind, status, attempts, output]),
  ).toEqual([
    ["add", "add", "run", "completed", 1, 5],
    ["add-one", "Add one", "run", "completed", 1, 6],
  ]);
  expect(cloud.meter().invocations).toBe(1);
});

it("a loop may repeat an id: each round is a step of its own", async () => {
  let bodies = 0;
  const { run } = await runHandler(async ({ step }) => {
    const out: number[] = [];
    for (let i = 0; i < 3; i++) {
      out.push(await step.run("fetch", () => i * 10 + bodies++));
      await step.sleep("pause", "1h");
    }
    out.push(await step.run("fetch:1", () => 99));
    return out;
  });
  expect(run.output).toEqual([0, 11, 22, 99]);
  expect(bodies).toBe(3);
  expect(run.steps.map(({ id }) => id)).toEqual([
    "fetch",
    "pause",
    "fetch:1",
    "pause:1",
    "fetch:2",
    "pause:2",
    "fetch:1:1",
  ]);
});

it("Promise.all, race and allSettled work over steps, once each", async () => {
  const ran: string[] = [];
  const { run } = await runHandler(
    async ({ step }) => {
      const body =
        (id: string, ok = true) =>
        () => {
          ran.push(id);
          if (!ok) throw new RangeError(id);
          return id;
        };
      const all = await Promise.all(["a", "b", "c"].map((id) => step.run(id, body(id))));
      const race = await Promise.race([step.sleep("slow", "1d").then(() => "slow"), step.run("fast", body("fast"))]);
      const settled = await Promise.allSettled([step.run("good", body("good")), step.run("bad", body("bad", false))]);
      await step.sleep("replay", "1h");
      return { all, race, settled: settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.name)) };
    },
    { retries: 0 },
  );
  expect(run.output).toEqual({ all: ["a", "b", "c"], race: "fast", settled: ["good", "RangeError"] });
  expect(ran).toEqual(["a", "b", "c", "fast", "good", "bad"]);
  expect(run.steps.find(({ id }) => id === "slow")?.status).toBe("cancelled");
});

it("parallel branches interleave the same way in every replay", async () => {
  const orders: string[][] = [];
  const { run } = await runHandler(async ({ step }) => {
    const order: string[] = [];
    orders.push(order);
    const branch = async (name: string, waits: readonly string[]) => {
      for (const [i, wait] of waits.entries()) {
        await step.sleep(`${name}-sleep-${i}`, wait);
        order.push(`${name}${i}`);
        await step.run(`${name}-run-${i}`, () => i);
        order.push(`${name}${i}!`);
      }
    };
    await Promise.all([branch("a", ["1h", "1h", "1h"]), branch("b", ["90m", "30m", "1h"]), branch("c", ["30m"])]);
    return order;
  });
  for (const order of orders) expect((run.output as string[]).slice(0, order.length)).toEqual(order);
  expect(orders.length).toBeGreaterThan(4);
});

it("a step that nobody awaits is finished before the run completes", async () => {
  const ran: string[] = [];
  const { run } = await runHandler(async ({ step }) => {
    void step.run("forgotten", async () => {
      await new Promise((resolve) => setImmediate(resolve));
      ran.push("forgotten");
    });
    void step.sendEvent("told", { name: "shop/told" });
    return "done";
  });
  expect(run).toMatchObject({ status: "completed", output: "done" });
  expect(ran).toEqual(["forgotten"]);
  expect(run.steps.map(({ id, status }) => [id, status]).sort()).toEqual([
    ["forgotten", "completed"],
    ["told", "completed"],
  ]);
});

it("what follows a step that nobody awaits is finished too", async () => {
  const ran: string[] = [];
  const { run } = await runHandler(async ({ step }) => {
    const chain = async () => {
      await step.run("first", () => void ran.push("first"));
      await step.run("second", () => void ran.push("second"));
    };
    void chain();
    return "done";
  });
  expect(run).toMatchObject({ status: "completed", output: "done" });
  expect(ran).toEqual(["first", "second"]);
});

it("a step that nobody awaits and that fails does not fail the run, after its retries", async () => {
  let tries = 0;
  const { run } = await runHandler(
    async ({ step }) => {
      void step.run("forgotten", () => {
        tries += 1;
        throw new Error("no");
      });
      return "done";
    },
    { retries: 2 },
  );
  expect(run).toMatchObject({ status: "completed", output: "done" });
  expect(tries).toBe(3);
  expect(run.steps[0]).toMatchObject({ status: "failed", attempts: 3 });
});

it("an invoke that nobody awaits is started all the same", async () => {
  let started = 0;
  const child = on("child", () => {
    started += 1;
  });
  const cloud = await openCloud([
    child,
    on("parent", async ({ step }) => {
      void step.invoke("call", { function: child, data: {} });
      return "done";
    }),
  ]);
  expect(await finish(cloud, { name: "shop/parent" })).toMatchObject({ status: "completed", output: "done" });
  await cloud.passTime("1m");
  expect(started).toBe(1);
});

it("group.parallel runs its body, and a race leaves no step half done", async () => {
  const ran: string[] = [];
  const { run } = await runHandler(({ step, group }) =>
    group.parallel(() =>
      Promise.race([
        step.run("fast", () => "fast"),
        step.run("slow", async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          ran.push("slow");
        }),
      ]),
    ),
  );
  expect(run).toMatchObject({ status: "completed", output: "fast" });
  expect(ran).toEqual(["slow"]);
});

it("a step inside a step is refused at once, and the error names both", async () => {
  const { run } = await runHandler(async ({ step }) => {
    await step.run("outer", () => step.run("inner", () => 1));
  });
  expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_NESTED_STEP", stepId: "outer" } });
  expect(run.error?.message).toMatch(/"inner".*"outer"/);
  expect(run.steps).toMatchObject([{ id: "outer", status: "failed", attempts: 1 }]);
});

it("a nested step that nobody awaits fails its outer step, instead of being lost", async () => {
  const { run } = await runHandler(async ({ step }) => {
    await step.run("outer", () => {
      void step.sleep("inner", "1h");
      return "fine";
    });
  });
  expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_NESTED_STEP" } });
});

it("a failed step may fall back to another in its catch", async () => {
  const { run } = await runHandler(
    async ({ step }) =>
      step
        .run("primary", () => {
          throw new Error("down");
        })
        .catch(() => step.run("fallback", () => "second best")),
    { retries: 1 },
  );
  expect(run).toMatchObject({ status: "completed", output: "second best" });
  expect(run.steps.map(({ id, status, attempts }) => [id, status, attempts])).toEqual([
    ["primary", "failed", 2],
    ["fallback", "completed", 1],
  ]);
});

it("a caught step error has the original's name, message and cause, its step's id, and the brand, also after a replay", async () => {
  class CardDeclined extends Error {
    override readonly name = "CardDeclined";
  }
  const { run } = await runHandler(
    async ({ step }) => {
      try {
        await step.run({ id: "charge", name: "Charge card" }, () => {
          throw new CardDeclined("no money", { cause: new TypeError("limit") });
        });
        return "not reached";
      } catch (error) {
        await step.sleep("replay", "1h");
        if (!StepError.is(error)) return "no step error";
        const { name, message, stepId, stepName, cause } = error;
        return { name, message, stepId, stepName, cause: String(cause), isError: error instanceof Error };
      }
    },
    { retries: 0 },
  );
  expect(run.output).toEqual({
    name: "CardDeclined",
    message: "no money",
    stepId: "charge",
    stepName: "Charge card",
    cause: "TypeError: limit",
    isError: true,
  });
});

it("StepError.is does not go by the name", () => {
  const impostor = Object.assign(new Error("x"), { name: "StepError" });
  expect(StepError.is(impostor)).toBe(false);
  expect(StepError.is(new StepError({ name: "Boom", message: "x" }, "s"))).toBe(true);
});

it("a step after the end of the run is refused by name", async () => {
  const late = Promise.withResolvers<unknown>();
  const go = Promise.withResolvers<void>();
  await runHandler(({ step }) => {
    void go.promise.then(() => step.run("late", () => 1)).catch(late.resolve);
    return "done";
  });
  go.resolve();
  const error = await late.promise;
  expect(StepwellError.is(error) && error.code).toBe("STEPWELL_RUN_ENDED");
  expect(String(error)).toContain('"late"');
});

it.each([
  ["an empty id", ({ step }: Tools) => step.run("", () => 1), "STEPWELL_INVALID_STEP"],
  ["no body", ({ step }: Tools) => step.run("x", undefined as never), "STEPWELL_INVALID_STEP"],
  ["an unparsable duration", ({ step }: Tools) => step.sleep("x", "soon"), "STEPWELL_INVALID_DURATION"],
  ["a negative duration", ({ step }: Tools) => step.sleep("x", -1), "STEPWELL_INVALID_DURATION"],
  ["no duration", ({ step }: Tools) => step.sleep("x", undefined as never), "STEPWELL_INVALID_DURATION"],
  ["a sleep of more than 365 days", ({ step }: Tools) => step.sleep("x", "366d"), "STEPWELL_INVALID_DURATION"],
  ["a date that is none", ({ step }: Tools) => step.sleepUntil("x", "tomorrow"), "STEPWELL_INVALID_DURATION"],
  [
    "a date more than 365 days ahead",
    ({ step }: Tools) => step.sleepUntil("x", new Date(Date.now() + 366 * 86_400_000)),
    "STEPWELL_INVALID_DURATION",
  ],
  [
    "a hostile expression",
    ({ step }: Tools) =>
      step.waitForEvent("x", { event: "a", timeout: "1d", if: `${"(".repeat(200)}1${")".repeat(200)}` }),
    "STEPWELL_INVALID_EXPRESSION",
  ],
  [
    "a wait without a timeout",
    ({ step }: Tools) => step.waitForEvent("x", { event: "a" } as never),
    "STEPWELL_INVALID_STEP",
  ],
  [
    "a reserved event",
    ({ step }: Tools) => step.sendEvent("x", { name: "stepwell/function.failed" }),
    "STEPWELL_INVALID_EVENT",
  ],
  [
    "data that is not JSON",
    ({ step }: Tools) => step.sendEvent("x", { name: "a", data: { n: 1n } }),
    "STEPWELL_INVALID_EVENT",
  ],
])("%s is an error that the run ends with at once, without a retry", async (_, call, code) => {
  let handlers = 0;
  const { run } = await runHandler(async (input) => {
    handlers += 1;
    await call(input);
  });
  expect(run).toMatchObject({ status: "failed", error: { code }, attempts: 1 });
  expect(handlers).toBe(1);
});

type Tools = Parameters<Parameters<typeof runHandler>[0]>[0];

it("a handler that changes its event starts from the event as it was in every try", async () => {
  let tries = 0;
  const { run } = await runHandler(
    async ({ event, step }) => {
      event.data.list.push("more");
      return step.run("flaky", () => {
        if (tries++ === 0) throw new Error("once");
        return event.data.list;
      });
    },
    { retries: { attempts: 2, maxDelay: 0 } },
    { data: { list: ["one"] } },
  );
  expect(run.output).toEqual(["one", "more"]);
});
