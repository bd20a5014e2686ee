/** Polling with floating sleeps: the pause begins beside the poll, so that polls are a minute apart however long each takes. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { stepwell } from "./outside.ts";

const MINUTE = 60_000;

/** A job is done so long after it was first looked at. */
let doneAfter = 0;
let firstLook: number | undefined;
const jobs = {
  status: (_job: string) => {
    firstLook ??= Date.now();
    return Date.now() - firstLook >= doneAfter ? "done" : "running";
  },
};

const watchJob = stepwell.createFunction({ id: "watch-job" }, { event: "job/begun" }, async ({ event, step }) => {
  for (let polls = 1; polls <= 10; polls++) {
    const pause = step.sleep("pause", "1m");
    const status = await step.run("poll", () => jobs.status(event.data.job));
    if (status === "done") return { status, polls };
    await pause;
  }
  return { status: "given up" };
});

const t = new TestEngine({ function: watchJob, events: [{ name: "job/begun", data: { job: "j1" } }] });
const reset = () => {
  doneAfter = 2.5 * MINUTE;
  firstLook = undefined;
};

describe("polling with floating sleeps", () => {
  beforeEach(reset);

  it("polls each minute until the job is done, and leaves the last pause behind", async () => {
    const { result, run, ctx } = await t.execute();
    expect(result).toEqual({ status: "done", polls: 4 });
    expect((run.endedAt ?? 0) - (run.startedAt ?? 0)).toBe(3 * MINUTE);
    expect(run.steps.find(({ id }) => id === "pause:3")?.status).toBe("cancelled");
    expect(ctx.step.sleep).toHaveBeenCalledTimes(4);
  });

  it("gives up after ten polls", async () => {
    const { result } = await t.execute({ steps: [{ id: "poll", handler: () => "running" }] });
    expect(result).toEqual({ status: "given up" });
  });

  it("comes out the same after a crash at every step", async () => {
    const { points } = await t.survivesCrashes({ reset });
    expect(points.filter(({ at }) => at === "bodyEnded").map(({ stepId }) => stepId)).toEqual([
      "poll",
      "poll:1",
      "poll:2",
      "poll:3",
    ]);
  });
});
