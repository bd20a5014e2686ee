import { describe, expect, it } from "vitest";
import { disturb, late, shuffled, twice } from "../../sim/mail.ts";
import { proveEveryCrashPoint } from "./crash-points.ts";
import { fanOuts } from "./fan-out.ts";
import { APP, differences, play } from "./harness.ts";
import { HOUR_MS } from "./scenarios.ts";

proveEveryCrashPoint(fanOuts, ["crashAfter"]);

describe.each(fanOuts)("messages of: $name (L1)", (scenario) => {
  it.each([
    ["twice at once", twice(0)],
    ["again a day later", twice(24 * HOUR_MS)],
    ["40 s late", late(40_000)],
    ["in any order", shuffled(1)],
  ] as const)("%s change nothing, and no body runs twice (L4)", async (_, mail) => {
    const base = await play(scenario);
    const played = await play(scenario, [], ({ aws }) => disturb(aws, mail, APP));
    expect(differences(base, played, 0)).toEqual([]);
  });
});
