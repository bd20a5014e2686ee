import { Duration } from "aws-cdk-lib";
import * as lambda from "aws-cdk-lib/aws-lambda";
import type * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { Door } from "./door.ts";
import type { IEngine } from "./engine-base.ts";
import type { RouterProps } from "./engine-props.ts";
import * as may from "./permissions.ts";
import type { QueuePair } from "./queue-pair.ts";

export interface DoorsProps {
  readonly engine: IEngine;
  readonly logRetention: logs.RetentionDays;
}

export interface QueueDoorProps extends DoorsProps {
  readonly ingest: QueuePair;
}

export const ROUTER_TIMEOUT = Duration.seconds(60);

/** What follows from a message for an app's run queue is allowed by that queue's own policy. */
export function routerDoor(
  scope: Construct,
  { ingest, router = {}, ...props }: QueueDoorProps & { readonly router?: RouterProps | undefined },
): Door {
  const arns = props.engine.arns(scope);
  const door = new Door(scope, "Router", {
    ...props,
    door: "router",
    description: "Stepwell: takes in events, starts and wakes runs",
    memorySize: router.memorySize ?? 512,
    timeout: router.timeout ?? ROUTER_TIMEOUT,
    permissions: [
      may.consume(arns.ingestQueue),
      may.useTable(arns, ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query"]),
      may.getPayloads(arns),
      may.putPayloads(arns, "events/"),
      may.putPayloads(arns, "waits/"),
      may.callBack(arns),
      may.send(arns.ingestQueue),
      ...may.createSchedules(arns),
      may.deleteSchedules(arns),
    ],
  });
  new lambda.EventSourceMapping(door, "Ingest", {
    target: door.lambda,
    eventSourceArn: ingest.queue.queueArn,
    batchSize: router.batchSize ?? 10,
    reportBatchItemFailures: true,
    ...(router.maxConcurrency !== undefined && { maxConcurrency: router.maxConcurrency }),
  });
  return door;
}

export function deadLettersDoor(scope: Construct, { ingest, ...props }: QueueDoorProps): Door {
  const arns = props.engine.arns(scope);
  const door = new Door(scope, "DeadLettersDoor", {
    ...props,
    door: "dead-letters",
    description: "Stepwell: keeps dead letters, and wakes their runs afresh",
    memorySize: 256,
    timeout: Duration.seconds(30),
    permissions: [
      may.consume(arns.ingestDeadLetters),
      may.consumeDeadLettersOfApps(arns),
      may.useTable(arns, ["GetItem", "UpdateItem"], [may.PARTITIONS.runs]),
      may.useTable(arns, ["PutItem"], [may.PARTITIONS.deadLetters]),
      may.useTable(arns, ["Query"], [may.PARTITIONS.registry]),
    ],
  });
  new lambda.EventSourceMapping(door, "IngestDeadLetters", {
    target: door.lambda,
    eventSourceArn: ingest.deadLetters.queueArn,
    batchSize: 10,
    reportBatchItemFailures: true,
  });
  return door;
}

export function sweeperDoor(scope: Construct, props: DoorsProps): Door {
  const arns = props.engine.arns(scope);
  return new Door(scope, "Sweeper", {
    ...props,
    door: "sweeper",
    description: "Stepwell: wakes runs that are overdue",
    memorySize: 256,
    timeout: Duration.seconds(60),
    permissions: [
      may.queryDueRuns(arns),
      may.useTable(arns, ["GetItem", "UpdateItem", "Query"], [may.PARTITIONS.runs]),
      may.useTable(arns, ["Query"], [may.PARTITIONS.registry]),
      may.useTable(arns, ["Query", "DeleteItem"], [may.PARTITIONS.lines]),
      may.useTable(arns, ["Query", "UpdateItem"], [may.PARTITIONS.slots]),
      may.useTable(arns, ["GetItem"], [may.PARTITIONS.buckets]),
      may.send(arns.ingestQueue),
    ],
  });
}

export function registrarDoor(scope: Construct, props: DoorsProps): Door {
  const arns = props.engine.arns(scope);
  return new Door(scope, "Registrar", {
    ...props,
    door: "registrar",
    description: "Stepwell: asks a deployed app for its functions, and registers them",
    memorySize: 256,
    timeout: Duration.seconds(60),
    permissions: [
      may.useTable(arns, ["GetItem", "PutItem", "DeleteItem"], props.engine.environments.map(may.registryOf)),
      may.invokeApps(arns),
      may.send(arns.ingestQueue),
      ...may.createSchedules(arns),
      may.deleteSchedules(arns),
      may.updateSchedules(arns),
      may.listSchedules(arns),
    ],
  });
}
