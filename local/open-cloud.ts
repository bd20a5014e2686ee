import { DEFAULT_ENGINE } from "../lambdas/contract.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import type { LocalApp } from "./app.ts";
import { createLocalAws, type LocalAws } from "./aws.ts";
import type { LocalClock } from "./clock.ts";
import { quietOnceClosed } from "./closed.ts";
import { createLocalCloud, type LocalCloud } from "./cloud.ts";
import { openDoors } from "./doors.ts";
import { type Provisioned, provision } from "./provision.ts";

/** How a cloud is opened. */
export interface CloudOptions {
  readonly waits: "stepFunctions" | "table";
  readonly seed: number;
  /** Of the app's Lambda, in ms. */
  readonly timeoutMs: number;
  readonly logger: LogSink;
  readonly dataDir?: string;
  readonly port?: number;
  readonly host?: string;
}

/** A local cloud, and what it stands on. */
export interface OpenCloud {
  readonly aws: LocalAws;
  readonly cloud: LocalCloud;
  readonly provisioned: Provisioned;
}

/** Opens a cloud for an app: AWS on this clock, what a deploy makes there, and the engine's doors. */
export async function openCloud(app: LocalApp, clock: LocalClock, options: CloudOptions): Promise<OpenCloud> {
  const { client } = app;
  const aws = await createLocalAws({
    clock,
    seed: options.seed,
    log: (level, message, fields) => options.logger[level](message, fields),
    ...(options.dataDir !== undefined && { dataDir: options.dataDir }),
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
  });
  try {
    const target = { engine: DEFAULT_ENGINE, env: client.environment, app: client.id, waits: options.waits };
    const provisioned = await provision(aws, target);
    const logger = quietOnceClosed(options.logger, aws.isClosed);
    const doors = openDoors(aws, provisioned, { app, timeoutMs: options.timeoutMs, log: logger });
    await app.start(doors.register);
    // What deploying costs is not what running costs.
    aws.meter.reset();
    doors.open();
    return { aws, cloud: createLocalCloud(aws, doors, provisioned, { app, logger }), provisioned };
  } catch (error) {
    await aws.close();
    throw error;
  }
}
