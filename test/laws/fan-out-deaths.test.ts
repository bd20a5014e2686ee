/** Steps in invocations of their own that die, stand still, are lost, or are not come to. */
import { afterEach, describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { arnOf } from "../../local/arn.ts";
import { currentInvocation } from "../../local/invocation.ts";
import { type Fault, FREEZE_MS } from "../../sim/faults.ts";
import { proveEveryCrashPoint } from "./crash-points.ts";
import { fannedOut, fanOutsCancelled } from "./fan-out.ts";
import { APP, openStage, type Played, perform, type Scenario, type Stage } from "./harness.ts";
import { HOUR_MS, MINUTE_MS } from "./scenarios.ts";

let stage: Stage;
afterEach(() => stage?.cloud.close());

async function run(
  functions: Scenario["functions"],
  options: Pick<Scenario, "script"> & { faults?: readonly Fault[]; prepare?: (stage: Stage) => void } = {},
): Promise<Played> {
  stage = await openStage({ name: "fan-out", functions, timeoutMs: 5 * MINUTE_MS }, options.faults);
  options.prepare?.(stage);
  return perform(stage, options.script);
}

/** The process dies here, as by SIGKILL. */
function die(): Promise<never> {
  currentInvocation()?.kill();
  return new Promise(() => {});
}

const calm = { problems: [] };

describe("a step apart that kills its process (L4)", () => {
  it("fails alone once its tries are used up; the others run once, and know nothing of it", async () => {
    const played = await run(
      fannedOut(
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
      bodies: { before: 1, poison: 3, after: 1 },
    });
  });

  it("is tried as often as it may, deaths and errors counted together and each once, and the handler is told", async () => {
    const attempts: number[] = [];
    const played = await run(
      fannedOut(
        async ({ step, attempt }, { notebook }) => {
          const both = notebook.step(step, "both", (tries) => {
            attempts.push(attempt);
            if (tries === 1 || tries === 3) return die();
            if (tries === 2) throw new Error("an error between two deaths");
            return "the fourth";
          });
          return (await Promise.all([both, notebook.step(step, "other")]))[0];
        },
        { retries: { attempts: 4, backoff: "fixed" } },
      ),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "the fourth" }, bodies: { both: 4 } });
    expect(attempts).toEqual([0, 1, 2, 3]);
  });
});

describe("a step apart whose handler kills its process on the way to it (L4, L9)", () => {
  it("fails once its tries are used up, without another replay", async () => {
    let starts = 0;
    const played = await run(
      fannedOut(
        async ({ step }, { notebook }) => {
          starts += 1;
          // Both, as often as they are tried.
          if (starts > 1 && starts <= 7) await die();
          const settled = await Promise.allSettled(["a", "b"].map((id) => notebook.step(step, id)));
          return settled.map((one) => (one.status === "rejected" ? one.reason.code : "fine"));
        },
        { retries: 2 },
      ),
    );
    expect(played).toMatchObject({
      ...calm,
      run: { status: "completed", output: ["STEPWELL_STEP_CRASHED", "STEPWELL_STEP_CRASHED"] },
      bodies: {},
    });
    // The start, three for each step, and the one that goes on.
    expect(starts).toBe(8);
  });
});

describe("a step apart that stands still past its lease", () => {
  it("and fails after another has taken it over: that changes nothing (L4)", async () => {
    const played = await run(
      fannedOut(async ({ step }, { notebook, slow }) => {
        const both = ["a", "b"].map((id) =>
          notebook.step(step, id, async (tries) => {
            await slow(tries === 1 ? FREEZE_MS + 15_000 : 2 * FREEZE_MS);
            if (tries === 1 && id === "a") throw new Error("too late");
            return id;
          }),
        );
        return Promise.all(both);
      }),
      { faults: [{ kind: "freeze", at: "(SET #leaseUntil" }] },
    );
    expect(stage.faults.struck).toHaveLength(1);
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: ["a", "b"] } });
  });

  it("loses to the one that has taken it over, or is first, and its result is the one for all replays (L1)", async () => {
    const played = await run(
      fannedOut(async ({ step }, { notebook, slow }) => {
        const both = ["a", "b"].map((id) =>
          notebook.step(step, id, (tries) => slow(tries === 1 ? FREEZE_MS / 2 : FREEZE_MS)),
        );
        await Promise.all(both);
        await step.sleep("replay", "1h");
        return "done";
      }),
      { faults: [{ kind: "freeze", at: "PutItem run#" }] },
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
  });

  it.each([
    ["(SET #owner)", 4],
    ["(SET #rev", 2],
    ["PutItem run#", 4],
    ["SendMessage", 3],
    ["(SET #armed", 1],
  ] as const)(
    "at %s, whichever of the %i it is: the run goes on once, and nothing is left behind",
    async (at, times) => {
      for (let nth = 1; nth <= times; nth++) {
        const played = await run(
          fannedOut(async ({ step }, { notebook }) => {
            await Promise.all(["a", "b"].map((id) => notebook.step(step, id)));
            return notebook.step(step, "after", () => "done");
          }),
          { faults: [{ kind: "freeze", at, nth }] },
        );
        expect(stage.faults.struck).toHaveLength(1);
        expect(played, `${nth}`).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
        await stage.cloud.close();
      }
    },
  );
});

