import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  CreateEventBusCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateScheduleGroupCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { CreateStateMachineCommand, SFNClient } from "@aws-sdk/client-sfn";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { isError } from "../lambdas/aws/clients.ts";
import type { EngineBinding } from "../lambdas/contract.ts";
import { engineNames, TABLE, WAIT_MACHINE } from "../lambdas/contract.ts";
import { SQS_RECEIVES_MAX } from "../sdk/protocol/index.ts";
import { ACCOUNT, arnOf, REGION } from "./arn.ts";
import type { LocalAws } from "./aws.ts";

/** Visibility of a fresh delivery, in seconds; a runner shortens it to its lease at once. */
const VISIBILITY_SECONDS = 120;

export interface Provisioned {
  readonly binding: EngineBinding & { readonly runQueueUrl: string };
  readonly ingestQueueArn: string;
  readonly ingestDeadLettersArn: string;
  readonly runQueueArn: string;
  readonly runDeadLettersArn: string;
}

export interface ProvisionOptions {
  readonly engine: string;
  readonly env: string;
  readonly app: string;
  readonly waits: "stepFunctions" | "table";
}

/** What `cdk deploy` makes in an account, made in the local cloud; what is there already (from an earlier start) stays. */
export async function provision(aws: LocalAws, { engine, env, app, waits }: ProvisionOptions): Promise<Provisioned> {
  const names = engineNames(engine);
  const config = aws.clientConfig();
  await createTable(new DynamoDBClient(config), names.table);
  const sqs = new SQSClient(config);
  const ingest = await createQueuePair(sqs, names.ingestQueue, names.ingestDeadLetters);
  const runs = await createQueuePair(sqs, names.runQueue(env, app), names.runDeadLetters(env, app));
  await createBus(new EventBridgeClient(config), names.bus, ingest.arn);
  const waitMachineArn = await createWaitMachine(new SFNClient(config), names.waitMachine);
  await unlessThere(new SchedulerClient(config).send(new CreateScheduleGroupCommand({ Name: names.scheduleGroup })));
  const bucketName = names.bucket(ACCOUNT, REGION);
  await unlessThere(new S3Client(config).send(new CreateBucketCommand({ Bucket: bucketName })));
  return {
    binding: {
      engine,
      env,
      tableName: names.table,
      busName: names.bus,
      ingestQueueUrl: ingest.url,
      ingestQueueArn: ingest.arn,
      bucketName,
      waitMachineArn,
      scheduleGroup: names.scheduleGroup,
      schedulerRoleArn: `arn:aws:iam::${ACCOUNT}:role/${engine}-scheduler`,
      runQueueUrl: runs.url,
      runQueueArn: runs.arn,
      waits,
    },
    ingestQueueArn: ingest.arn,
    ingestDeadLettersArn: ingest.deadLettersArn,
    runQueueArn: runs.arn,
    runDeadLettersArn: runs.deadLettersArn,
  };
}

async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  const attribute = (AttributeName: string) => ({ AttributeName, AttributeType: "S" as const });
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    { AttributeName: range, KeyType: "RANGE" as const },
  ];
  const indexes = [TABLE.runsIndex, TABLE.dueIndex];
  const command = new CreateTableCommand({
    TableName: name,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: keys(TABLE.partitionKey, TABLE.sortKey),
    AttributeDefinitions: [
      attribute(TABLE.partitionKey),
      attribute(TABLE.sortKey),
      ...indexes.flatMap(({ partitionKey, sortKey }) => [attribute(partitionKey), attribute(sortKey)]),
    ],
    GlobalSecondaryIndexes: indexes.map((index) => ({
      IndexName: index.name,
      KeySchema: keys(index.partitionKey, index.sortKey),
      Projection: { ProjectionType: "KEYS_ONLY" },
    })),
  });
  await unlessThere(client.send(command));
}

async function createQueuePair(client: SQSClient, name: string, deadLetters: string) {
  const deadLettersArn = arnOf("sqs", deadLetters);
  const attributes = { VisibilityTimeout: String(VISIBILITY_SECONDS), MessageRetentionPeriod: "1209600" };
  await client.send(new CreateQueueCommand({ QueueName: deadLetters, Attributes: attributes }));
  const { QueueUrl } = await client.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        ...attributes,
        RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLettersArn, maxReceiveCount: SQS_RECEIVES_MAX }),
      },
    }),
  );
  return { url: QueueUrl ?? "", arn: arnOf("sqs", name), deadLettersArn };
}

/** One rule takes everything on the engine's own bus: own events and foreign ones. */
async function createBus(client: EventBridgeClient, name: string, ingestArn: string): Promise<void> {
  await unlessThere(client.send(new CreateEventBusCommand({ Name: name })));
  const pattern = JSON.stringify({ source: [{ prefix: "" }] });
  await client.send(new PutRuleCommand({ Name: "ingest", EventBusName: name, EventPattern: pattern }));
  await client.send(
    new PutTargetsCommand({ Rule: "ingest", EventBusName: name, Targets: [{ Id: "ingest", Arn: ingestArn }] }),
  );
}

async function createWaitMachine(client: SFNClient, name: string): Promise<string> {
  const definition = JSON.stringify(WAIT_MACHINE);
  const roleArn = "arn:aws:iam::000000000000:role/stepwell-wait";
  const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name, definition, roleArn }));
  return stateMachineArn ?? "";
}

async function unlessThere(creation: Promise<unknown>): Promise<void> {
  const there = [
    "ResourceInUseException",
    "ResourceAlreadyExistsException",
    "ConflictException",
    "BucketAlreadyOwnedByYou",
    "BucketAlreadyExists",
  ];
  try {
    await creation;
  } catch (error) {
    if (!isError(error, ...there)) throw error;
  }
}
