import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NonRetriableError, RetryAfterError } from "stepwell";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { on, openCloud, runHandler, start } from "./cloud.ts";

const fanout = { parallelism: "fanout" } as const;
const letters = (count: number) => Array.from({ length: count }, (_, i) => `s${i}`);

describe('parallelism: "fanout"', () => {
  it("runs each of several parallel steps in an invocation of its own, and goes on once", async () => {
    let handlers = 0;
    const { run, cloud } = await runHandler(async ({ step }) => {
      handlers += 1;
      return Promise.all(letters(10).map((id) => step.run(id, () => id.toUpperCase())));
    }, fanout);
    expect(run.output).toEqual(letters(10).map((id) => id.toUpperCase()));
    // The start, ten steps, and one that goes on; each begins the handler anew.
    expect(cloud.meter().invocations).toBe(12);
    expect(handlers).toBe(12);
  });

  it("runs steps that are alone in the run's own invocation", async () => {
    const { run, cloud } = await runHandler(async ({ step }) => {
      const a = await step.run("a", () => 1);
      const b = await step.run("b", () => a + 1);
      return a + b;
    }, fanout);
    expect(run.output).toBe(3);
    expect(cloud.meter().invocations).toBe(1);
  });

  it("leaves the steps of a race in the run's own invocation, which goes on with the first", async () => {
    const { run, cloud } = await runHandler(
      ({ step, group }) =>
        group.parallel({ mode: "race" }, () =>
          Promise.race([
            step.run("fast", () => "fast"),
            step.run("slow", ({ signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve))),
          ]),
        ),
      fanout,
    );
    expect(run).toMatchObject({ status: "completed", output: "fast" });
    expect(cloud.meter().invocations).toBe(1);
  });

  it("runs each body once, and gives each the attempt of its own step", async () => {
    const seen: string[] = [];
    const { run } = await runHandler(
      async ({ step, attempt }) =>
        Promise.all(
          ["steady", "flaky"].map((id) =>
            step.run(id, () => {
              seen.push(`${id} ${attempt}`);
              if (id === "flaky" && attempt < 2) throw new Error(`try ${attempt}`);
              return attempt;
            }),
          ),
        ),
      { ...fanout, retries: { attempts: 4, backoff: "fixed" } },
    );
    expect(run.output).toEqual([0, 2]);
    expect(seen.toSorted()).toEqual(["flaky 0", "flaky 1", "flaky 2", "steady 0"]);
    expect(run.steps.map(({ id, attempts }) => [id, attempts])).toEqual([
      ["steady", 1],
      ["flaky", 3],
    ]);
  });

  it("a step that is out of retries rejects in the handler, once the others have ended", async () => {
    const { run } = await runHandler(
      async ({ step }) => {
        const results = await Promise.allSettled([
          step.run("fine", () => "fine"),
          step.run("broken", () => {
            throw new TypeError("broken");
          }),
        ]);
        return results.map((result) => (result.status === "fulfilled" ? result.value : result.reason.message));
      },
      { ...fanout, retries: 1 },
    );
    expect(run.output).toEqual(["fine", "broken"]);
  });

  it("runs up to a hundred at the same time, and the others when these have ended", async () => {
    let [live, most] = [0, 0];
    const body = async () => {
      most = Math.max(most, ++live);
      await new Promise((resolve) => setImmediate(resolve));
      live -= 1;
    };
    const { run, cloud } = await runHandler(async ({ step }) => {
      return (await Promise.all(letters(120).map((id) => step.run(id, body)))).length;
    }, fanout);
    expect(run.output).toBe(120);
    expect(most).toBeLessThanOrEqual(100);
    // The start, 100 steps, the run, 20 steps, the run.
    expect(cloud.meter().invocations).toBe(123);
  });

  it("a race goes on when all of its steps have ended, and the first of them has won", async () => {
    const { run, cloud } = await runHandler(async ({ step, attempt }) => {
      const slow = step.run("slow", () => {
        if (attempt === 0) throw new RetryAfterError("later", "30m");
        return "slow";
      });
      const winner = await Promise.race([slow, step.run("quick", () => "quick")]);
      await step.sleep("replay", "1h");
      return winner;
    }, fanout);
    expect(run.output).toBe("quick");
    // The start, two steps, one of them twice, the run, and once more after its sleep.
    expect(cloud.meter().invocations).toBe(6);
  });

  it("a sleep beside the steps ends at its time, whether they have or not", async () => {
    const woken: number[] = [];
    const { run } = await runHandler(
      async ({ step, attempt }) => {
        const nap = step.sleep("nap", "10m").then(async () => {
          await step.run("after-nap", () => void woken.push(Date.now()));
        });
        const late = step.run("late", () => {
          if (attempt === 0) throw new RetryAfterError("later", "1h");
          return Date.now();
        });
        const [end] = await Promise.all([late, step.run("other", () => 1), nap]);
        return end;
      },
      { ...fanout, retries: 2 },
    );
    expect(run.status).toBe("completed");
    expect(woken).toHaveLength(1);
    expect(woken[0]).toBeLessThan(run.output as number);
  });

  it("lines of the handler are logged once, and those of bodies too", async () => {
    const { lines } = await runHandler(async ({ step, logger }) => {
      logger.info("begun");
      await Promise.all(["a", "b"].map((id) => step.run(id, () => logger.info(`in ${id}`))));
      logger.info("ended");
    }, fanout);
    const own = lines.map(({ message }) => message).filter((message) => /^(begun|in|ended)/.test(message));
    expect(own.toSorted()).toEqual(["begun", "ended", "in a", "in b"]);
  });

  it("a step whose code waits for something else before it is reached", async () => {
    const { run, cloud } = await runHandler(async ({ step }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return Promise.all(["a", "b"].map((id) => step.run(id, () => id)));
    }, fanout);
    expect(run.output).toEqual(["a", "b"]);
    expect(cloud.meter().invocations).toBe(4);
  });

  it("shows the run as running while its steps do, and each step as it is", async () => {
    const cloud = await openCloud([
      on(
        "two",
        ({ step, attempt }) =>
          Promise.all([
            step.run("fine", () => 1),
            step.run("later", () => {
              if (attempt === 0) throw new RetryAfterError("later", "30m");
              return 2;
            }),
          ]),
        fanout,
      ),
    ]);
    const run = await start(cloud, { name: "shop/two" });
    expect(run.status).toBe("running");
    expect(run.steps.map(({ id, status }) => [id, status])).toEqual([
      ["fine", "completed"],
      ["later", "retrying"],
    ]);
    expect((await cloud.waitForRun(run.id)).output).toEqual([1, 2]);
  });
});

