import { describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import { FAULT_KINDS, type Fault, type FaultKind } from "../../sim/faults.ts";
import { differences, type Played, play, type Scenario } from "./harness.ts";

/** `LAWS=full npx vitest run test/laws` makes every fault at every call: some four minutes. */
const FULL = process.env.LAWS === "full";
/** Of the rest, one in so many. */
const SAMPLE = 20;

/**
 * After every write the process dies once, and gets an error for it once; a crash at a read, or before a write, leaves no other world
 * behind than one of these, so of them and the rest a fixed sample is taken. The way of the start event to the first lease is the same
 * for all: it is proved with the first scenario.
 */
function pointsOf(calls: readonly string[], isFirst: boolean, always: readonly FaultKind[]): readonly Fault[] {
  const random = seededRandom(calls.length);
  const leased = calls.findIndex((call) => call.includes("(SET #owner)"));
  return calls.flatMap((call, i) => {
    if (!FULL && !isFirst && i < leased) return [];
    const isWrite = !/^(Query|GetItem)/.test(call);
    const kinds = FAULT_KINDS.filter(
      (kind) => FULL || (isWrite && always.includes(kind)) || random.fraction() < 1 / SAMPLE,
    );
    return kinds.map((kind) => ({ kind, at: i + 1 }));
  });
}

/**
 * One fault at each AWS call: the run ends as without it, each body runs at most once more, and nothing is left behind (see `audit`);
 * the sweeper has nothing to do. Of faults after a write that are not `always` made, a sample is taken too.
 */
export function proveEveryCrashPoint(
  scenarios: readonly Scenario[],
  always: readonly FaultKind[] = ["crashAfter", "failAfter"],
): void {
  describe.each(scenarios)("$name", (scenario) => {
    it("ends the same, and leaves nothing behind, whatever happens at any of its AWS calls (L1-L8)", {
      timeout: 300_000,
    }, async () => {
      const base: Played = await play(scenario);
      expect(base.problems).toEqual([]);
      for (const fault of pointsOf(base.calls, scenario === scenarios[0], always)) {
        const played = await play(scenario, [fault]);
        const problems = differences(base, played, 1);
        expect({ ...fault, call: base.calls[Number(fault.at) - 1], problems }).toMatchObject({ problems: [] });
      }
    });
  });
}
