import { RetryAfterError } from "stepwell";
import { describe, expect, it } from "vitest";
import { runIdOf } from "../../../lambdas/engine/run-id.ts";
import type { RunView } from "../../../sdk/protocol/index.ts";
import { HOUR, type Input, type Line, MINUTE, on, openCloud, start, stepwell } from "../cloud.ts";
import { cancelledBy, leftBehind } from "./lifetime.ts";

const REQUEST = { by: "request", reason: "ordered twice" } as const;
const REASON = { reason: REQUEST.reason };

/** Everything that a function of `stepwell/function.cancelled` gets. */
function listening() {
  const seen: unknown[] = [];
  const fn = stepwell.createFunction({ id: "log" }, { event: "stepwell/function.cancelled" }, ({ event }) => {
    seen.push(event.data);
  });
  return { fn, seen };
}

/** Starts a run of the handler, cancels it in the state in which it rests, and waits for what may still come. */
async function cancelResting(handler: (input: Input) => unknown, options: object = {}) {
  const { fn, seen } = listening();
  const failed: unknown[] = [];
  const onFailure = () => void failed.push(1);
  const cloud = await openCloud([on("rest", handler, { ...options, onFailure } as never), fn]);
  const run = await start(cloud, { name: "shop/rest", data: { id: 1 } });
  const done = await cloud.cancel(run.id, REASON);
  const left = await leftBehind(cloud);
  await cloud.passTime("60d");
  expect(await cloud.run(run.id)).toEqual(done);
  return { cloud, run, done, left, seen, failed };
}

const boom = () => {
  throw new Error("boom");
};

describe("cancel ends at once a run that rests: one that", () => {
  it.each<[string, RunView["status"], (input: Input) => unknown, object?]>([
    ["sleeps for a minute", "sleeping", ({ step }) => step.sleep("nap", "1m")],
    ["sleeps for days", "sleeping", ({ step }) => step.sleep("nap", "9d")],
    ["waits", "waiting", ({ step }) => step.waitForEvent("w", { event: "shop/x" as never, timeout: "3d" })],
    [
      "backs off in a step",
      "sleeping",
      ({ step }) => step.run("flaky", boom),
      { retries: { backoff: "fixed", maxDelay: "5m", attempts: 9 } },
    ],
    [
      "backs off for days in its handler",
      "sleeping",
      () => {
        throw new RetryAfterError("later", "3d");
      },
    ],
    ["backs off in its handler", "sleeping", boom, { retries: { backoff: "fixed", maxDelay: "5m", attempts: 9 } }],
    [
      "sleeps and waits at once",
      "waiting",
      ({ step }) =>
        Promise.race([step.waitForEvent("w", { event: "shop/x" as never, timeout: "3d" }), step.sleep("nap", "2d")]),
    ],
  ])("%s", async (_, status, handler, options) => {
    let after = 0;
    const { run, done, left, seen, failed } = await cancelResting(async (input) => {
      const result = await handler(input);
      after += 1;
      return result;
    }, options);
    expect(run.status).toBe(status);
    expect(done).toMatchObject(cancelledBy(REQUEST));
    expect(done.error?.message).toBe("The run was cancelled: ordered twice");
    expect(done.steps.every((step) => step.status === "cancelled")).toBe(true);
    expect(left).toEqual([]);
    expect({ after, failed }).toEqual({ after: 0, failed: [] });
    expect(seen).toEqual([
      expect.objectContaining({ function_id: "shop/rest", run_id: run.id, cause: REQUEST, error: done.error }),
    ]);
  });

  it("waits for a child, which goes on: its end has no effect any more", async () => {
    let ended = 0;
    const child = on("child", async ({ step }) => {
      await step.sleep("slow", "1h");
      ended += 1;
    });
    const parent = on("parent", ({ step }) => step.invoke("ask", { function: child as never, data: {} as never }));
    const cloud = await openCloud([child, parent]);
    const run = await start(cloud, { name: "shop/parent" });
    const done = await cloud.cancel(run.id);
    expect(done).toMatchObject(cancelledBy({ by: "request" }));
    await cloud.passTime("2h");
    expect(ended).toBe(1);
    expect(await cloud.run(run.id)).toEqual(done);
  });
});

