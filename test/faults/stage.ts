/** What the named fault tests share: stages that are closed after the test, and hands on the calls of the doors. */
import { AsyncLocalStorage } from "node:async_hooks";
import { unmarshall } from "@aws-sdk/util-dynamodb";
import { afterEach } from "vitest";
import { currentInvocation, type Invocation } from "../../local/invocation.ts";
import { type Fault, FREEZE_MS } from "../../sim/faults.ts";
import { openStage, type Scenario, type Stage } from "../laws/harness.ts";

export { FREEZE_MS };

const opened = new Set<Stage>();

afterEach(async () => {
  const stages = [...opened];
  opened.clear();
  await Promise.all(stages.map(({ cloud }) => cloud.close()));
});

/** A stage that is closed after the test, or by `close`. */
export async function open(scenario: Omit<Scenario, "name">, faults: readonly Fault[] = []): Promise<Stage> {
  const stage = await openStage({ name: "fault", ...scenario }, faults);
  opened.add(stage);
  return stage;
}

/** Closes a stage before the test ends, where one test opens many. */
export async function close(stage: Stage): Promise<void> {
  opened.delete(stage);
  await stage.cloud.close();
}

/** What a test does itself must not be taken for something that a door does. */
export const outside = AsyncLocalStorage.snapshot();

/** Everything in the table. */
export async function itemsOf({ aws, provisioned }: Stage): Promise<readonly Item[]> {
  const { Items } = await aws.dynamodb.call("Scan", { TableName: provisioned.binding.tableName });
  return (Items as Parameters<typeof unmarshall>[0][]).map((item) => unmarshall(item) as Item);
}

export type Item = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };

/** Lets the event loop turn until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; !(await holds()); turns++) {
    if (turns > TURNS_MAX) throw new Error("What is waited for does not come.");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** More turns of the event loop than anything takes that needs no time. */
const TURNS_MAX = 20_000;

/** Numbers, from 1, of the calls that change something. */
export const writesAmong = (calls: readonly string[]): readonly number[] =>
  calls.flatMap((call, i) => (/^(Query|GetItem)/.test(call) ? [] : [i + 1]));

/** A process, or one call of it, that is held up while the world goes on. */
export interface Held {
  /** Whether a process has come to the call. */
  readonly reached: boolean;
  /** Lets it go on. */
  release(): void;
}

/** Holds up a call, by its number or as the first that has this text; its process may make others. */
export const holdUp = (stage: Stage, which: string | number): Held => hold(stage, which, false);

/** Freezes the process that is the first to come to a call with this text: this call, its heartbeat, and whatever else it does. */
export const freezeAt = (stage: Stage, text: string): Held => hold(stage, text, true);

function hold(stage: Stage, which: string | number, isFreeze: boolean): Held {
  const gate = Promise.withResolvers<void>();
  let frozen: Invocation | undefined;
  const held = { reached: false, release: gate.resolve };
  const before = stage.faults.before;
  stage.faults.before = async (call, at) => {
    await before?.(call, at);
    const invocation = currentInvocation();
    if (isFreeze && invocation === frozen) return gate.promise;
    if (held.reached || !(typeof which === "number" ? at === which : call.includes(which))) return;
    held.reached = true;
    frozen = invocation;
    // Nobody waits for it: time may pass over it.
    invocation?.pause();
    await gate.promise;
    invocation?.resume();
    frozen = undefined;
  };
  return held;
}

/** Lets time pass, a second at a time, until something holds. */
export async function passUntil(stage: Stage, holds: () => boolean): Promise<void> {
  for (let seconds = 0; !holds(); seconds++) {
    if (seconds > 3_600) throw new Error("What is waited for does not come within an hour.");
    await stage.pass(1_000);
  }
}

/** The address of the first run that has been leased. */
export const firstRun = ({ runIds }: Stage) => ({
  env: "main",
  app: "laws",
  functionId: "main",
  runId: runIds[0] ?? "",
});

/** Sends the first run a message that wakes it for no reason. */
export async function wakeForNothing(stage: Stage, id = "spare"): Promise<void> {
  const { doors, provisioned } = stage;
  await doors.world.queue.sendToRun(provisioned.binding.runQueueUrl, { v: 1, id, ...firstRun(stage), kind: "wake" });
}

/** Gives each process a clock of its own, so many milliseconds ahead of the services', or behind them. */
export function skewClocks({ aws: { clock } }: Stage, skewOf: (process: Invocation) => number): void {
  const { now, at, pause } = clock;
  const skew = () => {
    const process = currentInvocation();
    return process === undefined ? 0 : skewOf(process);
  };
  Object.assign(clock, {
    now: () => now() + skew(),
    at: (time: number, task: () => void) => at(time - skew(), task),
    pause: (time: number, task: () => void) => pause(time - skew(), task),
  });
}
