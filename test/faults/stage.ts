/** What the named fault tests share: stages that are closed after the test, and hands on the calls of the doors. */
import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import { type Fault, FREEZE_MS } from "../laws/faults.ts";
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

/** A call that is held up while the world goes on. */
export interface Held {
  /** Whether a process has come to it. */
  readonly reached: boolean;
  /** Lets it go. */
  release(): void;
}

/** Holds up the first call that has this text, and with it all of its process. */
export function holdUp(stage: Stage, text: string | RegExp): Held {
  const gate = Promise.withResolvers<void>();
  const held = { reached: false, release: gate.resolve };
  const before = stage.faults.before;
  stage.faults.before = async (call, at) => {
    await before?.(call, at);
    if (held.reached || (typeof text === "string" ? !call.includes(text) : !text.test(call))) return;
    held.reached = true;
    // Nobody waits for it: time may pass over it.
    const invocation = currentInvocation();
    invocation?.pause();
    await gate.promise;
    invocation?.resume();
  };
  return held;
}
