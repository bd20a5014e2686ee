import { beforeAll, describe, expect, it } from "vitest";
import { disturb, late, type Mail, shuffled, twice } from "../../sim/mail.ts";
import { APP, differences, type Played, play, type Scenario } from "./harness.ts";
import { HOUR_MS, scenarios } from "./scenarios.ts";
import { waitScenarios } from "./wait-scenarios.ts";

const DAY_MS = 24 * HOUR_MS;
const playWith = (scenario: Scenario, mail: Mail): Promise<Played> =>
  play(scenario, [], ({ aws }) => disturb(aws, mail, APP));

describe.each([...scenarios, ...waitScenarios])("messages of: $name (L1)", (scenario) => {
  let base: Played;
  beforeAll(async () => {
    base = await play(scenario);
  });

  it.each([
    ["twice at once", twice(0)],
    ["again a day later", twice(DAY_MS)],
    ["40 s late", late(40_000)],
    ["in any order", shuffled(1)],
  ] as const)("%s change nothing, and no body runs twice (L4)", async (_, mail) => {
    expect(differences(base, await playWith(scenario, mail), 0)).toEqual([]);
  });
});
