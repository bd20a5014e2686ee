import { LambdaClient } from "@aws-sdk/client-lambda";
import { lazily, openProcess } from "../process.ts";
import { askManifestBy } from "./ask-manifest.ts";
import { registrarHandler } from "./index.ts";

const door = lazily(() => registrarHandler({ ...openProcess(), askManifest: askManifestBy(new LambdaClient({})) }));

/** The registrar's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);
