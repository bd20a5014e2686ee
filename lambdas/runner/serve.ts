import { randomUUID } from "node:crypto";
import middy from "@middy/core";
import type { Clock } from "../../sdk/protocol/index.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { createClients } from "../aws/clients.ts";
import { createWorld } from "../aws/index.ts";
import { ENGINE_ENV_KEY, type EngineBinding, MANIFEST_REQUEST } from "../contract.ts";
import { type SqsEvent, sqsBatch } from "../middleware/sqs-batch.ts";
import type { RunnerDeps } from "./deps.ts";
import { functionsById, manifestOf, type Served } from "./functions.ts";
import { jsonLogger } from "./log.ts";
import { createRunner, type LambdaContext } from "./runner.ts";

export interface ServeOptions {
  /** The app's client; its id is the app's name. */
  readonly client: { readonly id: string };
  /** What `client.createFunction` returned. */
  readonly functions: readonly Served[];
}

/** A Lambda handler of an app: takes batches of its run queue, and answers the registrar with the app's manifest. */
export type AppHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/**
 * The Lambda handler of an app. Reads the engine's binding from `STEPWELL_ENGINE`, at the first message and not before.
 *
 * @throws StepwellError `STEPWELL_DUPLICATE_FUNCTION` when two functions have one id
 * @example
 * ```ts
 * export const handler = serve({ client: stepwell, functions: [placeOrder, shipOrder] });
 * ```
 */
export function serve({ client, functions }: ServeOptions): AppHandler {
  const byId = functionsById(client.id, functions);
  let deps: RunnerDeps | undefined;
  return appHandler(client.id, byId, () => {
    deps ??= lambdaDeps(byId);
    return deps;
  });
}

/** The same over given dependencies: how the local cloud runs an app in its own process. */
export function appHandler(app: string, functions: RunnerDeps["functions"], deps: () => RunnerDeps): AppHandler {
  const run = (event: unknown, context: unknown) => createRunner(deps())(event as SqsEvent, context as LambdaContext);
  // Middy would answer just before the deadline, and leave a handler that hangs behind in a living process; Lambda ends that process.
  const onBatch = middy(run, { timeoutEarlyInMillis: 0 }).use(sqsBatch()) as unknown as AppHandler;
  return async (event, context) => (isManifestRequest(event) ? manifestOf(app, functions) : onBatch(event, context));
}

const isManifestRequest = (event: unknown): boolean =>
  typeof event === "object" && event !== null && "stepwell" in event && event.stepwell === MANIFEST_REQUEST.stepwell;

/** The composition root in Lambda: the one place that reads the clock, chance and the environment. */
function lambdaDeps(functions: RunnerDeps["functions"]): RunnerDeps {
  const binding = readBinding(process.env[ENGINE_ENV_KEY]);
  const at: Clock["at"] = (time, task) => {
    const timer = setTimeout(task, Math.max(0, time - Date.now()));
    return () => clearTimeout(timer);
  };
  const clock: Clock = { now: () => Date.now(), at, pause: at };
  return {
    world: createWorld(createClients(), binding, clock),
    binding,
    functions,
    clock,
    random: Math.random,
    nonce: randomUUID,
    log: jsonLogger((line) => process.stdout.write(`${line}\n`), clock.now),
    codeVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
  };
}

function readBinding(text: string | undefined): RunnerDeps["binding"] {
  const binding = text === undefined ? undefined : (JSON.parse(text) as EngineBinding);
  if (binding?.runQueueUrl !== undefined) return { ...binding, runQueueUrl: binding.runQueueUrl };
  throw new StepwellError(
    "STEPWELL_NO_ENGINE",
    `This Lambda was invoked with a message of a run, but ${ENGINE_ENV_KEY} does not tell its engine.`,
  );
}
