import { expect, it } from "vitest";
import { planOf } from "../../sim/plan.ts";
import { simulate } from "../../sim/simulate.ts";
import { flowControl } from "../../sim/workloads/flow/index.ts";

/** `FLOW=full npx vitest run test/flow` plays more; `FLOW_SEED=17` plays one. */
const SEEDS = process.env.FLOW === "full" ? 1_000 : 40;
const ONE = process.env.FLOW_SEED;
const AT_ONCE = 10;

/**
 * Random functions, events, faults, deaths and deliveries, judged by what is left in the table and what the functions have seen: no limit
 * is ever exceeded, at rest nothing is held or queued, and each event has exactly one fate.
 */
it.each(ONE === undefined ? blocks(SEEDS) : [[Number(ONE), Number(ONE)]])(
  "flow control keeps its word, in the stories %i to %i",
  { timeout: 300_000 },
  async (first, last) => {
    for (let seed = first; seed <= last; seed++) {
      const { story, plan } = planOf(flowControl, seed);
      const { findings } = await simulate(story, plan);
      const told = [`seed ${seed}`, story.about, ...story.acts.map((act) => JSON.stringify(act))].join("\n");
      expect({ findings }, told).toEqual({ findings: [] });
    }
  },
);

function blocks(seeds: number): readonly (readonly [number, number])[] {
  return Array.from({ length: seeds / AT_ONCE }, (_, i) => [i * AT_ONCE + 1, (i + 1) * AT_ONCE] as const);
}
