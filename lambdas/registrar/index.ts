import middy from "@middy/core";
import type { Door } from "../middleware/sqs-batch.ts";
import type { RegistrarDeps } from "./deps.ts";
import { askForApp, register } from "./register.ts";
import type { RegistrarAnswer, RegistrarRequest, Registration } from "./request.ts";
import { retire } from "./retire.ts";

/**
 * The registrar: deploying is registering. It answers CloudFormation's requests about an app's registration; on a laptop, loading an
 * app sends it the same.
 */
export const createRegistrar =
  (deps: RegistrarDeps) =>
  async (request: RegistrarRequest): Promise<RegistrarAnswer> => {
    const { ResourceProperties: registration, RequestType: type } = request;
    if (registration.checkOnly === undefined) await carryOut(deps, request);
    else if (type !== "Delete") await askForApp(deps, registration);
    return { PhysicalResourceId: (type === "Delete" && request.PhysicalResourceId) || physicalIdOf(registration) };
  };

async function carryOut(deps: RegistrarDeps, request: RegistrarRequest): Promise<void> {
  if (request.RequestType === "Delete") await retire(deps, request.ResourceProperties);
  else await register(deps, request.ResourceProperties, request.RequestId);
}

/** The same for every version: CloudFormation deletes what has got another id, as an app that has changed its name. */
const physicalIdOf = ({ env, app, checkOnly }: Registration) =>
  `${env}/${app}${checkOnly === undefined ? "" : "/check"}`;

/** The registrar as a Lambda handler. */
export const registrarHandler = (deps: RegistrarDeps): Door => middy(createRegistrar(deps)) as unknown as Door;

export type { RegistrarDeps } from "./deps.ts";
export type { Registration } from "./request.ts";