describe("a run with steps in invocations of their own, and its end", () => {
  it("begins no body once it is cancelled, and one that runs is told (L6)", async () => {
    const told: string[] = [];
    const begun: string[] = [];
    let atWork = () => {};
    const isAtWork = new Promise<void>((resolve) => {
      atWork = resolve;
    });
    const cloud = await openCloud([
      on(
        "two",
        async ({ step, attempt }) =>
          Promise.all([
            step.run("working", async ({ signal }) => {
              atWork();
              await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
              told.push(String((signal.reason as { code?: string }).code));
            }),
            step.run("resting", () => {
              begun.push(`try ${attempt}`);
              throw new RetryAfterError("later", "30m");
            }),
          ]),
        fanout,
      ),
    ]);
    const { ids } = await cloud.send({ name: "shop/two" });
    await isAtWork;
    const [run] = await cloud.runsOf(ids[0]);
    await cloud.cancel(run?.id ?? "");
    await cloud.passTime("2h");
    expect(await cloud.run(run?.id ?? "")).toMatchObject({ status: "cancelled" });
    expect(told).toEqual(["STEPWELL_RUN_CANCELLED"]);
    expect(begun).toEqual(["try 0"]);
  });

  it("ends with timeouts.finish while they rest", async () => {
    const { run } = await runHandler(
      ({ step }) =>
        Promise.all(
          ["a", "b"].map((id) =>
            step.run(id, () => {
              throw new RetryAfterError("later", "5h");
            }),
          ),
        ),
      { ...fanout, timeouts: { finish: "1h" } },
    );
    expect(run).toMatchObject({ status: "cancelled", cancel: { by: "timeout", timeout: "finish" } });
    expect(run.steps.map(({ status }) => status)).toEqual(["cancelled", "cancelled"]);
  });

  it("fails with the first error that nobody catches, and onFailure is told", async () => {
    const failures: string[] = [];
    const { run } = await runHandler(
      ({ step }) =>
        Promise.all([
          step.run("fine", () => 1),
          step.run("broken", () => {
            throw new NonRetriableError("broken for good");
          }),
        ]),
      { ...fanout, onFailure: ({ error }) => void failures.push(error.message) },
    );
    expect(run).toMatchObject({ status: "failed", error: { message: "broken for good" } });
  });
});

describe("a deploy while steps are in invocations of their own", () => {
  let dataDir = "";
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "stepwell-"));
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  const bodies: string[] = [];
  const version = (ids: readonly string[], options: object) =>
    on(
      "deployed",
      async ({ step, attempt }) =>
        Promise.all(
          ids.map((id) =>
            step.run(id, () => {
              bodies.push(`${id} ${attempt}`);
              if (id === "b" && attempt === 0) throw new RetryAfterError("later", "30m");
              return id;
            }),
          ),
        ),
      options,
    );
  const deploy = async (before: ReturnType<typeof on>, after: ReturnType<typeof on>) => {
    bodies.length = 0;
    const first = await openCloud([before], { dataDir });
    const { id } = await start(first, { name: "shop/deployed" });
    await first.close();
    return (await openCloud([after], { dataDir })).waitForRun(id);
  };

  it("to code that runs them inline: they end where they are, and the run goes on", async () => {
    const run = await deploy(version(["a", "b"], fanout), version(["a", "b"], {}));
    expect(run).toMatchObject({ status: "completed", output: ["a", "b"] });
    expect(bodies.toSorted()).toEqual(["a 0", "b 0", "b 1"]);
  });

  it("to code that fans out: a step that rests goes on by itself", async () => {
    const run = await deploy(version(["a", "b"], {}), version(["a", "b"], fanout));
    expect(run).toMatchObject({ status: "completed", output: ["a", "b"] });
    expect(bodies.toSorted()).toEqual(["a 0", "b 0", "b 1"]);
  });

  it("to code without one of them: nothing waits for it", async () => {
    const run = await deploy(version(["a", "b"], fanout), version(["a", "c"], fanout));
    expect(run).toMatchObject({ status: "completed", output: ["a", "c"] });
    expect(bodies.toSorted()).toEqual(["a 0", "b 0", "c 0"]);
  });

  it("to code that has another kind of step there: the run fails and shows both (L10)", async () => {
    const other = on("deployed", ({ step }) => Promise.all([step.run("a", () => 1), step.sleep("b", "1h")]), fanout);
    const run = await deploy(version(["a", "b"], fanout), other);
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_STEP_MISMATCH" } });
  });
});
