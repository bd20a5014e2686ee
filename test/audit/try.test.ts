import { expect, it } from "vitest";
import { gates } from "../laws/gates.ts";
import { openStage, perform } from "../laws/harness.ts";
import { scenarios } from "../laws/scenarios.ts";
import { watch } from "./live.ts";

const all = [...scenarios, ...gates];
it.each(all.map((s) => [s.name, s] as const))("%s", { timeout: 120_000 }, async (_, scenario) => {
  const stage = await openStage(scenario);
  try {
    const findings = watch(stage);
    const t = performance.now();
    const { problems } = await perform(stage, scenario.script);
    console.log(stage.faults.calls.length, Math.round(performance.now() - t));
    expect([...new Set(findings)].slice(0, 6)).toEqual([]);
    expect(problems).toEqual([]);
  } finally {
    await stage.cloud.close();
  }
});