describe("a step apart that stands still before its body", () => {
  it("asks whether the step is still its own, and begins no body of another's (L4)", async () => {
    const played = await run(
      fannedOut(async ({ step }, { notebook }) => {
        await Promise.all(["a", "b"].map((id) => notebook.step(step, id)));
        return "done";
      }),
      { faults: [{ kind: "freeze", at: "Query main#laws#run#" }] },
    );
    expect(stage.faults.struck).toHaveLength(1);
    expect(played).toMatchObject({ ...calm, run: { status: "completed" }, bodies: { a: 1, b: 1 } });
  });
});

describe("a step apart that takes longer than its lease", () => {
  it("is kept alive, and runs once, whatever wakes its run meanwhile (FI-06)", async () => {
    const played = await run(
      fannedOut(async ({ step }, { notebook, slow }) => {
        const long = ["a", "b"].map((id) => notebook.step(step, id, () => slow(4 * MINUTE_MS)));
        await step.sleep("nap", "1m");
        await notebook.step(step, "beside");
        await Promise.all(long);
        return "done";
      }),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    expect(played.bodies).toEqual({ a: 1, b: 1, beside: 1 });
  });
});

describe("a step apart whose message is lost for good", () => {
  it("is found by the sweeper within the hour, and runs once (L3)", async () => {
    const functions = fannedOut(async ({ step }, { notebook }) => {
      await Promise.all(["a", "b"].map((id) => notebook.step(step, id)));
      return "done";
    });
    const played = await run(functions, {
      prepare: ({ aws }) => loseFirstStep(aws),
      script: async ({ pass, doors }) => {
        await pass(HOUR_MS);
        expect(stage.notebook.bodies).toEqual({ b: 1 });
        await pass(2 * MINUTE_MS);
        await doors.sweep();
      },
    });
    expect(played.run).toMatchObject({ status: "completed", output: "done" });
    expect(played.bodies).toEqual({ a: 1, b: 1 });
  });
});

/** The first message of a step comes as another one, which is about nothing. */
function loseFirstStep({ sqs }: Stage["aws"]): void {
  const queue = sqs.queue(arnOf("sqs", engineNames("stepwell").runQueue("main", APP)));
  const send = queue?.send.bind(queue);
  if (queue === undefined || send === undefined) throw new Error("There is no run queue.");
  let lost = 0;
  queue.send = (body, options) => {
    const message = JSON.parse(body) as { kind: string };
    const isFirst = message.kind === "step" && lost++ === 0;
    return send(isFirst ? JSON.stringify({ ...message, kind: "wake", runId: "nobody" }) : body, options);
  };
}

describe("a step apart that the code does not come to", () => {
  it("runs in the run's own invocation (L9)", async () => {
    let starts = 0;
    const played = await run(
      fannedOut(async ({ step }, { notebook }) => {
        // Each invocation but the first two finds other steps first.
        starts += 1;
        const ids = starts === 1 || starts > 3 ? ["a", "b"] : ["a"];
        await Promise.all(ids.map((id) => notebook.step(step, id)));
        return "done";
      }),
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    expect(played.bodies).toEqual({ a: 1, b: 1 });
  });
});

proveEveryCrashPoint(fanOutsCancelled);
