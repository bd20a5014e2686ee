/** What the engine's parts and its apps may do, by job. Exactly what `lambdas/aws` calls: nobody may scan the table. */
import { Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { TABLE } from "../lambdas/contract.ts";
import type { EngineArns } from "./engine-arns.ts";
import type { Permission } from "./permission.ts";

export type TableAction = "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" | "Query" | "ConditionCheckItem";

/** Patterns of the table's partition keys, for what a part has no business beyond: see `lambdas/aws/keys.ts`. */
export const PARTITIONS = {
  runs: "*#run#*",
  deadLetters: "*#$#dead",
  registry: "*#$#registry",
  lines: "*#backlog#*",
  slots: "*#slots#*",
  buckets: "*#bucket#*",
} as const;

export const registryOf = (environment: string): string => `${environment}#$#registry`;

/** On the table's items; `partitions` are patterns of their partition keys. */
export const useTable = (
  { table }: EngineArns,
  actions: readonly TableAction[],
  partitions?: readonly string[],
): Permission => ({
  actions: actions.map((action) => `dynamodb:${action}`),
  resources: [table],
  ...(partitions && { conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": partitions } } }),
});

export const queryDueRuns = ({ table }: EngineArns): Permission => ({
  actions: ["dynamodb:Query"],
  resources: [`${table}/index/${TABLE.dueIndex.name}`],
});

/** What an event source mapping needs of the queue that it reads. */
export const consume = (queueArn: string): Permission => ({
  actions: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
  resources: [queueArn],
});

export const consumeDeadLettersOfApps = ({ deadLettersOfApps }: EngineArns): Permission => ({
  ...consume(deadLettersOfApps),
  wildcard: "Apps come after the engine; the dead-letter queues of all of them begin with its name.",
});

export const send = (queueArn: string): Permission => ({ actions: ["sqs:SendMessage"], resources: [queueArn] });

/** `prefix` of object keys: `events/main/`, say. */
export const putPayloads = ({ payloadBucket }: EngineArns, prefix: string): Permission => ({
  actions: ["s3:PutObject"],
  resources: [`${payloadBucket}/${prefix}*`],
  wildcard: "Each payload is an object of its own, and its name has the hash of its content.",
});

export const getPayloads = ({ payloadBucket }: EngineArns): Permission => ({
  actions: ["s3:GetObject"],
  resources: [`${payloadBucket}/*`],
  wildcard: "Each payload is an object of its own, and its name has the hash of its content.",
});

export const putEvents = ({ bus }: EngineArns): Permission => ({ actions: ["events:PutEvents"], resources: [bus] });

const SCHEDULES = "Each sleep and each cron trigger is a schedule of its own; all are in the engine's group.";

export const deleteSchedules = ({ schedules }: EngineArns): Permission => ({
  actions: ["scheduler:DeleteSchedule"],
  resources: [schedules],
  wildcard: SCHEDULES,
});

export const updateSchedules = ({ schedules }: EngineArns): Permission => ({
  actions: ["scheduler:UpdateSchedule"],
  resources: [schedules],
  wildcard: SCHEDULES,
});

/** A listing has no resource of its own: AWS takes nothing narrower than the schedules of all groups. */
export const listSchedules = ({ allSchedules }: EngineArns): Permission => ({
  actions: ["scheduler:ListSchedules"],
  resources: [allSchedules],
  wildcard: "A listing is authorized against all schedules; it tells names, and no targets' input.",
});

/** Asks a version of an app's Lambda who it is. */
export const invokeApps = ({ lambdasOfApps }: EngineArns): Permission => ({
  actions: ["lambda:InvokeFunction"],
  resources: [lambdasOfApps],
  wildcard: "Apps come after the engine; the Lambdas of all of them begin with its name.",
});

/** Schedules send by the scheduler role, which whoever makes one has to be allowed to pass on. */
export const createSchedules = ({ schedules, schedulerRole }: EngineArns): readonly Permission[] => [
  { actions: ["scheduler:CreateSchedule"], resources: [schedules], wildcard: SCHEDULES },
  {
    actions: ["iam:PassRole"],
    resources: [schedulerRole],
    conditions: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
  },
];

export const callBack = ({ waitMachine }: EngineArns): Permission => ({
  actions: ["states:SendTaskSuccess"],
  resources: [waitMachine],
});

export const startWaits = ({ waitMachine }: EngineArns): Permission => ({
  actions: ["states:StartExecution"],
  resources: [waitMachine],
});

export const stopWaits = ({ waitExecutions }: EngineArns): Permission => ({
  actions: ["states:StopExecution"],
  resources: [waitExecutions],
  wildcard: "Each wait is an execution of its own; all are of the engine's one machine.",
});

/** By the alias: the key's own ARN is not known in other stacks. */
export const useKey = (scope: Construct, { keyAlias }: EngineArns): Permission => ({
  actions: ["kms:Decrypt", "kms:GenerateDataKey"],
  resources: [Stack.of(scope).formatArn({ service: "kms", resource: "key", resourceName: "*" })],
  conditions: { "ForAnyValue:StringEquals": { "kms:ResourceAliases": keyAlias } },
  wildcard: "Only the key that has the engine's alias, which is the same in every stack.",
});

/** To the log group of a Lambda, which is there already. */
export const writeLogs = (logGroupArn: string): Permission => ({
  actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
  resources: [logGroupArn],
});
