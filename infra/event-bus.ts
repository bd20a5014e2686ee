import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { engineNames } from "../lambdas/contract.ts";
import { engineArns } from "./engine-arns.ts";
import { ingestRule } from "./ingest-rule.ts";
import type { QueuePair } from "./queue-pair.ts";

export interface EventBusProps {
  readonly engineName: string;
  readonly ingest: QueuePair;
  readonly encryptionKey: kms.IKey | undefined;
}

/** The name, on the engine's bus, of the rule that takes everything. */
export const EVERYTHING = "everything";

/** The engine's own bus, and the one rule that takes all of it: own events, and whatever others put there. */
export function eventBus(scope: Construct, { engineName, ingest, encryptionKey }: EventBusProps): events.EventBus {
  const bus = new events.EventBus(scope, "Bus", {
    eventBusName: engineNames(engineName).bus,
    description: `Events for the functions of ${engineName}`,
    ...(encryptionKey && { kmsKey: encryptionKey, deadLetterQueue: ingest.deadLetters }),
  });
  if (encryptionKey !== undefined) takeUndecipherable(scope, engineName, ingest);
  ingestRule(scope, "Everything", {
    name: EVERYTHING,
    eventBusName: bus.eventBusName,
    description: "Everything on the bus goes to the ingest queue",
    pattern: { source: [{ prefix: "" }] },
    ingest,
  });
  return bus;
}

/** Events that the bus can not encrypt or decrypt with the customer's key. */
function takeUndecipherable(scope: Construct, engineName: string, { deadLetters }: QueuePair): void {
  deadLetters.addToResourcePolicy(
    new iam.PolicyStatement({
      principals: [new iam.ServicePrincipal("events.amazonaws.com")],
      actions: ["sqs:SendMessage"],
      resources: [deadLetters.queueArn],
      conditions: { ArnEquals: { "aws:SourceArn": engineArns(scope, engineName).bus } },
    }),
  );
}
