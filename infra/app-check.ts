import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Token } from "aws-cdk-lib";
import { ENGINE_ENV_KEY } from "../lambdas/contract.ts";
import type { AppProps } from "./app-props.ts";

const CLIENT_ID = /^[a-z0-9_-]{1,64}$/;
const TIMEOUT_SECONDS = [30, 900] as const;

/** @throws Error that says what is wrong, when the stack is made and not when it is deployed */
export function checkApp(props: AppProps): void {
  checkClientId(props.clientId);
  checkCode(props);
  checkNumber("memorySize", props.memorySize, 128, 10_240);
  checkNumber("batchSize", props.batchSize, 1, 10);
  checkNumber("maxConcurrency", props.maxConcurrency, 2, 1_000);
  const [least, most] = TIMEOUT_SECONDS;
  checkNumber("timeout", props.timeout?.toSeconds(), least, most, " seconds");
  if (props.environmentVariables !== undefined && ENGINE_ENV_KEY in props.environmentVariables)
    throw new Error(
      `The environment variable ${ENGINE_ENV_KEY} is the App's own. Leave it out of \`environmentVariables\`.`,
    );
}

function checkClientId(clientId: string): void {
  if (Token.isUnresolved(clientId))
    throw new Error("The `clientId` of an App has to be known when the stack is made: physical names are made of it.");
  if (!CLIENT_ID.test(clientId))
    throw new Error(
      `The clientId "${clientId}" is not usable: up to 64 of a-z, 0-9, "-" and "_". It is the id in new Stepwell({ id }).`,
    );
}

function checkCode({ entry, code, bundling, clientId }: AppProps): void {
  if (entry !== undefined && code !== undefined)
    throw new Error(`The App of "${clientId}" has an \`entry\` and a \`code\`. Leave one of them out.`);
  if (code !== undefined && bundling !== undefined)
    throw new Error(`The \`bundling\` of the App of "${clientId}" is of no use: its \`code\` has been built already.`);
  if (code !== undefined) return;
  if (entry === undefined)
    throw new Error(
      `The App of "${clientId}" has no \`entry\`: the file that exports \`handler = serve({ client, functions })\`.`,
    );
  if (!existsSync(entry))
    throw new Error(`The \`entry\` of the App of "${clientId}" does not exist: ${resolve(entry)}`);
}

function checkNumber(name: string, value: number | undefined, least: number, most: number, unit = ""): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`The \`${name}\` of an App is a whole number from ${least} to ${most}${unit}, and not ${value}.`);
}
