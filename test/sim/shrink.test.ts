import { describe, expect, it } from "vitest";
import type { Finding } from "../../audit/index.ts";
import type { Act, Story, Struck } from "../../sim/contract.ts";
import type { Plan } from "../../sim/plan.ts";
import { shrink } from "../../sim/shrink.ts";
import type { Result } from "../../sim/simulate.ts";

const story: Story = { about: "", functions: () => [], acts: [], judge: () => [] };
const sends: readonly Act[] = Array.from({ length: 9 }, (_, i) => ({
  at: i,
  kind: "send",
  event: { id: `e${i}`, name: "go" },
}));
const plan: Plan = {
  seed: 1,
  workload: "made up",
  acts: sends,
  order: "drawn",
  weather: { faults: [], rates: { crashAfter: 0.1, late: 0.5 }, skewMs: 2_000 },
};

/** What strikes by rates, in this world. */
const DRAWN: readonly Struck[] = ["a", "b", "c", "d", "e"].map((at) => ({ kind: "crashAfter", at, nth: 1 }));

const struckIn = ({ weather }: Plan): readonly string[] =>
  Object.keys(weather.rates).length > 0
    ? DRAWN.map(({ at }) => at)
    : weather.faults.map(({ at }) => (at as { readonly name: string }).name);
const idsIn = ({ acts }: Plan) => acts.map((act) => (act.kind === "send" ? act.event.id : ""));

/** A world in which a law is broken when all that is named comes together. */
function world(needs: {
  readonly events: readonly string[];
  readonly faults: readonly string[];
  readonly drawn?: true;
}) {
  let plays = 0;
  const play = async (_: Story, tried: Plan): Promise<Result> => {
    plays++;
    const breaks =
      needs.events.every((id) => idsIn(tried).includes(id)) &&
      needs.faults.every((at) => struckIn(tried).includes(at)) &&
      (needs.drawn === undefined || tried.order === "drawn");
    const findings: Finding[] = breaks ? [{ law: "L3", text: "stuck" }] : [{ law: "L1", text: "another thing" }];
    return { ...nothing, plan: tried, findings, struck: DRAWN };
  };
  return { play, plays: () => plays };
}

const nothing = { about: "", swept: [], runNames: new Map(), calls: 0, hung: false, lines: [], hash: "" };

describe("a failing story", () => {
  it("keeps the acts and the faults that it needs together, and no others", async () => {
    const { play, plays } = world({ events: ["e2", "e7"], faults: ["b", "d"] });
    const { result, tries } = await shrink(story, await play(story, plan), play);
    expect(idsIn(result.plan)).toEqual(["e2", "e7"]);
    expect(struckIn(result.plan)).toEqual(["b", "d"]);
    expect(result.plan).toMatchObject({ order: "as they come", weather: { rates: {}, skewMs: 0 } });
    expect(result.findings).toMatchObject([{ law: "L3" }]);
    expect(tries).toBe(plays() - 1);
  });

  it("keeps the drawn order of calls where it fails by that alone", async () => {
    const { play } = world({ events: ["e0"], faults: [], drawn: true });
    const { result } = await shrink(story, await play(story, plan), play);
    expect(result.plan).toMatchObject({ order: "drawn", weather: { faults: [], rates: {}, skewMs: 0 } });
    expect(idsIn(result.plan)).toEqual(["e0"]);
  });

  it("that breaks another law without some part is another story", async () => {
    const { play } = world({ events: idsIn(plan), faults: ["a", "b", "c", "d", "e"] });
    const { result } = await shrink(story, await play(story, plan), play);
    expect(idsIn(result.plan)).toHaveLength(sends.length);
    expect(struckIn(result.plan)).toHaveLength(DRAWN.length);
  });

  it("that stands still is not played again and again", async () => {
    const { play, plays } = world({ events: ["e1"], faults: [] });
    const hanging = async (told: Story, tried: Plan) => ({ ...(await play(told, tried)), hung: true });
    await shrink(story, await hanging(story, plan), hanging);
    expect(plays()).toBe(2);
  });
});
