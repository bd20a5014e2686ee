import { describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import type { FaultKind } from "../../sim/faults.ts";
import { perform, play, type Scenario, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { close, itemsOf, open, writesAmong } from "./stage.ts";

/** Applied, and answered with an error; and the same, repeated by the SDK. */
const AMBIGUOUS: readonly FaultKind[] = ["failAfter", "repeat"];

const timeouts = [
  { waits: "stepFunctions", timeout: "10m" },
  // A message with a delay, and a schedule.
  { waits: "table", timeout: "10m" },
  { waits: "table", timeout: "2h" },
] as const;

const awaiting = ({ waits, timeout }: (typeof timeouts)[number]): Omit<Scenario, "name"> => ({
  waits,
  functions: one(async ({ step }) => {
    const event = await step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout });
    return event === null ? "timed out" : "paid";
  }),
});

describe("FI-02 a wait that exists has its timeout, whatever write of it was applied and answered with an error", {
  timeout: 300_000,
}, () => {
  it.each(timeouts)("$waits, $timeout: it times out without any event", async (kind) => {
    const scenario = { name: "wait", ...awaiting(kind) };
    const { calls } = await play(scenario);
    for (const at of setUpAmong(calls))
      for (const fault of AMBIGUOUS) {
        const stage = await open(scenario, [{ kind: fault, at }]);
        const { run, problems } = await perform(stage, async () => {
          await stage.pass(MINUTE_MS);
          const { waits, timeouts } = await lookAt(stage);
          expect({ at: calls[at - 1], fault, waits, hasTimeout: timeouts >= waits }).toMatchObject({
            hasTimeout: true,
          });
        });
        expect({ at: calls[at - 1], fault, output: run.output, problems }).toMatchObject(TIMED_OUT);
        await close(stage);
      }
  });

  it("beside a step that takes longer, it times out in its own time", async () => {
    const scenario: Scenario = {
      name: "beside",
      functions: one(async ({ step }, { slow }) => {
        const wait = step.waitForEvent("paid", { event: "laws/paid", timeout: "2m" }).then(() => Date.now());
        const long = step.run("long", () => slow(4 * MINUTE_MS)).then(() => Date.now());
        const [waited, worked] = await Promise.all([wait, long]);
        return waited < worked ? "timed out" : "only after the step";
      }),
    };
    const { calls } = await play(scenario);
    // With the takeover the step is under way again before the run could suspend.
    for (const at of ["step#", "listener#", "StartExecution"]) {
      expect(calls.some((call) => call.includes(at))).toBe(true);
      const { run, problems } = await play(scenario, [{ kind: "crashAfter", at }]);
      expect({ at, output: run.output, problems }).toMatchObject(TIMED_OUT);
    }
  });

  it("and a sleep that exists has its timer", async () => {
    const scenario: Scenario = {
      name: "sleep",
      functions: one(async ({ step }) => {
        await step.sleep("nap", "1h");
        return "timed out";
      }),
      script: ({ pass }) => pass(2 * HOUR_MS),
    };
    const { calls } = await play(scenario);
    for (const at of setUpAmong(calls))
      for (const kind of AMBIGUOUS) {
        const { run, problems } = await play(scenario, [{ kind, at }]);
        expect({ at: calls[at - 1], kind, output: run.output, problems }).toMatchObject(TIMED_OUT);
      }
  });
});

/** Numbers of the writes from the lease to the suspend. */
function setUpAmong(calls: readonly string[]): readonly number[] {
  const lease = calls.findIndex((call) => call.includes("(SET #owner)")) + 1;
  const suspend = calls.findIndex((call) => call.includes("(SET #armed")) + 1;
  const writes = writesAmong(calls).filter((at) => at >= lease && at <= suspend);
  expect(writes.length).toBeGreaterThanOrEqual(3);
  return writes;
}

const TIMED_OUT = { output: "timed out", problems: [] };

/** Open waits, and what will bring their timeouts: executions, messages under way, schedules. */
async function lookAt(stage: Stage): Promise<{ waits: number; timeouts: number }> {
  const { aws, provisioned } = stage;
  const { waitMachine, runQueue } = engineNames(provisioned.binding.engine);
  const running = aws.stepFunctions.executions(waitMachine).filter(({ status }) => status === "RUNNING");
  const bodies = [...aws.sqs.messages(runQueue("main", "laws")).map(({ body }) => body), ...aws.scheduler.inputs()];
  const waits = (await itemsOf(stage)).filter(({ kind, outcome }) => kind === "waitForEvent" && outcome === undefined);
  return { waits: waits.length, timeouts: running.length + bodies.filter((body) => body.includes("timeout:")).length };
}
