import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it } from "vitest";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import type { CancelCause } from "../../sdk/protocol/index.ts";
import { proveEveryCrashPoint } from "./crash-points.ts";
import { type App, openStage, perform, play, type Scenario, type Stage } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

type Handler = Parameters<typeof one>[0];

type Script = NonNullable<Scenario["script"]>;

let stage: Stage | undefined;
afterEach(() => stage?.cloud.close());

/** A function whose runs may be cancelled, and one that notes each cancellation. */
const cancellable =
  (handler: Handler, options: object = {}): Scenario["functions"] =>
  (app: App) => [
    ...one(handler, options)(app),
    app.client.createFunction({ id: "cancelled" }, { event: "stepwell/function.cancelled" }, ({ step }) =>
      app.notebook.step(step, "told"),
    ),
  ];

/** What a test does itself must not be taken for something that a door does. */
const outside = AsyncLocalStorage.snapshot();

/** The run of the start event, sent now. */
const runOf = ({ aws }: Stage) => runIdOf({ app: "laws", functionId: "main" }, "start", aws.clock.now());
const REQUEST: CancelCause = { by: "request", reason: "law" };

/** By the router, as an event or a singleton does it. */
const cancelLater =
  (afterMs: number): Script =>
  async (on) => {
    const runId = runOf(on);
    await on.pass(afterMs);
    await on.doors.world.queue.sendToRouter({
      v: 1,
      stepwell: true,
      kind: "cancel",
      env: "main",
      app: "laws",
      runId,
      cause: REQUEST,
    });
    await on.pass(5 * MINUTE_MS);
  };

/** From outside, so that a router that stands still cannot make it come too late. */
const cancelMeanwhile =
  (afterMs: number): Script =>
  async (on) => {
    const runId = runOf(on);
    await on.pass(afterMs);
    await on.doors.api.cancel({ env: "main", app: "laws", runId }, { reason: "law" });
    await on.pass(5 * MINUTE_MS);
  };

const sendCancel =
  (afterMs: number): Script =>
  async ({ pass, cloud }) => {
    await pass(afterMs);
    await cloud.send({ id: "stop", name: "laws/stop", data: { id: 7 } });
    await pass(afterMs);
  };

const resting: Scenario = {
  name: "a run that sleeps beside a wait, and is cancelled",
  functions: cancellable(async ({ step }, { notebook }) => {
    await notebook.step(step, "before");
    await Promise.race([
      step.sleep("long", "20d"),
      step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "9d" }),
    ]);
    await notebook.step(step, "never");
  }),
  script: cancelLater(5 * MINUTE_MS),
};

const scenarios: readonly Scenario[] = [
  resting,
  {
    name: "a run whose step takes long, and is cancelled meanwhile",
    functions: cancellable(async ({ step }, { notebook, slow }) => {
      await notebook.step(step, "slow", async () => void (await slow(40_000)));
      await notebook.step(step, "never");
    }),
    script: cancelMeanwhile(20_000),
  },
  {
    name: "a run that backs off, and is cancelled by an event of its cancelOn",
    functions: cancellable(
      async ({ step }, { notebook }) => {
        await notebook.step(step, "broken", () => {
          throw Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
        });
      },
      { cancelOn: [{ event: "laws/stop", match: "data.id" }] },
    ),
    script: sendCancel(5 * MINUTE_MS),
  },
  {
    name: "a run that does not end within its timeouts.finish",
    functions: cancellable(
      async ({ step }, { notebook }) => {
        await notebook.step(step, "before");
        await step.sleep("long", "3d");
        await notebook.step(step, "never");
      },
      { timeouts: { finish: "2h" } },
    ),
  },
  {
    name: "a run that ends before any event of its cancelOn, and before its deadline",
    functions: cancellable(
      async ({ step }, { notebook }) => {
        await step.sleep("nap", "30m");
        return notebook.step(step, "after", () => "done");
      },
      {
        timeouts: { finish: "2h" },
        cancelOn: [{ event: "laws/stop", if: "async.data.id == event.data.id && async.data.now" }],
      },
    ),
    script: async ({ pass }) => pass(3 * HOUR_MS),
  },
];

proveEveryCrashPoint(scenarios);

describe("a cancellation at any moment of a run (L3, L6)", () => {
  const busy: Scenario = {
    name: "busy",
    functions: cancellable(
      async ({ step }, { notebook }) => {
        await notebook.step(step, "a");
        await step.sleep("nap", "20m");
        const flaky = notebook.step(step, "flaky", (tries) => {
          if (tries === 1) throw new Error("again");
        });
        const paid = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "1h" });
        await Promise.all([flaky, paid, notebook.step(step, "b")]);
        return "completed";
      },
      { cancelOn: [{ event: "laws/stop" }], retries: { attempts: 3, backoff: "fixed" } },
    ),
  };

  it("is carried out if it comes before the write that ends the run, and changes nothing after it", {
    timeout: 60_000,
  }, async () => {
    const base = await play(busy);
    expect(base).toMatchObject({ run: { status: "completed" }, runs: { main: 1 }, problems: [] });
    const ended = base.calls.findIndex((call) => call.includes("/header (SET #status)")) + 1;
    expect(ended).toBeGreaterThan(0);
    for (let k = 1; k <= base.calls.length; k++) {
      const at = await openStage(busy);
      stage = at;
      const runId = runOf(at);
      const cancel = () => at.doors.api.cancel({ env: "main", app: "laws", runId }, { reason: "law" });
      at.faults.before = (_, number) => (number === k ? outside(cancel) : undefined);
      const { run, runs, bodies, problems } = await perform(at);
      const status = k <= ended ? "cancelled" : "completed";
      expect({ k, call: base.calls[k - 1], problems, status: run.status, runs }).toEqual({
        k,
        call: base.calls[k - 1],
        problems: [],
        status,
        runs: status === "cancelled" ? { cancelled: 1, main: 1 } : { main: 1 },
      });
      for (const [id, count] of Object.entries(bodies))
        expect(count, id).toBeLessThanOrEqual(id === "told" ? 1 : (base.bodies[id] ?? 0));
      await at.cloud.close();
    }
  });

  it("begins no body after it, when it comes during another one", async () => {
    const at = await openStage(scenarios[1] as Scenario);
    stage = at;
    const played = await perform(at, cancelMeanwhile(20_000));
    expect(played).toMatchObject({ run: { status: "cancelled", error: "STEPWELL_RUN_CANCELLED" }, problems: [] });
    expect(played.bodies).toEqual({ slow: 1, told: 1 });
  });
});

describe("a run that is executed later than its timeouts.start (L6)", () => {
  const late = (start: number): Scenario => ({
    name: "late",
    functions: cancellable(async ({ step }, { notebook }) => notebook.step(step, "body", () => "done"), {
      timeouts: { start },
    }),
  });
  const firstDies = { kind: "crashBefore", at: "(SET #owner" } as const;

  it("is cancelled, and none of its code runs, also if its first holder dies over it", async () => {
    for (const faults of [[firstDies], [firstDies, { kind: "crashAfter", at: "(SET #owner" } as const]]) {
      const { run, bodies, problems } = await play(late(5_000), faults);
      expect({ run, bodies, problems }).toEqual({
        run: { status: "cancelled", output: undefined, error: "STEPWELL_RUN_CANCELLED" },
        bodies: { told: 1 },
        problems: [],
      });
    }
  });

  it("is not cancelled when it was in time, whatever it goes through then", async () => {
    const inTime = await play(late(MINUTE_MS), [firstDies, { kind: "crashAfter", at: "(SET #owner" }]);
    expect(inTime).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
  });
});
