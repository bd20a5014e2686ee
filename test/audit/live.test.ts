import { expect, it } from "vitest";
import type { Fault } from "../../sim/faults.ts";
import { disturb, type Mail, shuffled, twice } from "../../sim/mail.ts";
import { gates } from "../laws/gates.ts";
import { APP, openStage, perform, type Scenario } from "../laws/harness.ts";
import { effects, steps, waits } from "../laws/scenarios.ts";
import { watch } from "./live.ts";

const named = (all: readonly Scenario[], name: string): Scenario =>
  all.find((scenario) => scenario.name.startsWith(name)) as Scenario;

const parallel = named(steps, "parallel steps");
const invoke = named(effects, "an invoked function that is ok");
const wait = named(waits, "a wait that an event resolves (stepF");
const line = named(gates, "three runs");
const SCENARIOS = [
  ...[wait, named(steps, "two flaky steps"), named(steps, "a run that fails")],
  named(waits, "a race of a wait and a sleep, which the wait wins (table"),
  named(gates, "a run that is cancelled in line"),
];

async function findings(scenario: Scenario, faults: readonly Fault[] = [], mail?: Mail): Promise<readonly string[]> {
  const stage = await openStage(scenario, faults);
  try {
    if (mail !== undefined) disturb(stage.aws, mail, APP);
    const found = watch(stage);
    const { problems } = await perform(stage, scenario.script);
    expect(stage.faults.calls.length).toBeGreaterThan(10);
    return [...new Set([...found, ...problems])];
  } finally {
    await stage.cloud.close();
  }
}

it.each(SCENARIOS)("there is nothing to find before any AWS call of $name", { timeout: 120_000 }, async (scenario) => {
  expect(await findings(scenario)).toEqual([]);
});

it.each<[string, Scenario, readonly Fault[], Mail?]>([
  ["a process dies after a checkpoint", parallel, [{ kind: "crashAfter", at: "step#" }]],
  ["a process dies after it has promised a slot", line, [{ kind: "crashAfter", at: "(SET #promised" }]],
  ["messages come twice", wait, [], twice(0)],
  ["messages come late and in another order", invoke, [], shuffled(7)],
])("nor when %s", { timeout: 120_000 }, async (_, scenario, faults, mail) => {
  expect(await findings(scenario, faults, mail)).toEqual([]);
});
