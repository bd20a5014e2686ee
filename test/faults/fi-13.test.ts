import { referenceFunction } from "stepwell";
import { describe, expect, it } from "vitest";
import { disturb, twice } from "../../sim/mail.ts";
import { audit } from "../laws/audit.ts";
import { APP, type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { runOfStart } from "./on-stage.ts";
import { open, outside } from "./stage.ts";

const DAY_MS = 24 * HOUR_MS;
const PAID = { id: "paid", name: "laws/paid", data: { id: 7 } };

type Handler = Parameters<typeof one>[0];

/** A run in some state, in which it is cancelled. */
interface State {
  readonly status: string;
  readonly handler: Handler;
  readonly options?: object;
  readonly waits?: "table";
  /** Events that are sent before the one that starts the run, and time that passes after it, in ms. */
  readonly ahead?: readonly string[];
  readonly afterMs?: number;
}

const failsLater = (delayMs: number) =>
  Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs } });

const working: Handler = ({ step, event }, { notebook, slow }) =>
  notebook.step(step, `work ${event.id}`, () => slow(10 * MINUTE_MS));

const states: Readonly<Record<string, State>> = {
  "queued, since its function is throttled": {
    status: "queued",
    handler: ({ step, event }, { notebook }) => notebook.step(step, `work ${event.id}`),
    options: { throttle: { limit: 1, period: "1h", burst: 0 } },
    ahead: ["first"],
  },
  "in line, since its function is at its limit": {
    status: "queued",
    handler: working,
    options: { concurrency: 1 },
    ahead: ["first"],
  },
  "running, in a body that is going to fail": {
    status: "running",
    handler: async ({ step }, { notebook, slow }) => {
      await notebook.step(step, "late", async () => {
        await slow(40_000);
        throw new Error("a late failure");
      });
    },
    afterMs: 20_000,
  },
  "running, in a handler that is going to fail": {
    status: "running",
    handler: async (_, { slow, notebook }) => {
      notebook.note("handler");
      await slow(40_000);
      throw new Error("a late failure");
    },
    afterMs: 20_000,
  },
  "in the backoff of a step": {
    status: "sleeping",
    handler: async ({ step }, { notebook }) => {
      await notebook.step(step, "flaky", (tries) => {
        if (tries === 1) throw failsLater(HOUR_MS);
      });
    },
    afterMs: MINUTE_MS,
  },
  "in the backoff of its handler": {
    status: "sleeping",
    handler: async (_, { notebook }) => {
      if (notebook.note("handler") === 1) throw failsLater(HOUR_MS);
    },
    afterMs: MINUTE_MS,
  },
  sleeping: {
    status: "sleeping",
    handler: async ({ step }, { notebook }) => {
      await step.sleep("nap", "2d");
      await notebook.step(step, "never");
    },
    afterMs: MINUTE_MS,
  },
  ...Object.fromEntries(
    (["stepFunctions", "table"] as const).map((via) => [
      `waiting for an event (${via})`,
      {
        status: "waiting",
        ...(via === "table" && { waits: via }),
        handler: async ({ step }, { notebook }) => {
          await step.waitForEvent("paid", { event: PAID.name, match: "data.id", timeout: "9d" });
          await notebook.step(step, "never");
        },
        afterMs: MINUTE_MS,
      } satisfies State,
    ]),
  ),
  "waiting for an invoked function": {
    status: "waiting",
    handler: async ({ step }, { notebook }) => {
      await step.invoke("ask", { function: referenceFunction({ appId: "laws", functionId: "child" }), data: {} });
      await notebook.step(step, "never");
    },
    afterMs: MINUTE_MS,
  },
};

const functionsOf =
  ({ handler, options }: State): Scenario["functions"] =>
  (app) => [
    ...one(handler, options)(app),
    app.client.createFunction({ id: "child" }, { event: "laws/never" }, ({ step }) => step.sleep("nap", "5h")),
  ];

const viewOf = async ({ cloud }: Stage, runId: string) => (await cloud.run(runId)) ?? { status: "not there" };

/** Everything that could still come: messages a second time, timers, the event, the end of the child. */
async function everythingElse({ cloud, pass }: Stage): Promise<void> {
  await cloud.send(PAID);
  await pass(20 * DAY_MS);
}

