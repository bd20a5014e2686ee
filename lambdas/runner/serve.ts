import { randomUUID } from "node:crypto";
import middy from "@middy/core";
import { StepwellError } from "../../sdk/protocol/index.ts";
import { createAppWorld } from "../aws/app-world.ts";
import { ENGINE_ENV_KEY, MANIFEST_REQUEST } from "../contract.ts";
import { type SqsEvent, sqsBatch } from "../middleware/sqs-batch.ts";
import { lazily, openProcess } from "../process.ts";
import type { RunnerDeps } from "./deps.ts";
import { functionsById, manifestOf, type Served } from "./functions.ts";
import { createRunner, type LambdaContext } from "./runner.ts";

/** What is needed of a client. */
export interface ServedClient {
  readonly id: string;
  readonly environment?: string;
}

/** What a Lambda of an app serves. */
export interface ServeOptions {
  /** The app's client; its id is the app's name. */
  readonly client: ServedClient;
  /** What `client.createFunction` returned. */
  readonly functions: readonly Served[];
}

/** A Lambda handler of an app: takes batches of its run queue, and answers the registrar with the app's manifest. */
export type AppHandler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/**
 * The Lambda handler of an app. Reads the engine's binding from `STEPWELL_ENGINE`, at the first message and not before.
 *
 * @throws StepwellError `STEPWELL_DUPLICATE_FUNCTION` when two functions have one id; `STEPWELL_INVALID_OPTION`, `_INVALID_FUNCTION`
 * @example
 * ```ts
 * export const handler = serve({ client: stepwell, functions: [placeOrder, shipOrder] });
 * ```
 */
export function serve(options: ServeOptions): AppHandler {
  const { client, functions } = checkOptions(options);
  const byId = functionsById(client.id, functions, "serve: functions");
  return appHandler(
    client,
    byId,
    lazily(() => lambdaDeps(byId)),
  );
}

function checkOptions(options: unknown): ServeOptions {
  const { client, functions, ...others } = (options ?? {}) as Partial<ServeOptions>;
  const refuse = (path: string, text: string) => new StepwellError("STEPWELL_INVALID_OPTION", `serve${path}: ${text}`);
  if (typeof options !== "object" || options === null)
    throw refuse("", `takes an object { client, functions }, got ${String(options)}.`);
  if (typeof client?.id !== "string") throw refuse(": client", "must be what `new Stepwell(…)` made.");
  if (!Array.isArray(functions))
    throw refuse(": functions", "must be a list of what client.createFunction(…) returned.");
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw refuse("", `there is no option "${stranger}". The options are: client, functions.`);
  return { client, functions };
}

/** The same over given dependencies: how the local cloud runs an app in its own process. */
export function appHandler(
  client: ServedClient,
  functions: RunnerDeps["functions"],
  deps: () => RunnerDeps,
): AppHandler {
  const run = (event: unknown, context: unknown) => createRunner(deps())(event as SqsEvent, context as LambdaContext);
  // Middy would answer just before the deadline, and leave a handler that hangs behind in a living process; Lambda ends that process.
  const onBatch = middy(run, { timeoutEarlyInMillis: 0 }).use(sqsBatch()) as unknown as AppHandler;
  return async (event, context) => (isManifestRequest(event) ? manifestOf(client, functions) : onBatch(event, context));
}

const isManifestRequest = (event: unknown): boolean =>
  typeof event === "object" && event !== null && "stepwell" in event && event.stepwell === MANIFEST_REQUEST.stepwell;

function lambdaDeps(functions: RunnerDeps["functions"]): RunnerDeps {
  const { binding, ...around } = openProcess(createAppWorld);
  const { runQueueUrl } = binding;
  if (runQueueUrl === undefined) {
    throw new StepwellError(
      "STEPWELL_NO_ENGINE",
      `This Lambda was invoked with a message of a run, but ${ENGINE_ENV_KEY} names no run queue: it is not deployed as an App.`,
    );
  }
  return {
    ...around,
    binding: { ...binding, runQueueUrl },
    functions,
    random: Math.random,
    nonce: randomUUID,
    codeVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST",
  };
}
