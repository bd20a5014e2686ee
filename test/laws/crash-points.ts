import { describe, expect, it } from "vitest";
import { seededRandom } from "../../local/random.ts";
import { FAULT_KINDS, type Fault, type FaultKind } from "./faults.ts";
import { differences, type Played, play, type Scenario } from "./harness.ts";

/** `LAWS=full npx vitest run test/laws` makes every fault at every call: about four minutes. */
const FULL = process.env.LAWS === "full";
/** Of the rest, one in so many. */
const SAMPLE = 10;

/** Every call crashes once, before or after it is made, and errs once although it is done; the rest is a fixed sample. */
function pointsOf(calls: number): readonly Fault[] {
  const random = seededRandom(calls);
  const crashes: readonly FaultKind[] = ["crashBefore", "crashAfter"];
  return Array.from({ length: calls }, (_, i) => i + 1).flatMap((at) => {
    const always = ["failAfter", crashes[random.fraction() < 0.5 ? 0 : 1]];
    const kinds = FAULT_KINDS.filter((kind) => FULL || always.includes(kind) || random.fraction() < 1 / SAMPLE);
    return kinds.map((kind) => ({ kind, at }));
  });
}

/**
 * One fault at each AWS call: the run ends as without it, each body runs at most once more, and nothing is left behind (see `audit`);
 * the sweeper has nothing to do.
 */
export function proveEveryCrashPoint(scenarios: readonly Scenario[]): void {
  describe.each(scenarios)("$name", (scenario) => {
    it("ends the same, and leaves nothing behind, whatever happens at any of its AWS calls (L1-L8)", {
      timeout: 300_000,
    }, async () => {
      const base: Played = await play(scenario);
      expect(base.problems).toEqual([]);
      for (const fault of pointsOf(base.calls.length)) {
        const played = await play(scenario, [fault]);
        const problems = differences(base, played, 1);
        expect({ ...fault, call: base.calls[Number(fault.at) - 1], problems }).toMatchObject({ problems: [] });
      }
    });
  });
}
