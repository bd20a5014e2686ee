import { Stepwell } from "stepwell";
import { describe, expect, it } from "vitest";
import { Draw } from "../../sim/draw.ts";
import { arrivalsOf, OPTIONS, rulesOf } from "../../sim/workloads/flow/generate.ts";
import { model } from "../../sim/workloads/flow/model.ts";
import { optionsOf } from "../../sim/workloads/flow/options.ts";
import type { Arrival, Option, Outcome, Rules } from "../../sim/workloads/flow/rules.ts";
import { applying, order, pairs, refused, stages } from "./document.ts";
import { play } from "./play.ts";

/** `FLOW=full npx vitest run test/flow` draws more of everything. */
const SEEDS = process.env.FLOW === "full" ? 40 : 2;
const ARRIVALS = 14;

interface Drawn {
  readonly rules: Rules;
  readonly arrivals: readonly Arrival[];
}

const outcomesOf = ({ rules, arrivals }: Drawn) => sorted(model(rules, arrivals, order).outcomes);

const sorted = (outcomes: readonly Outcome[]) =>
  outcomes.toSorted((a, b) => (JSON.stringify(a.events) < JSON.stringify(b.events) ? -1 : 1));

/** Arrivals that leave nothing open, since no two things are due at the same moment, and in which each option matters. */
function drawn(options: readonly Option[], seed: number): Drawn {
  for (let attempt = 0; attempt < 5_000; attempt++) {
    const draw = new Draw(seed * 10_000 + attempt);
    const rules = rulesOf(draw, options);
    const candidate = { rules, arrivals: arrivalsOf(draw, ARRIVALS, rules) };
    if (isClear(candidate) && options.every((option) => matters(option, candidate))) return candidate;
  }
  throw new Error(`Seed ${seed} draws no arrivals for ${options}.`);
}

const isClear = ({ rules, arrivals }: Drawn): boolean => model(rules, arrivals, order).ties === 0;

/** Whether something else would happen without it. Without a queue a priority never matters. */
function matters(option: Option, { rules, arrivals }: Drawn): boolean {
  if (option === "priority" && rules.concurrency === undefined) return true;
  const { [option]: _, ...others } = rules;
  return JSON.stringify(outcomesOf({ rules: others, arrivals })) !== JSON.stringify(outcomesOf({ rules, arrivals }));
}

async function compare(options: readonly Option[], seed: number): Promise<void> {
  const { rules, arrivals } = drawn(options, seed);
  const happened = sorted(await play(rules, arrivals));
  const story = [`seed ${seed}`, JSON.stringify(rules), ...arrivals.map((arrival) => JSON.stringify(arrival))];
  expect(happened, story.join("\n")).toEqual(outcomesOf({ rules, arrivals }));
}

describe("docs/flow-control.md", () => {
  it("has each option at its stage, and each pair of options once", () => {
    expect(order.slice(1).toSorted()).toEqual(OPTIONS.toSorted());
    const named = pairs.map(({ options }) => options.toSorted().join());
    const all = OPTIONS.flatMap((one, i) => OPTIONS.slice(i + 1).map((other) => [one, other].sort().join()));
    expect(named.sort()).toEqual(all.sort());
    expect(applying.length + refused.length).toBe(all.length);
  });

  it("names the reason that the record of a skipped event has", () => {
    const reasons = stages.flatMap(({ option, fate }) => (fate.includes(`skipped: \`${option}\``) ? [option] : []));
    expect(reasons).toEqual(["idempotency", "rateLimit", "debounce", "singleton"]);
  });
});

describe("one option alone does what the model says", () => {
  it.each(OPTIONS)("%s", { timeout: 60_000 }, async (option) => {
    for (let seed = 1; seed <= SEEDS; seed++) await compare([option], seed);
  });
});

describe("two options together do what the model says", () => {
  it.each(applying.map(({ options }) => [...options] as const))(
    "%s and %s",
    { timeout: 300_000 },
    async (...options) => {
      for (let seed = 1; seed <= SEEDS; seed++) await compare(options as readonly Option[], seed);
    },
  );
});

describe("two options that contradict one another are refused when the function is defined", () => {
  const define = (rules: Rules) =>
    new Stepwell({ id: "shop" }).createFunction({ id: "f", ...optionsOf(rules) }, { event: "shop/a" }, () => 1);

  it.each(refused.map(({ options }) => [...options] as const))("%s with %s", (...names) => {
    const options = names as readonly Option[];
    for (const option of options) expect(() => define(rulesOf(new Draw(1), [option]))).not.toThrow();
    const both = () => define(rulesOf(new Draw(1), options));
    expect(both).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_FUNCTION" }));
    expect(both).toThrow(/^createFunction "f": /);
    for (const option of options) expect(both).toThrow(option);
  });
});
