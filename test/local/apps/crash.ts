/** An app for the crash tests. What its code does, and in which process, it writes into a journal. */
import { appendFileSync, existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { serve } from "../../../lambdas/runner/index.ts";
import { Stepwell } from "../../../sdk/index.ts";

const client = new Stepwell({ id: "crash" });
const { JOURNAL = "", GO = "" } = process.env;

const note = (runId: string, what: string, step: string) =>
  appendFileSync(JOURNAL, `${JSON.stringify({ runId, what, step, pid: process.pid, at: Date.now() })}\n`);

/** A step's body that takes its time. */
const body = (runId: string, step: string, ms: number) => async () => {
  note(runId, "begun", step);
  await pause(ms);
  note(runId, "ended", step);
  return process.pid;
};

const sequence = client.createFunction({ id: "sequence" }, { event: "crash/sequence" }, async ({ step, runId }) => {
  for (const id of ["a", "b", "c", "d", "e", "f"]) await step.run(id, body(runId, id, 300));
});

const parallel = client.createFunction({ id: "parallel" }, { event: "crash/parallel" }, async ({ step, runId }) => {
  await step.run("before", body(runId, "before", 50));
  await Promise.all([1, 2, 3, 4, 5].map((n) => step.run(`p${n}`, body(runId, `p${n}`, 200 * n))));
  await step.run("after", body(runId, "after", 50));
});

const between = client.createFunction({ id: "between" }, { event: "crash/between" }, async ({ step, runId }) => {
  await step.run("before", body(runId, "before", 50));
  note(runId, "between", "");
  await pause(1_000);
  await step.run("after", body(runId, "after", 50));
});

const sleeper = client.createFunction({ id: "sleeper" }, { event: "crash/sleeper" }, async ({ step, runId }) => {
  await step.run("before", body(runId, "before", 50));
  await step.sleep("sleep", "5s");
  await step.run("after", body(runId, "after", 50));
});

/** Its first body goes on until the file `GO` is there. */
const frozen = client.createFunction({ id: "frozen" }, { event: "crash/frozen" }, async ({ step, runId }) => {
  const pid = await step.run("work", async () => {
    note(runId, "begun", "work");
    while (!existsSync(GO)) await pause(20);
    note(runId, "ended", "work");
    return process.pid;
  });
  await step.waitForEvent("checked", { event: "crash/checked", match: "data.id", timeout: "1h" });
  return pid;
});

/** Holds on to the event loop for ever. */
const endless = client.createFunction({ id: "endless" }, { event: "crash/endless" }, async ({ step, runId }) => {
  await step.run("turn", () => {
    note(runId, "begun", "turn");
    for (;;);
  });
});

export const handler = serve({ client, functions: [sequence, parallel, between, sleeper, frozen, endless] });
