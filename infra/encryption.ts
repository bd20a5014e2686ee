import { Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { engineNames } from "../lambdas/contract.ts";

/**
 * Gives the customer's key the alias by which apps in other stacks know it, and lets EventBridge put events on queues that it encrypts.
 * A key that is not of this CDK app keeps its policy: `docs/permissions.md` has what it needs.
 */
export function useCustomerKey(scope: Construct, engineName: string, key: kms.IKey): kms.Alias {
  key.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "EventBridgeToQueues",
      principals: [new iam.ServicePrincipal("events.amazonaws.com")],
      actions: ["kms:Decrypt", "kms:GenerateDataKey"],
      // In a key's policy, this key.
      resources: ["*"],
      conditions: { StringEquals: { "aws:SourceAccount": Stack.of(scope).account } },
    }),
  );
  return new kms.Alias(scope, "KeyAlias", { aliasName: engineNames(engineName).keyAlias, targetKey: key });
}
