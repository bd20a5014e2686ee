/** The stage of the named tests: that of the laws, closed after each test, and what happens at chosen moments. */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach } from "vitest";
import { runIdOf } from "../../lambdas/engine/run-id.ts";
import type { Fault } from "../../sim/faults.ts";
import { openStage, type Played, perform, type Scenario, START, type Stage } from "../laws/harness.ts";

const opened = new Set<Stage>();

afterEach(closeStages);

async function closeStages(): Promise<void> {
  const stages = [...opened];
  opened.clear();
  await Promise.all(stages.map(({ cloud }) => cloud.close()));
}

/** A stage that is closed after the test. */
export async function open(scenario: Scenario, faults: readonly Fault[] = []): Promise<Stage> {
  const stage = await openStage(scenario, faults);
  opened.add(stage);
  return stage;
}

/** Opens a stage, lets `prepare` have a hand in it, and plays the scenario on it to the end. */
export async function playOn(
  scenario: Scenario,
  faults: readonly Fault[] = [],
  prepare?: (stage: Stage) => void,
): Promise<Played & { readonly stage: Stage }> {
  const stage = await open(scenario, faults);
  prepare?.(stage);
  const played = await perform(stage, scenario.script);
  await stage.cloud.close();
  opened.delete(stage);
  return { ...played, stage };
}

/** What a test does itself must not be taken for something that a door does. */
export const outside = AsyncLocalStorage.snapshot();

/** Resolves once it is so, while time stands still. */
export async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
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

export { START };
