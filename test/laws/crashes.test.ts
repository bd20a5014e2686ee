import { afterEach, describe, expect, it } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import type { Fault } from "../../sim/faults.ts";
import { openStage, type Played, perform, type Scenario, type Stage } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

let stage: Stage;
afterEach(() => stage.cloud.close());

/** Plays one function from its start until nothing is left to happen. */
async function run(
  functions: Scenario["functions"],
  options: Pick<Scenario, "waits" | "script"> & { faults?: readonly Fault[]; timeoutMs?: number } = {},
): Promise<Played> {
  const timeoutMs = options.timeoutMs ?? 5 * MINUTE_MS;
  const waits = options.waits ?? "stepFunctions";
  stage = await openStage({ name: "crashes", functions, timeoutMs, waits }, options.faults);
  return perform(stage, options.script);
}

/** The process dies here, as by SIGKILL. */
function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}

const calm = { problems: [] };

describe("a step that kills its process (L4)", () => {
  it("fails alone once its tries are used up, and its siblings complete", async () => {
    const played = await run(
      one(
        async ({ step }, { notebook }) => {
          const settled = await Promise.allSettled([
            notebook.step(step, "before", () => "b"),
            notebook.step(step, "poison", die),
            notebook.step(step, "after", () => "a"),
          ]);
          return settled.map((one) => (one.status === "fulfilled" ? one.value : one.reason.code));
        },
        { retries: 2 },
      ),
    );
    expect(played).toMatchObject({
      ...calm,
      run: { status: "completed", output: ["b", "STEPWELL_STEP_CRASHED", "a"] },
    });
    // Once beside its siblings, and then alone; a sibling's result between two deaths starts the count over.
    expect(played.bodies.poison).toBeLessThanOrEqual(4);
    expect(played.bodies.after).toBeLessThanOrEqual(3);
  });

  it("is tried as often as it may, deaths and errors counted together and each once", async () => {
    const played = await run(
      one(
        ({ step }, { notebook }) =>
          notebook.step(step, "both", (tries) => {
            if (tries === 1 || tries === 3) return die();
            if (tries === 2) throw new Error("an error between two deaths");
            return "the fourth";
          }),
        { retries: { attempts: 4, backoff: "fixed" } },
      ),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "the fourth" }, bodies: { both: 4 } });
  });

  it("tells the handler how many tries went before, deaths included", async () => {
    const attempts: number[] = [];
    const played = await run(
      one(({ step, attempt }, { notebook }) =>
        notebook.step(step, "mortal", (tries) => {
          attempts.push(attempt);
          return tries < 3 ? die() : "alive";
        }),
      ),
    );
    expect(played.run.output).toBe("alive");
    expect(attempts).toEqual([0, 1, 2]);
  });
});

describe("an error of AWS is no crash", () => {
  it.each(["ChangeMessageVisibility", "(SET #owner)"])(
    "%s: a step without retries is not blamed for it",
    async (at) => {
      for (const kind of ["throttle", "failAfter"] as const) {
        const played = await run(
          one(async ({ step }, { notebook }) => notebook.step(step, "only", () => "done"), { retries: 0 }),
          { faults: [{ kind, at }] },
        );
        expect(played, kind).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
        await stage.cloud.close();
      }
    },
  );

  it("a step that is still running is not started again elsewhere while its run is given back", async () => {
    let [live, most] = [0, 0];
    const played = await run(
      one(async ({ step }, { slow }) => {
        const long = step.run("long", async () => {
          most = Math.max(most, ++live);
          await slow(40_000);
          live -= 1;
        });
        // Both are due at once, so a place in the order has to be written: that write fails.
        await Promise.all([step.sleep("one", "20s"), step.sleep("two", "20s"), long]);
        return "done";
      }),
      { faults: [{ kind: "throttle", at: "(SET #order" }] },
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed" } });
    expect(most).toBe(1);
  });
});

describe("the handler's own tries", () => {
  it("are counted over a sleep, also those that were made again in place", async () => {
    let failures = 0;
    const played = await run(
      one(
        async ({ step, attempt }) => {
          const fail = () => {
            failures += 1;
            throw new Error(`failure ${failures}`);
          };
          if (attempt === 0) fail();
          await step.sleep("nap", "1h");
          fail();
        },
        { retries: { attempts: 3 } },
      ),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "failed" } });
    expect(failures).toBe(3);
  });

  it("do not turn in circles when the code asks for other steps by its attempt (L9)", async () => {
    const played = await run(
      one(async ({ step, attempt }, { notebook }) => {
        if (attempt > 0) await notebook.step(step, "only on a retry");
        return notebook.step(step, "flaky", (tries) => {
          if (tries === 1) throw new Error("once");
          return "done";
        });
      }),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
  });
});

describe("the deadline", () => {
  it("a handler that never settles counts as a crash each time, and the run fails (L9)", async () => {
    const played = await run(
      one(() => new Promise(() => {}), { retries: 1 }),
      { timeoutMs: MINUTE_MS, script: ({ pass }) => pass(HOUR_MS) },
    );
    expect(played).toMatchObject({ ...calm, run: { status: "failed", error: "STEPWELL_RUN_CRASHED" } });
  });

  it("a run that is out of time passes itself on, and no step runs twice", async () => {
    const played = await run(
      one(async ({ step }, { notebook, slow }) => {
        for (let i = 0; i < 30; i++) await notebook.step(step, `part-${i}`, () => slow(5_000));
        return "done";
      }),
      { timeoutMs: MINUTE_MS },
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    expect(Object.values(played.bodies)).toEqual(Array.from({ length: 30 }, () => 1));
    expect(played.calls.filter((call) => call.includes("(SET #owner)")).length).toBe(3);
  });
});

describe("a wait that is over when its run is taken over", () => {
  it.each(["stepFunctions", "table"] as const)(
    "leaves no listener behind, though no timeout was armed (L7, %s)",
    async (waits) => {
      const played = await run(
        one(({ step }) => step.waitForEvent("short", { event: "laws/paid", match: "data.id", timeout: "5s" })),
        { waits, faults: [{ kind: "crashAfter", at: "PutItem listener" }] },
      );
      expect(played).toMatchObject({ ...calm, run: { status: "completed", output: null } });
      expect(stage.faults.struck).toHaveLength(1);
    },
  );
});
