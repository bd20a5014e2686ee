import { createApi } from "../lambdas/api/index.ts";
import { createClients } from "../lambdas/aws/clients.ts";
import { createWorld } from "../lambdas/aws/index.ts";
import { DEFAULT_ENGINE } from "../lambdas/contract.ts";
import type { Served } from "../lambdas/runner/functions.ts";
import { createLocalAws, type LocalAws } from "../local/aws.ts";
import { virtualClock } from "../local/clock.ts";
import { createLocalCloud, type LocalCloud } from "../local/cloud.ts";
import { type Doors, openDoors } from "../local/doors.ts";
import { type Provisioned, provision } from "../local/provision.ts";
import type { InProcessHandler } from "../local/transport.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import { Stepwell } from "../sdk/index.ts";
import type { Clock, RunView } from "../sdk/protocol/index.ts";
import { deployableApp } from "./app.ts";
import type { App, Witness } from "./contract.ts";
import { FaultLayer, type Surroundings } from "./faults.ts";
import { createWitness } from "./witness.ts";

/** Noon, on a whole second. */
export const START_AT = Date.UTC(2027, 0, 1, 12);
const TIMEOUT_MS = 300_000;

export interface StageOptions {
  /** The functions of a version, from 0. */
  readonly functions: (app: App, version: number) => readonly Served[];
  /** Id of the app. @default sim */
  readonly app?: string;
  /** @default stepFunctions */
  readonly waits?: "stepFunctions" | "table";
  /** Of the app's Lambda, in milliseconds. @default 300_000 */
  readonly timeoutMs?: number;
  /** Of AWS: ids, tokens and chance. @default 1 */
  readonly seed?: number;
  readonly log?: LogSink;
  /** What comes between the doors and AWS. */
  readonly between?: (aws: LocalAws) => Omit<Surroundings, "clock">;
  /** Another AWS for the doors, behind the faults: to prove that a broken guard is noticed. @default - the cloud's */
  readonly behind?: (handler: InProcessHandler) => InProcessHandler;
  /** Where the state lies. @default - in memory */
  readonly dataDir?: string;
  /** The clock that the doors read. @default - the cloud's */
  readonly clock?: (clock: Clock) => Clock;
}

/** A cloud on a virtual clock, with faults between its doors and AWS; `cloud.close` it. */
export interface Stage {
  readonly aws: LocalAws;
  readonly cloud: LocalCloud;
  /** Of them, the api, the world and what else looks on shares nothing with the processes that die. */
  readonly doors: Doors;
  readonly provisioned: Provisioned;
  readonly faults: FaultLayer;
  readonly witness: Witness;
  /** Runs that any sweep had to wake, or to move on in their line. */
  readonly swept: readonly string[];
  /** Lets time pass without the sweeper. In milliseconds. */
  pass(ms: number): Promise<void>;
  /** The next version goes live. Resolves when it is registered, however often that has to be tried: time has to pass meanwhile. */
  deploy(): Promise<void>;
}

const silence: LogSink = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Opens a stage. Faults strike from `stage.faults.arm` on. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { seed = 1, dataDir } = options;
  const kept = { ...(dataDir !== undefined && { dataDir }) };
  const aws = await createLocalAws({ clock: virtualClock(START_AT), log: () => {}, seed, ...kept });
  const { clock } = aws;
  const faults = new FaultLayer({ ...options.between?.(aws), clock });
  const witness = createWitness(() => faults);
  const client = new Stepwell({ id: options.app ?? "sim", logger: silence });
  const slow = (ms: number) => new Promise<void>((resolve) => clock.pause(clock.now() + ms, resolve));
  const app = deployableApp(client, (version) =>
    options.functions({ client, witness, slow, die: () => faults.die() }, version),
  );
  const waits = options.waits ?? "stepFunctions";
  const provisioned = await provision(aws, { engine: DEFAULT_ENGINE, env: "main", app: client.id, waits });
  const config = aws.clientConfig();
  const handler = options.behind?.(config.requestHandler) ?? config.requestHandler;
  const faulty = { ...config, maxAttempts: 1, requestHandler: faults.wrap(handler) };
  const log = options.log ?? silence;
  const around = { ...aws, clientConfig: () => faulty, clock: (options.clock?.(clock) ?? clock) as LocalAws["clock"] };
  const opened = openDoors(around, provisioned, { app, timeoutMs: options.timeoutMs ?? TIMEOUT_MS, log });
  await app.start(opened.register);
  const swept: string[] = [];
  const sweep: Doors["sweep"] = async () => {
    const report = await opened.sweep();
    await aws.time.settle();
    const woken = await Promise.all(report.woken.map((runId) => cloud.run(runId)));
    swept.push(
      ...woken.flatMap((run) => (run === undefined || awaitsChild(run) ? [] : [run.id])),
      ...(report.moved ?? []),
    );
    return report;
  };
  const world = createWorld(createClients(config), provisioned.binding, clock);
  const doors = { ...opened, sweep, world, api: createApi({ world, clock }) };
  doors.open();
  const cloud = createLocalCloud(aws, doors, provisioned, { app, logger: log });
  const pass = (ms: number) => aws.time.passTime(ms);
  const deploy = () => registered(clock, doors, app.next());
  return { aws, cloud, doors, provisioned, faults, witness, swept, pass, deploy };
}

/** A run that waits for a child without a timeout is looked after each hour, and need not have lost anything. */
const awaitsChild = ({ status, steps }: RunView): boolean =>
  status === "waiting" && steps.some((step) => step.kind === "invoke" && step.status === "waiting");

const DEPLOY_AGAIN_MS = 5_000;

/** A deploy that fails is repeated, by CloudFormation or by whoever deploys. */
async function registered(clock: Clock, doors: Doors, codeVersion: string): Promise<void> {
  for (;;) {
    try {
      return await doors.register(codeVersion);
    } catch {
      await new Promise<void>((resolve) => clock.at(clock.now() + DEPLOY_AGAIN_MS, resolve));
    }
  }
}
