import { describe, expect, it } from "vitest";
import { audit } from "./audit.ts";
import { openStage, type Scenario, START_EVENT } from "./harness.ts";
import { effects, HOUR_MS, MINUTE_MS, one, steps, waits } from "./scenarios.ts";

const DAY_MS = 24 * HOUR_MS;

const deadline: Scenario = {
  name: "a deadline that ends a run which sleeps",
  functions: one(({ step }) => step.sleep("long", "3d"), { timeouts: { finish: "2d" } }),
};

/** Those with timers that are waited for until they come. */
const TIMED: readonly Scenario[] = [
  deadline,
  ...steps.filter(({ name }) => /sleep|backoff|rest|handler/.test(name)),
  ...effects.filter(({ name }) => name.includes("too slow")),
  ...waits,
];

const TIMER = /^(POST \/schedules|StartExecution|SendMessage)/;

/** How it ends, and when, with one of its timers early. */
async function endWith(scenario: Scenario, fault?: { readonly at: number; readonly ms: number }) {
  const stage = await openStage(scenario, fault === undefined ? [] : [{ kind: "early", ...fault }]);
  const { ids } = await stage.cloud.send(START_EVENT);
  await scenario.script?.(stage);
  await stage.pass(20 * DAY_MS);
  await stage.doors.sweep();
  const [run] = await stage.cloud.runsOf(ids[0] ?? "");
  const { problems } = await audit(stage);
  await stage.cloud.close();
  return {
    calls: stage.faults.calls,
    struck: stage.faults.struck.length,
    end: { status: run?.status, output: run?.output, error: run?.error?.code, problems },
    endedAt: run?.endedAt ?? 0,
  };
}

describe.each(TIMED)("$name", (scenario) => {
  it("ends the same, and no sooner, when one of its timers comes early, and needs no sweeper (L3)", async () => {
    const base = await endWith(scenario);
    expect(base.end.problems).toEqual([]);
    const timers = base.calls.flatMap((call, i) => (TIMER.test(call) ? [i + 1] : []));
    let struck = 0;
    for (const at of timers) {
      for (const ms of [10_000, 10 * MINUTE_MS, DAY_MS]) {
        const early = await endWith(scenario, { at, ms });
        // A message that nothing holds back.
        if (early.struck === 0) break;
        expect({ at, ms, ...early.end }).toEqual({ at, ms, ...base.end });
        expect(early.endedAt).toBeGreaterThanOrEqual(base.endedAt - 1_000);
        struck++;
      }
    }
    expect(struck).toBeGreaterThan(0);
  }, 120_000);
});
