import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { createClients } from "../../lambdas/aws/clients.ts";
import { withCrons } from "../../lambdas/aws/crons.ts";
import { createWorld } from "../../lambdas/aws/index.ts";
import { createRegistrar } from "../../lambdas/registrar/index.ts";
import type { RegistrarRequest, Registration } from "../../lambdas/registrar/request.ts";
import { createLocalAws } from "../../local/aws.ts";
import { virtualClock } from "../../local/clock.ts";
import { provision } from "../../local/provision.ts";
import { parseCron } from "../../sdk/expressions/index.ts";
import type { FunctionManifest, Manifest } from "../../sdk/protocol/index.ts";

/** A registrar over an engine in a local cloud of its own. `versions`: what each version of the app answers, or throws. */
export async function openRegistrar(versions: Readonly<Record<string, unknown>>) {
  const clock = virtualClock();
  const aws = await createLocalAws({ clock, log: () => {} });
  const { binding, runQueueArn } = await provision(aws, {
    engine: "stepwell",
    env: "main",
    app: "shop",
    waits: "stepFunctions",
  });
  const clients = createClients(aws.clientConfig());
  const world = withCrons(createWorld(clients, binding, clock), clients, binding);
  const warnings: string[] = [];
  const log = { debug: () => {}, info: () => {}, warn: (line: string) => void warnings.push(line), error: () => {} };
  const askManifest = async (name: string) => {
    const answer = versions[name];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const scheduler = new SchedulerClient(aws.clientConfig());

  const registrationOf = (version: string, app = "shop"): Registration => ({
    env: "main",
    app,
    functionName: version,
    queueUrl: binding.runQueueUrl,
    queueArn: runQueueArn,
    codeVersion: version,
  });
  const request = (
    RequestType: RegistrarRequest["RequestType"],
    version: string,
    more: Partial<RegistrarRequest> = {},
  ) =>
    createRegistrar({ world, askManifest, log })({
      RequestType,
      ResourceProperties: registrationOf(version),
      ...more,
    });
  /** What is in force: the functions of the registry, and the schedules. */
  const inForce = async () => {
    const stored = await world.registry.stored("main", "shop");
    const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName: binding.scheduleGroup }));
    return {
      functions: stored?.app.manifest.functions.map(({ id }) => id),
      version: stored?.app.codeVersion,
      schedules: Schedules.map(({ Name }) => Name).sort(),
    };
  };
  return { aws, world, scheduler, binding, warnings, registrationOf, request, inForce, close: () => aws.close() };
}

/** The manifest of an app whose functions have these crons; `event:<name>` makes a function of an event instead. */
export const manifest = (functions: Readonly<Record<string, string>>, app = "shop"): Manifest => ({
  v: 1,
  app,
  functions: Object.entries(functions).map(([id, trigger]): FunctionManifest => {
    if (trigger.startsWith("event:")) return { id, triggers: [{ kind: "event", event: trigger.slice(6) }] };
    const { timeZone, schedules } = parseCron(trigger, id);
    return { id, triggers: [{ kind: "cron", cron: trigger, timeZone, schedules }] };
  }),
});
