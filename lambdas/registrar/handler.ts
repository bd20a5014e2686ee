import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { Manifest } from "../../sdk/protocol/index.ts";
import { MANIFEST_REQUEST } from "../contract.ts";
import { lazily, openProcess } from "../process.ts";
import { registrarHandler } from "./index.ts";

const door = lazily(() => registrarHandler({ ...openProcess(), askManifest: askWith(new LambdaClient({})) }));

/** The registrar's Lambda. */
export const handler = (event: unknown, context: unknown): Promise<unknown> => door()(event, context);

const askWith = (lambda: LambdaClient) => async (FunctionName: string) => {
  const { Payload } = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(MANIFEST_REQUEST) }));
  return JSON.parse(Buffer.from(Payload ?? []).toString()) as Manifest;
};
