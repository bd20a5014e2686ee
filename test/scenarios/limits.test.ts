import { describe, expect, it } from "vitest";
import { HOUR, on, openCloud, runHandler, start, stepwell } from "./cloud.ts";

const MB = 1024 * 1024;
/** A text whose JSON has this many bytes. */
const textOf = (bytes: number) => "x".repeat(bytes - 2);

describe("steps of a run", () => {
  const loop = (steps: number) => async (input: Parameters<Parameters<typeof runHandler>[0]>[0]) => {
    let n = 0;
    for (let i = 0; i < steps; i++) n = await input.step.run("step", (before: number) => before + 1, n);
    return n;
  };

  it("may be 1,000, in one invocation", async () => {
    const times: Record<number, number> = {};
    await runHandler(loop(200));
    for (const steps of [10, 100, 1_000]) {
      const begin = performance.now();
      const { run, cloud } = await runHandler(loop(steps));
      times[steps] = performance.now() - begin;
      expect(run).toMatchObject({ status: "completed", output: steps });
      expect(cloud.meter().invocations).toBe(1);
    }
    const marginal = (a: number, b: number) => (((times[b] ?? 0) - (times[a] ?? 0)) / (b - a)).toFixed(2);
    console.log(`ms a step: ${marginal(100, 1_000)} from 100 to 1,000; ${marginal(10, 100)} from 10 to 100`);
  });

  it("1,001 fail the run, whatever the code does about it", async () => {
    const { run } = await runHandler(async (input) => loop(1_001)(input).catch(() => "caught"));
    expect(run).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_TOO_MANY_STEPS" } });
    expect(run.error?.message).toMatch(/1000.*"step:1000".*maxSteps/);
    expect(run.steps).toHaveLength(1_000);
  });

  it("may be raised or lowered by maxSteps, and sleeps count", async () => {
    const { run } = await runHandler(
      async ({ step }) => {
        await step.run("one", () => 1);
        await step.sleep("two", "1h");
        await step.run("three", () => 3);
        await step.run("four", () => 4);
      },
      { maxSteps: 3 },
    );
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_TOO_MANY_STEPS" } });
    expect(run.steps.map(({ id }) => id)).toEqual(["one", "two", "three"]);
  });

  it("are warned of from 80 % on, once", async () => {
    const { lines } = await runHandler(loop(10), { maxSteps: 10 });
    expect(lines.filter(({ message }) => message.includes("near a limit"))).toHaveLength(1);
  });

  it("in parallel share one invocation, and more than a hundred too", async () => {
    const { run, cloud } = await runHandler(async ({ step }) => {
      let [running, most] = [0, 0];
      const body = async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
      };
      await Promise.all(Array.from({ length: 250 }, (_, i) => step.run(`part-${i}`, body)));
      return most;
    });
    expect(run.output).toBe(100);
    expect(cloud.meter().invocations).toBe(1);
  });
});

describe("results of steps", () => {
  it("of 4 MB are kept, also over a sleep", async () => {
    const { run } = await runHandler(async ({ step }) => {
      const text = await step.run("big", () => textOf(4 * MB));
      await step.sleep("nap", "1h");
      return text.length;
    });
    expect(run).toMatchObject({ status: "completed", output: 4 * MB - 2 });
  });

  it("of a byte more are a typed error, without a retry, that the code may catch", async () => {
    let tries = 0;
    const { run } = await runHandler(async ({ step }) => {
      const body = () => {
        tries += 1;
        return textOf(4 * MB + 1);
      };
      const code = await step.run("big", body).catch((error) => error.code);
      await step.run("again", body);
      return code;
    });
    expect(run).toMatchObject({
      status: "failed",
      error: { code: "STEPWELL_STEP_OUTPUT_TOO_LARGE", stepId: "again", message: expect.stringContaining("4194305") },
    });
    expect(tries).toBe(2);
  });

  it("together more than 32 MB fail the run before the next step begins", async () => {
    const ran: number[] = [];
    const { run } = await runHandler(async ({ step }) => {
      for (let i = 0; i < 12; i++) {
        await step.run("big", () => {
          ran.push(i);
          return textOf(4 * MB);
        });
      }
    });
    expect(run).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_RUN_STATE_TOO_LARGE" } });
    expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  const circle: { self?: unknown } = {};
  circle.self = circle;
  const hostile = {
    toJSON: () => {
      throw new Error("no JSON");
    },
  };
  it.each([
    ["a BigInt", { n: 1n }],
    ["circular", circle],
    ["something whose toJSON throws", hostile],
  ])("that are %s are a typed error, without a retry, from steps and from functions", async (_, value) => {
    let tries = 0;
    const body = () => {
      tries += 1;
      return value;
    };
    const inStep = await runHandler(({ step }) => step.run("odd", body as () => unknown));
    expect(inStep.run).toMatchObject({ status: "failed", error: { code: "STEPWELL_OUTPUT_NOT_JSON", stepId: "odd" } });
    const returned = await runHandler(body);
    expect(returned.run).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_OUTPUT_NOT_JSON" } });
    expect(tries).toBe(2);
  });
});

describe("a function's output", () => {
  it.each([
    ["nothing", undefined, null],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
    ["a small object", { a: 1 }, { a: 1 }],
    ["300 characters", "y".repeat(300), "y".repeat(300)],
    ["5 MB", textOf(5 * MB), textOf(5 * MB)],
  ])("may be %s", async (_, value, output) => {
    const { run } = await runHandler(() => value);
    expect(run.status).toBe("completed");
    expect(run.output === output || JSON.stringify(run.output) === JSON.stringify(output)).toBe(true);
  });

  it("of more than 32 MB is a typed error", async () => {
    const { run } = await runHandler(() => "x".repeat(33 * MB));
    expect(run).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_RUN_OUTPUT_TOO_LARGE" } });
  });
});

it("a handler that never settles is ended at its deadline, counted as a crash, and fails after its tries", async () => {
  let begun = 0;
  const fn = on(
    "hang",
    () => {
      begun += 1;
      return new Promise(() => {});
    },
    { retries: 1 },
  );
  const cloud = await openCloud([fn, on("fine", () => "fine")], { timeout: "10s" });
  const run = await start(cloud, { name: "shop/hang" });
  expect(run.status).toBe("running");
  await cloud.passTime(HOUR);
  expect(await cloud.run(run.id)).toMatchObject({ status: "failed", error: { code: "STEPWELL_RUN_CRASHED" } });
  // Once more than its tries: only then it is known that no step is to blame.
  expect(begun).toBe(3);
  expect(await start(cloud, { name: "shop/fine" })).toMatchObject({ status: "completed" });
});

it("a step that never settles fails after its tries, and the code may catch that", async () => {
  let begun = 0;
  const fn = on(
    "hang",
    async ({ step }) =>
      step
        .run("endless", () => {
          begun += 1;
          return new Promise(() => {});
        })
        .catch((error) => error.code),
    { retries: 1 },
  );
  const cloud = await openCloud([fn], { timeout: "10s" });
  const run = await start(cloud, { name: "shop/hang" });
  await cloud.passTime(HOUR);
  expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: "STEPWELL_STEP_CRASHED" });
  expect(begun).toBe(2);
});