describe("FI-13: an ended run absorbs everything (L6)", { timeout: 300_000 }, () => {
  it.each(Object.entries(states))("cancelled while it is %s, it ends for good", async (_, state) => {
    const { ahead = [], afterMs = 0, status, waits } = state;
    const stage = await open({ functions: functionsOf(state), ...(waits && { waits }) });
    disturb(stage.aws, twice(DAY_MS), APP);
    for (const id of ahead) await stage.cloud.send({ ...START_EVENT, id });
    const runId = runOfStart(stage);
    await stage.cloud.send(START_EVENT);
    await stage.pass(afterMs);
    expect(await viewOf(stage, runId)).toMatchObject({ status });

    await stage.doors.api.cancel({ env: "main", app: "laws", runId }, { reason: "FI-13" });
    // A body is not cut off; whatever else there is ends without that time passes.
    await stage.pass(status === "running" ? MINUTE_MS : 0);
    const cancelled = await viewOf(stage, runId);
    expect(cancelled).toMatchObject({ status: "cancelled" });
    const bodies = (ids: object) => Object.entries(ids).filter(([id]) => !id.endsWith(" first"));
    const before = bodies(stage.notebook.bodies);
    await everythingElse(stage);
    expect(await viewOf(stage, runId)).toEqual(cancelled);
    expect(bodies(stage.notebook.bodies)).toEqual(before);
    expect((await audit(stage)).problems).toEqual([]);
  });

  const finishing: Scenario = {
    name: "a run with a tail",
    functions: one(
      async ({ step }, { notebook }) => {
        void step.sleep("loser", "3h");
        return notebook.step(step, "work", () => "done");
      },
      { cancelOn: [{ event: "laws/stop" }], concurrency: 1 },
    ),
  };

  it.each([
    ["before the write that ends the run", 0, "cancelled"],
    ["after it, before its tail", 1, "completed"],
  ])("cancelled %s, it has one end", async (_, after, status) => {
    const stage = await open(finishing);
    disturb(stage.aws, twice(DAY_MS), APP);
    const runId = runOfStart(stage);
    const cancel = async () => void (await stage.doors.api.cancel({ env: "main", app: "laws", runId }, {}));
    let end = 0;
    stage.faults.before = (call, at) => {
      if (end === 0 && call.includes("/header (SET #status)")) end = at;
      return end > 0 && at === end + after ? outside(cancel) : undefined;
    };
    await stage.cloud.send(START_EVENT);
    const ended = await viewOf(stage, runId);
    expect(ended).toMatchObject({ status });
    await everythingElse(stage);
    expect(await viewOf(stage, runId)).toEqual(ended);
    expect((await audit(stage)).problems).toEqual([]);
  });

  /** How many of 14 bodies begin when the run is cancelled at some moment. */
  async function bodiesWhenCancelled(takesMs: number, moment: (call: string) => boolean): Promise<number> {
    const handler: Handler = async ({ step }, { notebook, slow }) => {
      for (let i = 1; i <= 14; i++) await notebook.step(step, `step ${i}`, () => (takesMs > 0 ? slow(takesMs) : i));
    };
    const stage = await open({ functions: functionsOf({ status: "running", handler }) });
    const runId = runOfStart(stage);
    const cancel = async () => void (await stage.doors.api.cancel({ env: "main", app: "laws", runId }, {}));
    stage.faults.before = (call) => (moment(call) ? outside(cancel) : undefined);
    await stage.cloud.send(START_EVENT);
    await stage.pass(4 * MINUTE_MS);
    expect(await viewOf(stage, runId)).toMatchObject({ status: "cancelled" });
    expect((await audit(stage)).problems).toEqual([]);
    return Object.keys(stage.notebook.bodies).length;
  }
  const calls = (text: string, n: number) => {
    let seen = 0;
    return (call: string) => call.includes(text) && ++seen === n;
  };

  it("cancelled while a body works, no other one begins", async () => {
    // Two heartbeats in each body.
    for (const n of [1, 4, 8]) expect(await bodiesWhenCancelled(11_000, calls("(SET #leaseUntil", 2 * n))).toBe(n);
  });

  it("cancelled between two bodies, no more begin than the next, and no more than six that end at once", async () => {
    const checkpoint = (n: number) => calls("/step#", n);
    for (const n of [1, 5, 8]) expect(await bodiesWhenCancelled(10, checkpoint(n))).toBe(n + 1);
    for (const n of [1, 3, 5]) expect(await bodiesWhenCancelled(0, checkpoint(n))).toBe(6);
    for (const n of [6, 9, 11]) expect(await bodiesWhenCancelled(0, checkpoint(n))).toBe(12);
  });

  it("cancelled after it was leased, before its code goes on, it executes no more than the body it is about to begin", async () => {
    const handler: Handler = async ({ step }, { notebook, slow }) => {
      await step.sleep("nap", "2d");
      await notebook.step(step, "next", () => slow(1_000));
      await notebook.step(step, "never");
    };
    const stage = await open({ functions: functionsOf({ status: "sleeping", handler }) });
    const runId = runOfStart(stage);
    await stage.cloud.send(START_EVENT);
    const cancel = async () => void (await stage.doors.api.cancel({ env: "main", app: "laws", runId }, {}));
    // The wake after the sleep has its lease, and reads the memo.
    stage.faults.before = (call) => (call === `Query main#laws#run#${runId}` ? outside(cancel) : undefined);
    await everythingElse(stage);
    expect(await viewOf(stage, runId)).toMatchObject({ status: "cancelled" });
    expect(stage.notebook.bodies.next ?? 0).toBeLessThanOrEqual(1);
    expect(stage.notebook.bodies).not.toHaveProperty("never");
    expect((await audit(stage)).problems).toEqual([]);
  });
});
