import { LambdaClient } from "@aws-sdk/client-lambda";
import { withCrons } from "../aws/crons.ts";
import { createWorld } from "../aws/index.ts";
import { lazily, openProcess } from "../process.ts";
import { askManifestBy } from "./ask-manifest.ts";
import { registrarHandler } from "./index.ts";

const door = lazily(() => {
  const { clients, binding, world, log } = openProcess(createWorld);
  const askManifest = askManifestBy(new LambdaClient({}));
  return registrarHandler({ world: withCrons(world, clients, binding), askManifest, log });
});

/** The registrar's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
