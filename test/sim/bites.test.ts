import { describe, expect, it } from "vitest";
import type { Law } from "../../audit/index.ts";
import type { Plan } from "../../sim/plan.ts";
import { shrink } from "../../sim/shrink.ts";
import { type Broken, type Result, simulate } from "../../sim/simulate.ts";
import { tellFailure } from "../../sim/tell.ts";
import { storyOf } from "./play.ts";
import { acknowledgedTooEarly, unguarded } from "./sabotage.ts";

/** So many stories of a family are enough for a guard's absence to be noticed. */
const SEEDS = 60;

type Weather = Plan["weather"];

const hasRates = ({ rates }: Weather): boolean => Object.keys(rates).length > 0;

/** The first story of the family that breaks this law: in a weather of single faults, or in the one that is given. */
async function firstBreach(
  law: Law,
  family: string,
  broken: Broken,
  weather: Weather | "single faults",
): Promise<Result> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { story, plan } = storyOf(seed, family);
    if (weather === "single faults" && hasRates(plan.weather)) continue;
    const result = await simulate(story, typeof weather === "string" ? plan : { ...plan, weather }, broken);
    if (lawsOf(result).includes(law)) return result;
  }
  throw new Error(`${SEEDS} stories of ${family} have not noticed it.`);
}

async function shortest(failed: Result, broken: Broken) {
  const { story } = storyOf(failed.plan.seed, failed.plan.workload);
  return shrink(story, failed, (told, plan) => simulate(told, plan, broken));
}

const lawsOf = ({ findings }: Result): readonly Law[] => findings.map(({ law }) => law);

/** A simulator that finds nothing proves nothing: what guards the engine's laws is taken away, and it has to notice. */
describe("an engine without one of its guards is found out", () => {
  it("when messages are acknowledged before the work is done, a process that dies leaves its run behind (L3)", async () => {
    const broken = { behind: acknowledgedTooEarly };
    const failed = await firstBreach("L3", "sequences", broken, "single faults");

    const shrunk = await shortest(failed, broken);
    expect(lawsOf(shrunk.result)).toContain("L3");
    const { acts, weather, order } = shrunk.result.plan;
    expect(acts).toMatchObject([{ kind: "send" }]);
    expect(weather).toMatchObject({ faults: [{}], rates: {}, skewMs: 0 });
    expect(order).toBe("as they come");

    const told = tellFailure(failed, shrunk);
    expect(told).toMatch(/^Seed \d+ of "sequences" breaks .*L3/);
    expect(told).toContain("<m0 1>");
    expect(told).toContain(`Again: npm run sim -- --workload sequences --seed ${failed.plan.seed} --trace`);
  }, 300_000);

  it("when a lease that is held can be taken, steps are executed twice at a time (L4)", async () => {
    const part = / AND \(attribute_not_exists\(#owner\) OR #leaseUntil < :now\)/;
    const broken = { behind: unguarded(/\(SET #owner\)$/, part) };
    const eachMessageTwice: Weather = { faults: [], rates: { duplicate: 1 }, skewMs: 0 };
    expect(lawsOf(await firstBreach("L4", "sequences", broken, eachMessageTwice))).toContain("L4");
  }, 300_000);

  it("when a step's result can be overwritten, the code is given what is not stored (L1)", async () => {
    const broken = { behind: unguarded(/^PutItem run#\w+\/step#/, /.*/) };
    const frost: Weather = { faults: [], rates: { freeze: 0.1 }, skewMs: 0 };
    expect(lawsOf(await firstBreach("L1", "sequences", broken, frost))).toContain("L1");
  }, 300_000);
});
