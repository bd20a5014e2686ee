import type { LogSink } from "../sdk/execution/contract.ts";
import { jsonLogger, logLevelOf } from "../sdk/execution/json-logger.ts";
import { type Clock, StepwellError } from "../sdk/protocol/index.ts";
import { type Clients, clientConfigOf, createClients } from "./aws/clients.ts";
import { ENGINE_ENV_KEY, type EngineBinding } from "./contract.ts";

/** What a Lambda of Stepwell finds around it. */
export interface LambdaProcess<World> {
  readonly binding: EngineBinding;
  readonly clients: Clients;
  readonly world: World;
  readonly clock: Clock;
  readonly log: LogSink;
}

/**
 * The composition root in Lambda: the one place that reads the clock and the environment.
 *
 * @throws StepwellError `STEPWELL_NO_ENGINE` when the environment does not tell the engine
 */
export function openProcess<World>(
  createWorld: (clients: Clients, binding: EngineBinding, clock: Clock) => World,
  env: NodeJS.ProcessEnv = process.env,
): LambdaProcess<World> {
  const binding = readBinding(env[ENGINE_ENV_KEY]);
  const at: Clock["at"] = (time, task) => {
    const timer = setTimeout(task, Math.max(0, time - Date.now()));
    return () => clearTimeout(timer);
  };
  const clock: Clock = { now: () => Date.now(), at, pause: at };
  const clients = createClients(clientConfigOf(binding));
  const world = createWorld(clients, binding, clock);
  const level = logLevelOf(env.AWS_LAMBDA_LOG_LEVEL);
  const log = jsonLogger((line) => process.stdout.write(`${line}\n`), clock.now, level);
  return { binding, clients, world, clock, log };
}

/** The same at its first use and not before, so that a handler's file can be imported anywhere. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

function readBinding(text: string | undefined): EngineBinding {
  if (text === undefined || text === "") throw noEngine(`is not set`);
  try {
    return JSON.parse(text) as EngineBinding;
  } catch {
    throw noEngine("is not JSON");
  }
}

const noEngine = (problem: string) =>
  new StepwellError(
    "STEPWELL_NO_ENGINE",
    `The environment variable ${ENGINE_ENV_KEY}, which tells a Lambda its engine, ${problem}. The constructs of "stepwell/cdk" set it.`,
  );
