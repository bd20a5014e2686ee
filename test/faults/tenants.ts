/** One engine with several environments, and several apps in each: all with the same functions. */
import { Stepwell } from "stepwell";
import { afterEach } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import type { Served } from "../../lambdas/runner/functions.ts";
import { createLocalAws, type LocalAws } from "../../local/aws.ts";
import { virtualClock } from "../../local/clock.ts";
import { type Doors, openDoors } from "../../local/doors.ts";
import { inProcessApp } from "../../local/in-process-app.ts";
import { provision } from "../../local/provision.ts";
import type { RunView } from "../../sdk/protocol/index.ts";
import type { SmallEvent } from "./on-stage.ts";

export interface TenantApp {
  readonly client: Stepwell;
  /** `<env>/<app>` */
  readonly tenant: string;
  /** Something slow, in virtual ms. */
  slow(ms: number): Promise<void>;
}

const ENGINE = "stepwell";
const START_AT = Date.UTC(2027, 0, 1, 12);
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const opened = new Set<LocalAws>();
afterEach(async () => {
  const clouds = [...opened];
  opened.clear();
  await Promise.all(clouds.map((aws) => aws.close()));
});

export interface Tenants {
  readonly aws: LocalAws;
  /** Lets time pass, without a sweeper. In ms. */
  pass(ms: number): Promise<void>;
  /** An event of an environment, accepted now; all that is due happens. */
  send(env: string, event: SmallEvent): Promise<void>;
  /** Runs that an event has started in an environment, by app. */
  runsOf(env: string, eventId: string): Promise<Readonly<Record<string, RunView>>>;
}

interface TenantsOptions {
  readonly waits?: "stepFunctions" | "table";
  /** In ms since the epoch. */
  readonly startAt?: number;
}

/** Opens the engine for these environments and apps; closed after the test. */
export async function openTenants(
  environments: readonly string[],
  apps: readonly string[],
  functions: (app: TenantApp) => readonly Served[],
  { waits = "stepFunctions", startAt = START_AT }: TenantsOptions = {},
): Promise<Tenants> {
  const aws = await createLocalAws({ clock: virtualClock(startAt), log: () => {} });
  opened.add(aws);
  const slow = (ms: number) => new Promise<void>((resolve) => aws.clock.pause(aws.clock.now() + ms, resolve));
  const names = engineNames(ENGINE);
  let doors: Doors | undefined;
  for (const env of environments)
    for (const id of apps) {
      const client = new Stepwell({ id, environment: env, logger: quiet });
      const app = inProcessApp(client, functions({ client, tenant: `${env}/${id}`, slow }));
      const provisioned = await provision(aws, { engine: ENGINE, env, app: id, waits });
      const own = openDoors(aws, provisioned, { app, timeoutMs: 300_000, log: quiet });
      await app.start(own.register);
      // The router and its queues are there once.
      if (doors === undefined) own.open();
      else aws.lambda.addEventSource(names.appLambda(env, id), provisioned.runQueueArn, { batchSize: 1 });
      doors ??= own;
    }
  if (doors === undefined) throw new Error("There is nobody.");
  const { world, api } = doors;
  return {
    aws,
    pass: (ms) => aws.time.passTime(ms),
    send: async (env, { id, name, data }) => {
      const ts = aws.clock.now();
      await world.bus.send(apps[0] as string, [{ name, envelope: { v: 1, id, ts, env, data } }]);
      await aws.time.settle();
    },
    runsOf: async (env, eventId) =>
      Object.fromEntries((await api.runsOf(env, eventId)).map((run) => [run.app, run] as const)),
  };
}
