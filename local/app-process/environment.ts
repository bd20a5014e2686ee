import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { EngineBinding } from "../../lambdas/contract.ts";
import { ENGINE_ENV_KEY } from "../../lambdas/contract.ts";
import type { LogLevel } from "../../sdk/execution/json-logger.ts";
import { REGION } from "../arn.ts";

const MEMORY_MB = 512;

export interface AppEnvironment {
  /** What the app's process gets from the one that starts it. */
  readonly base: NodeJS.ProcessEnv;
  readonly functionName: string;
  readonly codeVersion: string;
  /** Absent while the app is asked who it is. */
  readonly binding?: EngineBinding;
  readonly logLevel: LogLevel;
}

/**
 * The environment of a Lambda. Only the engine's own clients are pointed at the local cloud, by the binding's endpoint: credentials and
 * endpoints of other clients stay what they are.
 */
export const environmentOf = (app: AppEnvironment): NodeJS.ProcessEnv => ({
  AWS_LAMBDA_LOG_LEVEL: app.logLevel.toUpperCase(),
  ...app.base,
  AWS_LAMBDA_FUNCTION_NAME: app.functionName,
  AWS_LAMBDA_FUNCTION_VERSION: app.codeVersion,
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MEMORY_MB),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${app.functionName}`,
  AWS_LAMBDA_LOG_STREAM_NAME: "local",
  LAMBDA_TASK_ROOT: process.cwd(),
  ...(app.binding !== undefined && { [ENGINE_ENV_KEY]: JSON.stringify(app.binding) }),
});

/** With the region that Lambda would give it. For the app's own clients it is the one of this machine's configuration, if there is one. */
export async function withRegion(env: NodeJS.ProcessEnv): Promise<NodeJS.ProcessEnv> {
  const { AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE: profile } = env;
  const configured = () => new DynamoDBClient({ ...(profile && { profile }) }).config.region().catch(() => REGION);
  return { ...env, AWS_REGION: AWS_REGION || AWS_DEFAULT_REGION || (await configured()) };
}