describe("cancel of a run that is executing", () => {
  const twoSteps = (during: (run: { readonly id: string; readonly signal: AbortSignal }) => unknown) => {
    const bodies: string[] = [];
    const fn = on("busy", async ({ step, runId }) => {
      await step.run("first", async ({ signal }) => {
        bodies.push("first");
        await during({ id: runId, signal });
      });
      await step.run("second", () => void bodies.push("second"));
      return "completed";
    });
    return { fn, bodies };
  };

  it("begins no other body, when a body itself has asked the cloud for it", async () => {
    let view: RunView | undefined;
    const { fn, bodies } = twoSteps(async ({ id }) => {
      view = await cloud.cancel(id, REASON);
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/busy" });
    expect(view).toMatchObject({ status: "running", cancel: REQUEST });
    expect(run).toMatchObject(cancelledBy(REQUEST));
    expect(bodies).toEqual(["first"]);
  });

  it("begins no other body, when a body has asked by the client and was heard", async () => {
    const gate = Promise.withResolvers<void>();
    const { fn, bodies } = twoSteps(async ({ id }) => {
      await stepwell.cancel(id, REASON);
      await gate.promise;
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/busy" });
    expect(run).toMatchObject({ status: "running", cancel: REQUEST });
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject(cancelledBy(REQUEST));
    expect(bodies).toEqual(["first"]);
    expect(await cloud.deadLetters()).toEqual([]);
  });

  it("aborts the signal of bodies and handler at the next heartbeat, with the reason", async () => {
    const reasons: unknown[] = [];
    const lines: Line[] = [];
    const fn = on(
      "busy",
      async ({ step, signal: outer }) => {
        const body = ({ signal }: { signal: AbortSignal }) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => {
              reasons.push(signal.reason === outer.reason && signal.reason.code, outer.aborted);
              reject(signal.reason);
            });
          });
        await Promise.all([step.run("one", body), step.run("two", body)]);
        reasons.push("after");
      },
      { retries: 3 },
    );
    const cloud = await openCloud([fn], {}, lines);
    const run = await start(cloud, { name: "shop/busy" });
    expect((await cloud.cancel(run.id, REASON)).status).toBe("running");
    await cloud.passTime("6s");
    expect(await cloud.run(run.id)).toMatchObject(cancelledBy(REQUEST));
    expect(reasons).toEqual(["STEPWELL_RUN_CANCELLED", true, "STEPWELL_RUN_CANCELLED", true]);
  });

  it("begins no body after code between the steps that took its time", async () => {
    let begun = 0;
    const gate = Promise.withResolvers<void>();
    const fn = on("busy", async ({ step }) => {
      await gate.promise;
      await step.run("after", () => {
        begun += 1;
      });
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/busy" });
    await cloud.cancel(run.id, REASON);
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject(cancelledBy(REQUEST));
    expect(begun).toBe(0);
  });

  it("wins over an end that comes after it, and over an error", async () => {
    for (const end of ["completed", "failed"]) {
      const fn = on(
        "end",
        async ({ runId }) => {
          await cloud.cancel(runId, REASON);
          if (end === "failed") throw new Error("no");
          return end;
        },
        { retries: 0 },
      );
      const cloud = await openCloud([fn]);
      expect(await start(cloud, { name: "shop/end" })).toMatchObject(cancelledBy(REQUEST));
    }
  });

  it("waits for parallel bodies that run, and begins none of the others", async () => {
    const [begun, ended]: [string[], string[]] = [[], []];
    const gate = Promise.withResolvers<void>();
    const fn = on("busy", async ({ step }) => {
      const branch = async (id: string) => {
        await step.run(id, async () => {
          begun.push(id);
          await gate.promise;
          ended.push(id);
        });
        await step.run(`${id}2`, () => void begun.push(`${id}2`));
      };
      await Promise.all(["a", "b"].map(branch));
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/busy" });
    await cloud.cancel(run.id, REASON);
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject(cancelledBy(REQUEST));
    expect({ begun, ended }).toEqual({ begun: ["a", "b"], ended: ["a", "b"] });
  });
});

describe("cancel of a run", () => {
  it("whose start has not come yet is carried out when it comes: none of its code runs", async () => {
    let begun = 0;
    const { fn: log, seen } = listening();
    const late = on("late", () => {
      begun += 1;
    });
    const cloud = await openCloud([late, on("now", () => 1), log]);
    const { queuedAt: now } = await start(cloud, { name: "shop/now" });
    const runId = runIdOf({ app: "shop", functionId: "late" }, "e1", now);
    await stepwell.cancel(runId, REASON);
    expect(await cloud.run(runId)).toBeUndefined();
    expect(await cloud.runs({ functionId: "late" })).toEqual([]);
    const run = await start(cloud, { id: "e1", name: "shop/late" });
    expect(run).toMatchObject({ ...cancelledBy(REQUEST), id: runId, startedAt: undefined, endedAt: now });
    expect((await cloud.runs({ status: "cancelled" })).map(({ id }) => id)).toEqual([runId]);
    await cloud.passTime("60d");
    expect({ begun, seen: seen.length }).toEqual({ begun: 0, seen: 1 });
    expect((await cloud.run(runId))?.status).toBe("cancelled");
  });

  it("that has ended changes nothing, and is no error", async () => {
    const cloud = await openCloud([on("quick", () => "done")]);
    const run = await start(cloud, { name: "shop/quick" });
    expect(await cloud.cancel(run.id, REASON)).toEqual(run);
    await cloud.passTime(HOUR);
    expect(await cloud.run(run.id)).toEqual(run);
  });

  it("twice keeps the first cause", async () => {
    const gate = Promise.withResolvers<void>();
    const cloud = await openCloud([on("busy", ({ step }) => step.run("long", () => gate.promise))]);
    const run = await start(cloud, { name: "shop/busy" });
    await cloud.cancel(run.id, REASON);
    expect(await cloud.cancel(run.id, { reason: "later" })).toMatchObject({ cancel: REQUEST });
    gate.resolve();
    expect(await cloud.waitForRun(run.id)).toMatchObject(cancelledBy(REQUEST));
    expect(await cloud.cancel(run.id, { reason: "later" })).toMatchObject({ cancel: REQUEST });
  });

  it("that there never was is refused by its code", async () => {
    const cloud = await openCloud([on("quick", () => "done")]);
    await expect(cloud.cancel("01JD7QZ3M8W0V5XKB2T4N6R9PC")).rejects.toMatchObject({ code: "STEPWELL_RUN_NOT_FOUND" });
    await expect(cloud.cancel("")).rejects.toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
  });

  it("that there never was, by the client, leaves nothing to see", async () => {
    const cloud = await openCloud([on("quick", () => "done")]);
    const lost = "01JD7QZ3M8W0V5XKB2T4N6R9PC";
    await stepwell.cancel(lost, REASON);
    await cloud.passTime(MINUTE);
    expect(await cloud.run(lost)).toBeUndefined();
    expect(await cloud.runs()).toEqual([]);
    expect(await cloud.deadLetters()).toEqual([]);
  });

  it("tells its parent, whose step has the error", async () => {
    const child = on("child", ({ step }) => step.sleep("slow", "1d"));
    const parent = on("parent", async ({ step }) =>
      step
        .invoke("ask", { function: child as never, data: {} as never })
        .catch((error: Error & { code?: string }) => [
          error.name,
          error.message,
          error.code ?? (error.cause as { code?: string } | undefined)?.code,
        ]),
    );
    const cloud = await openCloud([child, parent]);
    const run = await start(cloud, { name: "shop/parent" });
    const [invoked] = await cloud.runsOf(run.steps[0]?.eventId);
    await cloud.cancel(invoked?.id, REASON);
    const done = await cloud.waitForRun(run.id);
    expect(done).toMatchObject({ status: "completed" });
    expect(done.output).toEqual(["StepwellError", "The run was cancelled: ordered twice", "STEPWELL_RUN_CANCELLED"]);
  });

  it("of the function that listens to cancellations emits no event of its own: no loop", async () => {
    let calls = 0;
    const log = stepwell.createFunction({ id: "log" }, { event: "stepwell/function.cancelled" }, async ({ step }) => {
      calls += 1;
      await step.sleep("nap", "1h");
    });
    const cloud = await openCloud([log, on("rest", ({ step }) => step.sleep("nap", "1h"))]);
    const run = await start(cloud, { name: "shop/rest" });
    await cloud.cancel(run.id);
    const [logging] = await cloud.runsOf(`${run.id}-cancelled`);
    expect(await cloud.cancel(logging?.id)).toMatchObject({ status: "cancelled" });
    await cloud.passTime("1d");
    expect(calls).toBe(1);
  });

  it("does not emit stepwell/function.finished", async () => {
    const seen: string[] = [];
    const log = stepwell.createFunction({ id: "log" }, { event: "stepwell/function.finished" }, ({ event }) => {
      seen.push(event.data.run_id);
    });
    const cloud = await openCloud([log, on("rest", ({ step }) => step.sleep("nap", "1h"))]);
    const run = await start(cloud, { name: "shop/rest" });
    await cloud.cancel(run.id);
    const other = await start(cloud, { name: "shop/rest" });
    await cloud.passTime("2h");
    expect(seen).toEqual([other.id]);
  });
});
