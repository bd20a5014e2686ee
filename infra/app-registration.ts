import { CustomResource } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { REGISTRATION_TIMEOUT, registrationToken } from "./registration.ts";

export interface AppRegistrationProps {
  readonly engineName: string;
  readonly environment: string;
  readonly clientId: string;
  readonly queue: sqs.IQueue;
  readonly version: lambda.IVersion;
  /** Moves to the version. */
  readonly alias: lambda.Alias;
  /** All else that has to be there for runs to be started. */
  readonly after: readonly Construct[];
}

/**
 * Deploying is registering, in two steps. Before the alias moves, the version is asked for its functions: code that does not load never
 * gets a run. After it, the functions are put in force. A step that fails rolls back all before it.
 */
export function appRegistration(scope: Construct, props: AppRegistrationProps): void {
  const { alias, after } = props;
  const check = registration(scope, "Check", props, { checkOnly: "true" });
  alias.node.addDependency(check);
  const inForce = registration(scope, "Registration", props);
  inForce.node.addDependency(alias, ...after);
}

/** `Registration` of lambdas/registrar/request.ts. The ARN of a version is another with each deploy that changes something. */
function registration(
  scope: Construct,
  id: string,
  { engineName, environment, clientId, queue, version }: AppRegistrationProps,
  more: Readonly<Record<string, string>> = {},
): CustomResource {
  return new CustomResource(scope, id, {
    resourceType: "Custom::StepwellApp",
    serviceToken: registrationToken(scope, engineName),
    serviceTimeout: REGISTRATION_TIMEOUT,
    properties: {
      env: environment,
      app: clientId,
      functionName: version.functionArn,
      queueUrl: queue.queueUrl,
      queueArn: queue.queueArn,
      codeVersion: version.version,
      ...more,
    },
  });
}
