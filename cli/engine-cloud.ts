import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { GetFunctionConfigurationCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { createApi } from "../lambdas/api/index.ts";
import { createWorld } from "../lambdas/aws/index.ts";
import { ENGINE_ENV_KEY, type EngineBinding, engineNames } from "../lambdas/contract.ts";
import { openProcess } from "../lambdas/process.ts";
import { createUlids } from "../sdk/client/ids.ts";
import { prepareEvents } from "../sdk/execution/index.ts";
import type { Cloud, CloudOptions } from "./cloud.ts";
import { Failure } from "./failure.ts";
import { useRegion } from "./region.ts";

/** The app that events of this command line are from: their source is `stepwell.cli`. */
const SENDER = "cli";
/** How long a router may take, in ms. */
const ROUTED_MS_MAX = 15_000;
const LOOK_EVERY_MS = 300;

type EngineOptions = CloudOptions & { readonly engine: string };

/** A deployed engine, with the AWS credentials of whoever runs the command. */
export async function openEngine(options: EngineOptions): Promise<Cloud> {
  useRegion(options.region);
  const binding = await findEngine(options.engine);
  const { world, clock } = openProcess(createWorld, { [ENGINE_ENV_KEY]: JSON.stringify(binding) });
  const api = createApi({ world, clock });
  const { environment: env = binding.env, app } = options;
  const newId = createUlids({ now: Date.now, random: randomBytes });

  const appsOf = async () => {
    if (app !== undefined) return [app];
    return (await world.registry.apps(env)).map(({ manifest }) => manifest.app);
  };
  const find = async (runId: string) => {
    const apps = await appsOf();
    const views = await Promise.all(apps.map((name) => api.run({ env, app: name, functionId: "", runId })));
    return views.find((view) => view !== undefined);
  };
  const cloud: Cloud = {
    name: `the engine ${options.engine}`,
    send: async (event) => {
      const prepared = prepareEvents([event], { env, hops: 0, ts: clock.now(), id: newId });
      await world.bus.send(app ?? SENDER, prepared);
      return prepared[0]?.envelope.id ?? "";
    },
    runsOf: async (eventId) => {
      for (const until = clock.now() + ROUTED_MS_MAX; clock.now() < until; await pause(LOOK_EVERY_MS))
        if ((await world.events.get(env, eventId)) !== undefined) return api.runsOf(env, eventId);
      return undefined;
    },
    run: find,
    cancel: async (runId, options) => {
      const found = await find(runId);
      if (found === undefined) return undefined;
      await api.cancel({ env, app: found.app, functionId: found.functionId, runId }, options);
      return find(runId);
    },
    list: (query) => api.list({ env, app, ...query }),
    skips: (query) => api.skips({ env, app, ...query }),
    deadLetters: (after) => api.deadLetters.list(env, after),
    deadLetter: (id) => api.deadLetters.get(env, id),
    redrive: (ids, dryRun) => api.deadLetters.redrive({ env, ids, dryRun }),
  };
  return withReasons(cloud, options.engine);
}

/** The engine's binding: its router's Lambda has it in its environment. */
export async function findEngine(engine: string): Promise<EngineBinding> {
  const name = engineNames(engine).door("router");
  const command = new GetFunctionConfigurationCommand({ FunctionName: name });
  const { Environment } = await explained(engine, () => new LambdaClient().send(command));
  const text = Environment?.Variables?.[ENGINE_ENV_KEY];
  if (text !== undefined) return JSON.parse(text) as EngineBinding;
  throw new Failure(`The Lambda ${name} has no ${ENGINE_ENV_KEY}: it is not the router of an engine.`, {
    code: "STEPWELL_NO_ENGINE",
    advice: "--engine is the `name` of the Engine construct.",
  });
}

/** All methods say what is missing when AWS refuses. */
function withReasons(cloud: Cloud, engine: string): Cloud {
  return {
    name: cloud.name,
    send: (event) => explained(engine, () => cloud.send(event)),
    runsOf: (eventId) => explained(engine, () => cloud.runsOf(eventId)),
    run: (runId) => explained(engine, () => cloud.run(runId)),
    cancel: (runId, options) => explained(engine, () => cloud.cancel(runId, options)),
    list: (query) => explained(engine, () => cloud.list(query)),
    skips: (query) => explained(engine, () => cloud.skips(query)),
    deadLetters: (after) => explained(engine, () => cloud.deadLetters(after)),
    deadLetter: (id) => explained(engine, () => cloud.deadLetter(id)),
    redrive: (ids, dryRun) => explained(engine, async () => cloud.redrive(ids, dryRun)),
  };
}

/** Says what is missing when AWS refuses a call. @throws Failure */
export async function explained<T>(engine: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw reasonOf(error, engine) ?? error;
  }
}

const CREDENTIALS =
  "Sign in first: `aws configure`, `aws sso login`, AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";

/** What an error of AWS means here, as far as it is known. */
function reasonOf(cause: unknown, engine: string): Failure | undefined {
  const { name, message } = cause instanceof Error ? cause : new Error(String(cause));
  const noEngine = (text: string, advice: string) => new Failure(text, { code: "STEPWELL_NO_ENGINE", advice, cause });
  if (/Region is missing/.test(message))
    return noEngine("The AWS region is not known.", "Name it: --region us-east-1, or AWS_REGION.");
  if (/^(CredentialsProviderError|TokenProviderError)$/.test(name))
    return noEngine("There are no AWS credentials.", CREDENTIALS);
  if (/^(ExpiredToken|UnrecognizedClient|InvalidSignature|InvalidClientTokenId)/.test(name))
    return noEngine(`AWS does not take these credentials: ${message}`, CREDENTIALS);
  if (name === "ResourceNotFoundException")
    return noEngine(
      `There is no engine "${engine}" in this account and region.`,
      "Deploy one (`npx cdk deploy`), or name it: --engine <name> --region <region>.",
    );
  if (/^AccessDenied/.test(name))
    return new Failure(`AWS refused: ${message}`, {
      advice: "Ask for this permission, or sign in as somebody else.",
      cause,
    });
  return undefined;
}
