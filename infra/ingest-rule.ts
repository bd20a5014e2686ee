import { Duration } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as iam from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import type { QueuePair } from "./queue-pair.ts";

/** EventBridge's own maxima: what cannot be delivered is tried again for a day, and is a dead letter then. */
const RETRY = { maximumEventAgeInSeconds: Duration.hours(24).toSeconds(), maximumRetryAttempts: 185 };

export interface IngestRuleProps {
  /** @default - CloudFormation gives one */
  readonly name?: string;
  readonly eventBusName: string;
  readonly description: string;
  readonly pattern: object;
  readonly ingest: QueuePair;
}

/** A rule that puts events on the ingest queue, as they are. */
export function ingestRule(scope: Construct, id: string, props: IngestRuleProps): events.CfnRule {
  const { name, eventBusName, description, pattern, ingest } = props;
  const rule = new events.CfnRule(scope, id, {
    ...(name !== undefined && { name }),
    eventBusName,
    description,
    eventPattern: pattern,
    targets: [
      {
        id: "ingest",
        arn: ingest.queue.queueArn,
        deadLetterConfig: { arn: ingest.deadLetters.queueArn },
        retryPolicy: RETRY,
      },
    ],
  });
  for (const queue of [ingest.queue, ingest.deadLetters])
    queue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal("events.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { "aws:SourceArn": rule.attrArn } },
      }),
    );
  return rule;
}
