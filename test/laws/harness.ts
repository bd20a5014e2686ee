import type { Stepwell } from "stepwell";
import type { Served } from "../../lambdas/runner/functions.ts";
import type { LocalAws } from "../../local/aws.ts";
import type { LocalCloud } from "../../local/cloud.ts";
import type { Doors } from "../../local/doors.ts";
import type { Provisioned } from "../../local/provision.ts";
import { type RunView, StepwellError } from "../../sdk/protocol/index.ts";
import type { Fault, FaultLayer } from "../../sim/faults.ts";
import { openStage as openSimStage } from "../../sim/stage.ts";
import { audit } from "./audit.ts";
import { Notebook } from "./notebook.ts";

/** A small world: functions, the event that starts them, and what happens then. */
export interface Scenario {
  readonly name: string;
  readonly waits?: "stepFunctions" | "table";
  readonly timeoutMs?: number;
  readonly functions: (app: App) => readonly Served[];
  /** What happens after the start, before time passes until the run has ended. */
  readonly script?: (stage: Stage) => Promise<void>;
}

/** What a scenario's functions are made with. */
export interface App {
  readonly client: Stepwell;
  readonly notebook: Notebook;
  /** Something slow in a step or a handler: it takes this long, in milliseconds, and time passes over it. */
  slow(ms: number): Promise<void>;
}

/** A cloud on a virtual clock, with faults between its doors and AWS. */
export interface Stage {
  readonly aws: LocalAws;
  readonly cloud: LocalCloud;
  readonly doors: Doors;
  readonly provisioned: Provisioned;
  readonly faults: FaultLayer;
  readonly notebook: Notebook;
  /** Runs that any sweep had to wake. */
  readonly swept: readonly string[];
  /** Ids of the runs that have been leased so far. */
  readonly runIds: readonly string[];
  /** Lets time pass without the sweeper. In milliseconds. */
  pass(ms: number): Promise<void>;
}

/** How a scenario went. */
export interface Played {
  readonly run: Pick<RunView, "status" | "output"> & { readonly error: string | undefined };
  /** Runs by function. */
  readonly runs: Readonly<Record<string, number>>;
  /** Step bodies begun, by function and step. */
  readonly bodies: Readonly<Record<string, number>>;
  readonly calls: readonly string[];
  /** What is wrong with the world at rest. */
  readonly problems: readonly string[];
}

/** Id of the app. */
export const APP = "laws";
export const START = "laws/start";
export const START_EVENT = { id: "start", name: START, data: { id: 7 } };
/** Long enough for messages that come again a day later, with those that they entail. */
const REST_MS = 20 * 86_400_000;

/** Opens the stage of a scenario; `close` it. */
export async function openStage(scenario: Scenario, injected: readonly Fault[] = []): Promise<Stage> {
  const { waits, timeoutMs } = scenario;
  const notebook = new Notebook();
  const { faults, ...stage } = await openSimStage({
    app: APP,
    functions: (app) => scenario.functions({ ...app, notebook }),
    log: notebook.log,
    ...(waits !== undefined && { waits }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  faults.arm(injected);
  const runsOf = (call: string) => /run#(\w+)\/header/.exec(call)?.[1] ?? [];
  return {
    ...stage,
    faults,
    notebook,
    get runIds() {
      return [...new Set(faults.calls.flatMap(runsOf))];
    },
  };
}

/** Plays a scenario from its start until nothing is left to happen, and audits what is left behind. */
export async function play(scenario: Scenario, injected: readonly Fault[] = [], prepare?: Prepare): Promise<Played> {
  const stage = await openStage(scenario, injected);
  try {
    await prepare?.(stage);
    return await perform(stage, scenario.script);
  } finally {
    await stage.cloud.close();
  }
}

/** The same on a stage that is open already. */
export async function perform(stage: Stage, script?: Scenario["script"]): Promise<Played> {
  const { ids } = await stage.cloud.send(START_EVENT);
  await script?.(stage);
  const run = await endOf(stage, ids[0] ?? "");
  await stage.pass(REST_MS);
  await stage.doors.sweep();
  const { problems, runs } = await audit(stage);
  return { run, runs, bodies: stage.notebook.bodies, calls: [...stage.faults.calls], problems };
}

export type Prepare = (stage: Stage) => Promise<void> | void;

async function endOf({ cloud, pass }: Stage, eventId: string): Promise<Played["run"]> {
  let [run] = await cloud.runsOf(eventId);
  // The event itself may have to come again before the router has it.
  for (let tries = 0; (run === undefined || run.status === "queued") && tries < 6; tries++) {
    await pass(120_000);
    [run] = await cloud.runsOf(eventId);
  }
  if (run === undefined) return { status: "queued", output: undefined, error: "the event was lost" };
  try {
    const { status, output, error } = await cloud.waitForRun(run.id);
    return { status, output, error: error?.code ?? error?.name };
  } catch (error) {
    if (StepwellError.is(error)) return { status: "running", output: undefined, error: error.message };
    throw error;
  }
}

/** How a scenario under faults differs from the same without, beyond what the faults explain. */
export function differences(base: Played, played: Played, faults: number): string[] {
  const problems = [...played.problems];
  const same = (what: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b))
      problems.push(`${what}: ${JSON.stringify(b)}, not ${JSON.stringify(a)}`);
  };
  same("the run", base.run, played.run);
  same("runs by function", base.runs, played.runs);
  for (const [id, count] of Object.entries(played.bodies)) {
    const most = (base.bodies[id] ?? 0) + faults;
    if (count > most) problems.push(`the body of ${id} ran ${count} times, at most ${most} are explained (L4)`);
  }
  return problems;
}