it("waitForRun gives up after 400 days, and tells what the run waits for", async () => {
  const cloud = await openCloud([
    on("patient", async ({ step }) => {
      for (let i = 0; i < 3; i++) await step.sleep("year", "300d");
    }),
  ]);
  const run = await start(cloud, { name: "shop/patient" });
  await expect(cloud.waitForRun(run.id)).rejects.toMatchObject({
    code: "STEPWELL_RUN_STUCK",
    message: expect.stringMatching(/"patient" is sleeping.*"year:1" \(sleep, sleeping\).*400 days/),
  });
});

it("runs and events that there are not are typed errors, or nothing", async () => {
  const cloud = await openCloud([]);
  const unknown = cloud.waitForRun("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  await expect(unknown).rejects.toMatchObject({
    code: "STEPWELL_RUN_NOT_FOUND",
    message: expect.stringContaining("01ARZ3"),
  });
  await expect(cloud.waitForRun("")).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
  await expect(cloud.runsOf(undefined)).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
  expect(await cloud.runsOf("nobody")).toEqual([]);
  expect(await cloud.run("nobody")).toBeUndefined();
});

it("definitions are checked where they are made, and ids where they are served", async () => {
  const define =
    (options: object, trigger: object = { event: "a" }) =>
    () =>
      stepwell.createFunction(options as { id: string }, trigger as { event: string }, () => 1);
  const codeOf = (make: () => unknown) => {
    try {
      make();
      return "fine";
    } catch (error) {
      return (error as { code: string }).code;
    }
  };
  expect(codeOf(define({ id: "f" }, { cron: "0 0 31 2 *" }))).toBe("STEPWELL_INVALID_CRON");
  expect(codeOf(define({ id: "f" }, { event: "a", if: "event.data.matches('(a+)+$')" }))).toBe(
    "STEPWELL_INVALID_EXPRESSION",
  );
  expect(codeOf(define({ id: "f" }, { event: "stepwell/made.up" }))).toBe("STEPWELL_INVALID_TRIGGER");
  expect(codeOf(define({ id: "f", retries: 21 }))).toBe("STEPWELL_INVALID_FUNCTION");
  expect(codeOf(define({ id: "f", middleware: {} }))).toBe("STEPWELL_INVALID_FUNCTION");
  expect(codeOf(define({ id: "f", concurrency: 0 }))).toBe("STEPWELL_INVALID_FUNCTION");
  expect(codeOf(define({ id: "f", throttle: { limit: 1, period: "8d" } }))).toBe("STEPWELL_INVALID_DURATION");
  const twice = openCloud([on("same", () => 1), on("same", () => 2)]);
  await expect(twice).rejects.toMatchObject({
    code: "STEPWELL_DUPLICATE_FUNCTION",
    message: expect.stringContaining('"same"'),
  });
  const failure = openCloud([on("same", () => 1, { onFailure: () => 1 }), on("same-failure", () => 2)]);
  await expect(failure).rejects.toMatchObject({ code: "STEPWELL_DUPLICATE_FUNCTION" });
});
