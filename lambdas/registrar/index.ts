import { createHash } from "node:crypto";
import middy from "@middy/core";
import type { LogSink } from "../../sdk/execution/contract.ts";
import { type CronMessage, type Manifest, type RegisteredApp, StepwellError } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";
import type { Door } from "../middleware/sqs-batch.ts";

export interface RegistrarDeps {
  readonly world: World;
  /** Asks an app's Lambda who it is. */
  readonly askManifest: (functionName: string) => Promise<Manifest>;
  readonly log: LogSink;
}

/** A deployed version of an app. */
export interface Registration {
  readonly env: string;
  readonly functionName: string;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly codeVersion: string;
}

/**
 * The registrar: deploying is registering. Asks the new version for its manifest, sets its schedules, and writes the registry last,
 * so that a failure leaves the old manifest in force.
 */
export const createRegistrar =
  (deps: RegistrarDeps) =>
  async (registration: Registration): Promise<RegisteredApp> => {
    const { world, askManifest, log } = deps;
    const manifest = checkManifest(await askManifest(registration.functionName));
    const { env, queueUrl, queueArn, codeVersion } = registration;
    const before = await world.registry.stored(env, manifest.app);
    const app: RegisteredApp = { v: 1, env, manifest, hash: hashOf(manifest), queueUrl, queueArn, codeVersion };
    const [wanted, present] = [schedulesOf(app), before === undefined ? [] : schedulesOf(before)];
    const isWanted = new Set(wanted.map(({ name }) => name));
    await Promise.all(wanted.map((schedule) => world.timer.putCron(schedule)));
    await world.registry.put(app);
    await Promise.all(present.filter(({ name }) => !isWanted.has(name)).map(({ name }) => world.timer.dropCron(name)));
    log.info("app registered", {
      app: manifest.app,
      env,
      functions: manifest.functions.length,
      schedules: wanted.length,
    });
    return app;
  };

/** The registrar as a Lambda handler. */
export const registrarHandler = (deps: RegistrarDeps): Door => middy(createRegistrar(deps)) as unknown as Door;

function checkManifest(manifest: Manifest): Manifest {
  if (manifest?.v === 1 && Array.isArray(manifest.functions)) return manifest;
  throw new StepwellError(
    "STEPWELL_INVALID_MESSAGE",
    `The app answered with a manifest of version ${String(manifest?.v)}, and this engine knows version 1. ` +
      "Deploy the engine first, with a stepwell at least as new as the app's. Its entry has to export `handler = serve(...)`.",
  );
}

interface CronSchedule {
  readonly name: string;
  readonly expression: string;
  readonly timeZone: string;
  readonly input: CronMessage & { readonly v: 1; readonly stepwell: true };
}

/** The engine's own schedules for an app's cron triggers. Their names derive from what they are, so a changed cron is another one. */
function schedulesOf({ env, manifest }: RegisteredApp): readonly CronSchedule[] {
  return manifest.functions.flatMap(({ id, triggers }) =>
    triggers.flatMap((trigger) => {
      if (trigger.kind !== "cron") return [];
      return trigger.schedules.map((expression) => ({
        name: `cron-${hashOf([env, manifest.app, id, expression, trigger.timeZone])}`,
        expression,
        timeZone: trigger.timeZone,
        input: cronMessage(env, manifest.app, id, trigger.cron),
      }));
    }),
  );
}

const SCHEDULED_TIME = "<aws.scheduler.scheduled-time>";

const cronMessage = (env: string, app: string, functionId: string, cron: string): CronSchedule["input"] => ({
  v: 1,
  stepwell: true,
  kind: "cron",
  env,
  app,
  functionId,
  cron,
  at: SCHEDULED_TIME,
});

const hashOf = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 32);
