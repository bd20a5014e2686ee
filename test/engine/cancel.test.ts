import { describe, expect, it } from "vitest";
import { cancelledError, finishBy, missedDeadline, startBy } from "../../lambdas/engine/cancel.ts";

const START = { by: "timeout", timeout: "start" } as const;
const FINISH = { by: "timeout", timeout: "finish" } as const;
const timeouts = { startMs: 60, finishMs: 1_000 };

describe("missedDeadline", () => {
  it.each([
    ["first executed in time", {}, 159, 159, false, undefined],
    ["first executed too late", {}, 160, 160, false, START],
    ["taken over before it has done anything, too late", { startedAt: 160 }, 160, 500, false, START],
    ["taken over before it has done anything, in time", { startedAt: 159 }, 159, 500, false, undefined],
    ["that has steps, under a deadline that a deploy has brought", { startedAt: 500 }, 500, 600, true, undefined],
    ["that has rested", { startedAt: 500, armed: 1 }, 500, 600, false, undefined],
    ["just before its end is due", { startedAt: 150 }, 150, 1_149, true, undefined],
    ["whose end is due", { startedAt: 150 }, 150, 1_150, true, FINISH],
  ])("of a run %s", (_, header, startedAt, now, hasSteps, expected) => {
    const execution = { header: { queuedAt: 100, ...header }, startedAt, hasSteps };
    expect(missedDeadline(execution, timeouts, now)).toEqual(expected);
    expect(missedDeadline(execution, undefined, now)).toBeUndefined();
  });

  it("deadlines are there only where they are asked for", () => {
    expect([startBy(timeouts, 100), finishBy(timeouts, 100)]).toEqual([160, 1_100]);
    expect([startBy({}, 100), finishBy({}, 100)]).toEqual([undefined, undefined]);
  });
});

describe("cancelledError names the cause", () => {
  it.each([
    [{ by: "request" }, "The run was cancelled."],
    [{ by: "request", reason: "twice" }, "The run was cancelled: twice"],
    [{ by: "event", event: "shop/stop", eventId: "e1" }, 'The run was cancelled by the event "shop/stop" (id e1).'],
    [{ by: "singleton", runId: "r2" }, "The run was cancelled for the run r2: their function is a singleton."],
    [START, "The run was cancelled: it had not started within the function's timeouts.start."],
    [FINISH, "The run was cancelled: it had not ended within the function's timeouts.finish."],
  ] as const)("%o", (cause, message) => {
    expect(cancelledError(cause)).toEqual({ name: "StepwellError", code: "STEPWELL_RUN_CANCELLED", message });
  });
});
