import { Token } from "aws-cdk-lib";
import type { IEngine } from "./engine-base.ts";
import type { RouterProps } from "./engine-props.ts";

/** Names of buckets and roles are made of it, and they have 63 and 64 characters at most. */
const ENGINE_NAME = /^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$/;
const ENVIRONMENT = /^[a-z0-9_-]{1,64}$/;
const DAY_SECONDS = 86_400;
const LAMBDA_SECONDS_MAX = 900;

/** @throws Error that says what is wrong, when the stack is made and not when it is deployed */
export function checkEngine({ engineName, environments, retention }: IEngine): void {
  checkName(engineName);
  if (environments.length === 0)
    throw new Error(`The engine "${engineName}" has no environments; leave them out for ["main"].`);
  for (const environment of environments)
    if (!ENVIRONMENT.test(environment))
      throw new Error(`The environment "${environment}" is not usable: up to 64 of a-z, 0-9, "-" and "_".`);
  const twice = environments.find((environment, i) => environments.indexOf(environment) !== i);
  if (twice !== undefined) throw new Error(`The engine "${engineName}" has the environment "${twice}" twice.`);
  const seconds = retention.toSeconds();
  if (seconds < DAY_SECONDS || seconds % DAY_SECONDS !== 0)
    throw new Error(`The \`retention\` of the engine "${engineName}" is not a whole number of days, and at least one.`);
}

function checkName(name: string): void {
  if (Token.isUnresolved(name))
    throw new Error("The `name` of an Engine has to be known when the stack is made: physical names are made of it.");
  if (!ENGINE_NAME.test(name))
    throw new Error(
      `The engine name "${name}" is not usable: up to 20 of a-z, 0-9 and "-", with a letter first and no "-" last.`,
    );
  if (name === "default")
    throw new Error('The engine name "default" is not usable: AWS\'s own bus and schedule group have it.');
}

/** @throws Error when a number is beyond what AWS takes */
export function checkRouter({ timeout, batchSize, maxConcurrency }: RouterProps): void {
  if (timeout !== undefined && timeout.toSeconds() > LAMBDA_SECONDS_MAX)
    throw new Error("The `timeout` of the router is more than the 15 minutes that Lambda allows.");
  checkNumber("batchSize", batchSize, 1, 10);
  checkNumber("maxConcurrency", maxConcurrency, 2, 1_000);
}

function checkNumber(name: string, value: number | undefined, least: number, most: number): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  if (!Number.isInteger(value) || value < least || value > most)
    throw new Error(`The \`${name}\` of the router is a whole number from ${least} to ${most}, and not ${value}.`);
}
