import type { Duration, RemovalPolicy } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type { Construct } from "constructs";
import { engineNames } from "../lambdas/contract.ts";
import type { IEngine } from "./engine-base.ts";
import { QueuePair } from "./queue-pair.ts";

export interface AppQueuesProps {
  readonly engine: IEngine;
  readonly environment: string;
  readonly clientId: string;
  /** Of the app's Lambda. */
  readonly timeout: Duration;
  readonly removalPolicy: RemovalPolicy;
}

/** The queue by which an app's runs are started and woken, and the one for what cannot be handled. */
export function appQueues(scope: Construct, props: AppQueuesProps): QueuePair {
  const { engine, environment, clientId, timeout, removalPolicy } = props;
  const names = engineNames(engine.engineName);
  const queues = new QueuePair(scope, "Runs", {
    queueName: names.runQueue(environment, clientId),
    deadLettersName: names.runDeadLetters(environment, clientId),
    // The least that Lambda takes. A runner sets its message's to ten seconds first of all; this is for one that died before that, and
    // with the six times as much that AWS advises, its run would rest for up to 90 minutes.
    visibility: timeout,
    ...(engine.hasEncryptionKey && { keyAlias: names.keyAlias }),
  });
  for (const queue of [queues.queue, queues.deadLetters]) queue.applyRemovalPolicy(removalPolicy);
  letEngineSend(scope, engine, queues.queue);
  return queues;
}

/** By the queue's own policy: what the engine may send to grows and shrinks with the apps. */
function letEngineSend(scope: Construct, engine: IEngine, queue: sqs.Queue): void {
  const { doorRole, waitRole } = engine.arns(scope);
  const roles = [doorRole("router"), doorRole("sweeper"), doorRole("dead-letters"), waitRole];
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: "EngineSends",
      principals: roles.map((role) => new iam.ArnPrincipal(role)),
      actions: ["sqs:SendMessage"],
      resources: [queue.queueArn],
    }),
  );
}
