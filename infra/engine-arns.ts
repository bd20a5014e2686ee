import { ArnFormat, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { type DoorName, engineNames } from "../lambdas/contract.ts";

/** Where everything of an engine is, in the account and region of a scope: from names alone, so that no stack imports another's. */
export interface EngineArns {
  readonly table: string;
  readonly bus: string;
  readonly ingestQueue: string;
  readonly ingestDeadLetters: string;
  /** Dead-letter queues of all apps: ends in `*`. */
  readonly deadLettersOfApps: string;
  /** Lambdas of all apps, with their versions: ends in `*`. */
  readonly lambdasOfApps: string;
  readonly payloadBucket: string;
  readonly waitMachine: string;
  /** All executions of the wait machine: ends in `*`. */
  readonly waitExecutions: string;
  /** All schedules of the engine's group: ends in `*`. */
  readonly schedules: string;
  /** All schedules of all groups: ends in `*`. */
  readonly allSchedules: string;
  readonly door: (door: DoorName) => string;
  readonly doorRole: (door: DoorName) => string;
  /** The role by which Scheduler sends. */
  readonly schedulerRole: string;
  /** The role of the wait machine. */
  readonly waitRole: string;
  /** The alias of the engine's KMS key; there is one if the engine has a key of its own. */
  readonly keyAlias: string;
}

export function engineArns(scope: Construct, engine: string): EngineArns {
  const stack = Stack.of(scope);
  const names = engineNames(engine);
  const arn = (service: string, resource: string, resourceName: string, arnFormat = ArnFormat.SLASH_RESOURCE_NAME) =>
    stack.formatArn({ service, resource, resourceName, arnFormat });
  const queue = (name: string) => stack.formatArn({ service: "sqs", resource: name });
  const role = (of: Parameters<typeof names.role>[0]) =>
    stack.formatArn({ service: "iam", region: "", resource: "role", resourceName: names.role(of, stack.region) });
  return {
    table: arn("dynamodb", "table", names.table),
    bus: arn("events", "event-bus", names.bus),
    ingestQueue: queue(names.ingestQueue),
    ingestDeadLetters: queue(names.ingestDeadLetters),
    deadLettersOfApps: queue(`${names.appPrefix("dead")}*`),
    lambdasOfApps: arn("lambda", "function", `${names.appPrefix("app")}*`, ArnFormat.COLON_RESOURCE_NAME),
    payloadBucket: stack.formatArn({ service: "s3", region: "", account: "", resource: bucketName(scope, engine) }),
    waitMachine: arn("states", "stateMachine", names.waitMachine, ArnFormat.COLON_RESOURCE_NAME),
    waitExecutions: arn("states", "execution", `${names.waitMachine}:*`, ArnFormat.COLON_RESOURCE_NAME),
    schedules: arn("scheduler", "schedule", `${names.scheduleGroup}/*`),
    allSchedules: arn("scheduler", "schedule", "*/*"),
    door: (door) => arn("lambda", "function", names.door(door), ArnFormat.COLON_RESOURCE_NAME),
    doorRole: role,
    schedulerRole: role("scheduler"),
    waitRole: role("wait"),
    keyAlias: names.keyAlias,
  };
}

export function bucketName(scope: Construct, engine: string): string {
  const { account, region } = Stack.of(scope);
  return engineNames(engine).bucket(account, region);
}

export function queueUrl(scope: Construct, name: string): string {
  const { account, region, urlSuffix } = Stack.of(scope);
  return `https://sqs.${region}.${urlSuffix}/${account}/${name}`;
}
