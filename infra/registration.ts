import { ArnFormat, Duration, Stack } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as logs from "aws-cdk-lib/aws-logs";
import { Provider } from "aws-cdk-lib/custom-resources";
import type { Construct } from "constructs";
import { engineNames } from "../lambdas/contract.ts";
import { acknowledge, explainWildcards } from "./permission.ts";

/** How long CloudFormation waits for a registration: asking an app and setting its schedules takes seconds. */
export const REGISTRATION_TIMEOUT = Duration.minutes(10);

export interface RegistrationProviderProps {
  readonly engineName: string;
  /** The Lambda that registers. */
  readonly registrar: lambda.IFunction;
  readonly logGroup: logs.ILogGroup;
}

/**
 * CloudFormation's way to the registrar. The Lambda that answers CloudFormation is the CDK's own, so that a deploy never waits for a
 * registrar that has crashed. Apps find it by its name.
 */
export function registrationProvider(scope: Construct, id: string, props: RegistrationProviderProps): Provider {
  const { engineName, registrar, logGroup } = props;
  const provider = new Provider(scope, id, {
    onEventHandler: registrar,
    providerFunctionName: engineNames(engineName).registration,
    logGroup,
  });
  const reasons: Readonly<Record<string, string>> = {
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]":
      "The CDK's own Lambda for custom resources writes its logs by this managed policy.",
    "AwsSolutions-L1": "The CDK chooses the runtime of its own Lambda for custom resources.",
  };
  for (const [finding, reason] of Object.entries(reasons)) acknowledge(provider, finding, reason);
  const wildcard = "The CDK lets its own Lambda call every version of the registrar, of which there is one.";
  explainWildcards(provider, [{ actions: [], resources: [`${registrar.functionArn}:*`], wildcard }]);
  return provider;
}

/** What the custom resources of apps name as their service token. */
export const registrationToken = (scope: Construct, engineName: string): string =>
  Stack.of(scope).formatArn({
    service: "lambda",
    resource: "function",
    resourceName: engineNames(engineName).registration,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
