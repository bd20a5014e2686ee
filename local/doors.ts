import { LambdaClient } from "@aws-sdk/client-lambda";
import { createApi } from "../lambdas/api/index.ts";
import { createClients } from "../lambdas/aws/clients.ts";
import { withCrons } from "../lambdas/aws/crons.ts";
import { createWorld } from "../lambdas/aws/index.ts";
import { engineNames } from "../lambdas/contract.ts";
import { deadLettersHandler } from "../lambdas/dead-letters/index.ts";
import { askManifestBy } from "../lambdas/registrar/ask-manifest.ts";
import { type Registration, registrarHandler } from "../lambdas/registrar/index.ts";
import { routerHandler } from "../lambdas/router/index.ts";
import { type SweepReport, sweeperHandler } from "../lambdas/sweeper/index.ts";
import type { LogSink } from "../sdk/execution/index.ts";
import type { LocalApp } from "./app.ts";
import type { LocalAws } from "./aws.ts";
import type { Provisioned } from "./provision.ts";

export interface DoorsOptions {
  readonly app: LocalApp;
  readonly timeoutMs: number;
  readonly log: LogSink;
}

/** A run is one invocation's whole work, so each message gets its own; a crash then takes no neighbour along. */
const RUNNER_BATCH_SIZE = 1;
const ROUTER_TIMEOUT_MS = 60_000;

/** The same doors as in an account, over the same SDK clients, on the local services. */
export function openDoors(aws: LocalAws, { binding, ...arns }: Provisioned, options: DoorsOptions) {
  const { app, log } = options;
  const { clock } = aws;
  const clients = createClients(aws.clientConfig());
  const world = createWorld(clients, binding, clock);
  const deps = {
    world,
    binding,
    clock,
    random: () => aws.random.fraction(),
    nonce: () => aws.random.uuid(),
    log,
  };
  const names = engineNames(binding.engine);
  const functionName = names.appLambda(binding.env, app.client.id);
  const { handler, cost, gate, ...lambda } = app.lambda({ url: aws.url, functionName, deps });
  const askManifest = lambda.askManifest ?? askManifestBy(new LambdaClient(aws.clientConfig()));

  aws.lambda.register(functionName, handler, { timeoutMs: options.timeoutMs, cost });
  const door = { timeoutMs: ROUTER_TIMEOUT_MS, cost: "engine" } as const;
  aws.lambda.register(names.door("router"), routerHandler({ world, clock, log, nonce: deps.nonce }) as never, door);
  aws.lambda.register(names.door("dead-letters"), deadLettersHandler({ world, clock, log }) as never, door);
  aws.lambda.register(
    names.door("sweeper"),
    sweeperHandler({ world, clock, log, environments: [binding.env] }) as never,
    door,
  );
  const registrar = registrarHandler({ world: withCrons(world, clients, binding), askManifest, log });
  aws.lambda.register(names.door("registrar"), registrar as never, door);

  return {
    world,
    api: createApi({ world, clock }),
    sweep: async () => (await call(aws, names.door("sweeper"), {})) as SweepReport,
    /** Deploying is registering. */
    register: async (codeVersion: string) => {
      const registration: Registration = {
        env: binding.env,
        app: app.client.id,
        functionName,
        queueUrl: binding.runQueueUrl,
        queueArn: arns.runQueueArn,
        codeVersion,
      };
      await call(aws, names.door("registrar"), { RequestType: "Update", ResourceProperties: registration });
    },
    /** From here on messages are taken. */
    open: () => {
      const batchSize = RUNNER_BATCH_SIZE;
      aws.lambda.addEventSource(functionName, arns.runQueueArn, { batchSize, ...(gate !== undefined && { gate }) });
      aws.lambda.addEventSource(names.door("router"), arns.ingestQueueArn, { batchSize: 10 });
      for (const arn of [arns.ingestDeadLettersArn, arns.runDeadLettersArn])
        aws.lambda.addEventSource(names.door("dead-letters"), arn, { batchSize: 10 });
    },
  };
}

export type Doors = ReturnType<typeof openDoors>;

/** Calls a door as AWS would. Throws what it throws. */
async function call(aws: LocalAws, name: string, event: unknown): Promise<unknown> {
  const result = await aws.lambda.invoke(name, event);
  if (result.kind === "value") return result.value;
  throw new Error(result.kind === "error" ? `${name}: ${result.error.errorMessage}` : `${name} timed out`);
}
