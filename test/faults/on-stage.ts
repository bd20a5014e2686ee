/** Scenarios played on the stage of the named tests, and what happens to them at chosen moments. */
import type { Item } from "../../audit/index.ts";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import type { Fault } from "../../sim/faults.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { APP, type Played, perform, type Scenario, type Stage } from "../laws/harness.ts";
import { close, open, until } from "./stage.ts";

/** Opens a stage, lets `prepare` have a hand in it, and plays the scenario on it to the end. */
export async function playOn(
  scenario: Scenario,
  faults: readonly Fault[] = [],
  prepare?: (stage: Stage) => void,
): Promise<Played & { readonly stage: Stage }> {
  const stage = await open(scenario, faults);
  prepare?.(stage);
  const played = await perform(stage, scenario.script);
  await close(stage);
  return { ...played, stage };
}

/** Puts events on the bus, and resolves once the router has handled them: all before whoever awaits this goes on. */
export async function routed({ doors, aws, provisioned }: Stage, events: readonly SmallEvent[]): Promise<void> {
  await doors.world.bus.send(
    "laws",
    events.map(({ id, name, data }) => ({
      name,
      envelope: { v: 1 as const, id, ts: aws.clock.now(), env: "main", data },
    })),
  );
  const queue = provisioned.binding.ingestQueueUrl.split("/").at(-1) ?? "";
  await until(() => aws.sqs.messages(queue).length === 0);
}

export interface SmallEvent {
  readonly id: string;
  readonly name: string;
  readonly data: object;
}

/** An own event as the bus delivers it: accepted at `at`, whose time has whole seconds. */
export const busEvent = ({ id, name, data }: SmallEvent, at: number) => ({
  id: "bus",
  source: "stepwell.laws",
  "detail-type": name,
  time: new Date(Math.floor(at / 1_000) * 1_000).toISOString(),
  detail: { v: 1, id, ts: at, env: "main", data },
});

/** The run that the start event begins, if it is sent now. */
export const runOfStart = ({ aws }: Stage) => runIdOf({ app: "laws", functionId: "main" }, "start", aws.clock.now());

/** The numbers of the calls whose name has this text, from 1. */
export const callsWith = (calls: readonly string[], text: string): readonly number[] =>
  calls.flatMap((call, i) => (call.includes(text) ? [i + 1] : []));

/** Every item of the table. */
export const itemsOf = async (stage: Stage): Promise<readonly Item[]> => (await snapshotOf(stage, APP)).items;
