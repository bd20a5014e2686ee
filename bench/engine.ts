import type { World } from "../lambdas/aws/index.ts";
import { DEFAULT_ENGINE, DEFAULT_ENVIRONMENT, type EngineBinding } from "../lambdas/contract.ts";
import type { Served } from "../lambdas/runner/functions.ts";
import { createLocalAws, type LocalAws } from "../local/aws.ts";
import { openDoors } from "../local/doors.ts";
import { inProcessApp } from "../local/in-process-app.ts";
import { difference, type Usage } from "../local/meter.ts";
import { provision } from "../local/provision.ts";
import type { InProcessHandler } from "../local/transport.ts";
import { Stepwell } from "../sdk/index.ts";

/** What was used, and how much of it for nothing. */
export interface Used extends Usage {
  /** Conditional writes that DynamoDB refused: billed like those that it applied. */
  readonly refused: number;
}

/** The engine on local services, without what comes by the clock: no sweeper. */
export interface Engine {
  readonly binding: EngineBinding;
  readonly world: World;
  /** Of SDK clients that talk to the local services. */
  readonly clientConfig: LocalAws["clientConfig"];
  /** Starts metering; what it returns tells what has been used since then. */
  meter(): () => Used;
  close(): Promise<void>;
}

/** The app of these engines: of the sources, as the engines are; `stepwell` is what has been built of them. */
export const sourceClient = new Stepwell({ id: "bench" });

const TIMEOUT_MS = 300_000;

/** Opens an engine of its own for these functions: on the machine's clock, in memory, over the in-process transport. */
export async function openEngine(functions: readonly Served[] = []): Promise<Engine> {
  const aws = await createLocalAws();
  const target = { engine: DEFAULT_ENGINE, env: DEFAULT_ENVIRONMENT, app: sourceClient.id, waits: "table" } as const;
  const provisioned = await provision(aws, target);
  const refusals = { count: 0 };
  const config = aws.clientConfig();
  const counting = { ...config, requestHandler: counted(config.requestHandler, refusals) };
  const app = inProcessApp(sourceClient, functions);
  const options = { app, timeoutMs: TIMEOUT_MS, log: quietLog };
  const doors = openDoors({ ...aws, clientConfig: () => counting }, provisioned, options);
  await app.start(doors.register);
  doors.open();
  return {
    binding: provisioned.binding,
    world: doors.world,
    clientConfig: aws.clientConfig,
    meter: () => {
      const [before, refusedBefore] = [aws.meter.snapshot(), refusals.count];
      return () => ({ ...difference(before, aws.meter.snapshot()), refused: refusals.count - refusedBefore });
    },
    close: () => aws.close(),
  };
}

/** Notes the conditional writes that are refused. */
const counted = (inner: InProcessHandler, refusals: { count: number }): InProcessHandler => ({
  ...inner,
  handle: async (request, options) => {
    const answer = await inner.handle(request, options);
    if (answer.response.headers["x-amzn-errortype"] === "ConditionalCheckFailedException") refusals.count++;
    return answer;
  },
});

const silent = () => {};
/** Debug lines of ten thousand runs would be what is measured. */
const quietLog = { debug: silent, info: silent, warn: console.warn, error: console.error };
