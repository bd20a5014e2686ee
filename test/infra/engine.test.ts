import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import * as kms from "aws-cdk-lib/aws-kms";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sns from "aws-cdk-lib/aws-sns";
import { App, Engine, type EngineProps } from "stepwell/cdk";
import { describe, expect, it } from "vitest";
import {
  DOORS,
  ENGINE_ENV_KEY,
  type EngineBinding,
  engineNames,
  LOGGED,
  QUEUE_RECEIVES_MAX,
  TABLE,
} from "../../lambdas/contract.ts";
import { createSweeper, type SweeperDeps } from "../../lambdas/sweeper/index.ts";
import { jsonLogger } from "../../sdk/execution/json-logger.ts";
import { SQS_RECEIVES_MAX } from "../../sdk/protocol/index.ts";
import { deployedText, engineStack, flaggedApp } from "./engine-stack.ts";

/** With an account and a region that are known, so that names and ARNs are whole. */
const env = { account: "111111111111", region: "eu-west-1" };
const plain = engineStack({}, { env });
const names = engineNames("stepwell");

const namesOf = (template: Template, type: string, property: string): readonly unknown[] =>
  Object.values(template.findResources(type))
    .map(({ Properties }) => Properties[property])
    .filter((name) => name !== undefined)
    .sort();

const variablesOf = (template: Template, functionName: string): Record<string, unknown> => {
  const [found] = Object.values(
    template.findResources("AWS::Lambda::Function", { Properties: { FunctionName: functionName } }),
  );
  return found?.Properties.Environment.Variables;
};

describe("an engine's names", () => {
  it("are those of lambdas/contract.ts, so that apps and the local cloud find the same", () => {
    const template = plain.template();
    expect(namesOf(template, "AWS::DynamoDB::Table", "TableName")).toEqual([names.table]);
    expect(namesOf(template, "AWS::S3::Bucket", "BucketName")).toEqual([names.bucket(env.account, env.region)]);
    expect(namesOf(template, "AWS::SQS::Queue", "QueueName")).toEqual([names.ingestQueue, names.ingestDeadLetters]);
    expect(namesOf(template, "AWS::Events::EventBus", "Name")).toEqual([names.bus]);
    expect(namesOf(template, "AWS::StepFunctions::StateMachine", "StateMachineName")).toEqual([names.waitMachine]);
    expect(namesOf(template, "AWS::Scheduler::ScheduleGroup", "Name")).toEqual([names.scheduleGroup]);
    expect(namesOf(template, "AWS::Lambda::Function", "FunctionName")).toEqual(
      [...DOORS.map(names.door), names.registration].sort(),
    );
    expect(namesOf(template, "AWS::IAM::Role", "RoleName")).toEqual(
      [...DOORS, "scheduler" as const, "wait" as const].map((role) => names.role(role, env.region)).sort(),
    );
  });

  it("are short enough for AWS, with the longest name and region", () => {
    const longest = engineNames("e".repeat(20));
    expect(longest.bucket("111111111111", "ap-southeast-1").length).toBeLessThanOrEqual(63);
    for (const role of [...DOORS, "scheduler", "wait"] as const)
      expect(longest.role(role, "us-isob-east-1-longer").length).toBeLessThanOrEqual(64);
  });

  it("let two engines live in one stack", () => {
    const { stack, template } = engineStack({ name: "one" });
    new Engine(stack, "Other", { name: "two" });
    expect(namesOf(template(), "AWS::Events::EventBus", "Name")).toEqual(["one", "two"]);
  });

  it("are all that an app in another stack needs: nothing is exported or imported, even with a key", () => {
    const { stack, engine } = engineStack((keys) => ({ encryptionKey: new kms.Key(keys, "Key") }));
    const apps = new Stack(stack.node.root, "Apps");
    new App(apps, "Shop", { engine, clientId: "shop", code: lambda.Code.fromInline("exports.handler = () => {};") });
    const texts = [stack, apps].map((one) => JSON.stringify(Template.fromStack(one).toJSON()));
    expect(texts.filter((text) => /"Export"|Fn::ImportValue|Fn::GetStackOutput/.test(text))).toEqual([]);
    expect(apps.dependencies).toEqual([stack]);
  });
});

describe("the state table", () => {
  it("has the keys, the indexes and the expiry of the contract", () => {
    const key = (hash: string, range: string) => [
      { AttributeName: hash, KeyType: "HASH" },
      { AttributeName: range, KeyType: "RANGE" },
    ];
    const index = ({ name, partitionKey, sortKey }: typeof TABLE.runsIndex | typeof TABLE.dueIndex) => ({
      IndexName: name,
      KeySchema: key(partitionKey, sortKey),
      Projection: { ProjectionType: "KEYS_ONLY" },
    });
    plain.template().hasResourceProperties("AWS::DynamoDB::Table", {
      KeySchema: key(TABLE.partitionKey, TABLE.sortKey),
      GlobalSecondaryIndexes: [index(TABLE.runsIndex), index(TABLE.dueIndex)],
      TimeToLiveSpecification: { AttributeName: TABLE.ttl, Enabled: true },
      BillingMode: "PAY_PER_REQUEST",
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { SSEEnabled: true },
    });
  });

  it("is retained and protected against deletion, as the payloads are retained", () => {
    const template = plain.template();
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Retain",
      UpdateReplacePolicy: "Retain",
      Properties: { DeletionProtectionEnabled: true },
    });
    template.hasResource("AWS::S3::Bucket", { DeletionPolicy: "Retain" });
  });

  it("goes with the engine if that is wished for", () => {
    const template = engineStack({ removalPolicy: RemovalPolicy.DESTROY }).template();
    template.hasResource("AWS::DynamoDB::Table", {
      DeletionPolicy: "Delete",
      Properties: { DeletionProtectionEnabled: false },
    });
    template.hasResource("AWS::S3::Bucket", { DeletionPolicy: "Delete" });
  });
});

describe("the payload bucket", () => {
  it("is private and encrypted, and no object of it ever expires", () => {
    plain.template().hasResourceProperties("AWS::S3::Bucket", {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      LifecycleConfiguration: {
        Rules: [{ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 }, Status: "Enabled" }],
      },
    });
  });
});

describe("the ingest queue", () => {
  it("keeps messages for 14 days, hides them six times as long as the router may take, and gives up after 50 receives", () => {
    plain.template().hasResourceProperties("AWS::SQS::Queue", {
      QueueName: names.ingestQueue,
      MessageRetentionPeriod: 1_209_600,
      VisibilityTimeout: 360,
      SqsManagedSseEnabled: true,
      RedrivePolicy: { maxReceiveCount: SQS_RECEIVES_MAX },
    });
    expect(QUEUE_RECEIVES_MAX).toBe(SQS_RECEIVES_MAX);
  });

  it("gets everything that is on the engine's bus, and what cannot be delivered for a day is a dead letter", () => {
    plain.template().hasResourceProperties("AWS::Events::Rule", {
      EventPattern: { source: [{ prefix: "" }] },
      Targets: [
        {
          Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("IngestQueue"), "Arn"] },
          DeadLetterConfig: { Arn: { "Fn::GetAtt": [Match.stringLikeRegexp("IngestDeadLetters"), "Arn"] } },
          RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        },
      ],
    });
  });
});

describe("the engine's Lambdas", () => {
  it.each(DOORS)("%s runs what has been built, on Node 24 and arm64, with its engine in the environment", (door) => {
    const template = plain.template();
    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: names.door(door),
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.handler",
      LoggingConfig: { LogGroup: Match.anyValue() },
    });
    template.hasResourceProperties("AWS::Logs::LogGroup", {
      LogGroupName: `/aws/lambda/${names.door(door)}`,
      RetentionInDays: 30,
    });
    expect(JSON.parse(deployedText(variablesOf(template, names.door(door))[ENGINE_ENV_KEY]))).toEqual({
      engine: "stepwell",
      env: "main",
      tableName: names.table,
      busName: names.bus,
      ingestQueueUrl: "https://sqs.eu-west-1.amazonaws.com/111111111111/stepwell-ingest",
      ingestQueueArn: "arn:aws:sqs:eu-west-1:111111111111:stepwell-ingest",
      bucketName: "stepwell-payloads-111111111111-eu-west-1",
      waitMachineArn: "arn:aws:states:eu-west-1:111111111111:stateMachine:stepwell-wait",
      scheduleGroup: names.scheduleGroup,
      schedulerRoleArn: "arn:aws:iam::111111111111:role/stepwell-scheduler-eu-west-1",
      waits: "stepFunctions",
      retentionDays: 30,
      environments: ["main"],
    } satisfies EngineBinding);
  });

  it("the queues' consumers acknowledge message by message", () => {
    const sources = plain.template().findResources("AWS::Lambda::EventSourceMapping");
    expect(Object.values(sources).map(({ Properties }) => Properties.FunctionResponseTypes)).toEqual([
      ["ReportBatchItemFailures"],
      ["ReportBatchItemFailures"],
    ]);
  });

  it("the router alone may be in a loop with its queue; it counts hops itself", () => {
    const looping = plain.template().findResources("AWS::Lambda::Function", { Properties: { RecursiveLoop: "Allow" } });
    expect(Object.values(looping).map(({ Properties }) => Properties.FunctionName)).toEqual([names.door("router")]);
  });

  it("the sweeper is called every minute, and not again when it fails", () => {
    const template = plain.template();
    template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(1 minute)" });
    template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", { MaximumRetryAttempts: 0 });
  });

  it("the router is sized by options, and the queue's visibility follows its timeout", () => {
    const router = { memorySize: 1_024, timeout: Duration.seconds(20), batchSize: 5, maxConcurrency: 50 };
    const template = engineStack({ router, logRetention: logs.RetentionDays.ONE_WEEK }).template();
    template.hasResourceProperties("AWS::Lambda::Function", {
      FunctionName: names.door("router"),
      MemorySize: 1_024,
      Timeout: 20,
    });
    template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      BatchSize: 5,
      ScalingConfig: { MaximumConcurrency: 50 },
    });
    template.hasResourceProperties("AWS::SQS::Queue", { QueueName: names.ingestQueue, VisibilityTimeout: 120 });
    template.allResourcesProperties("AWS::Logs::LogGroup", { RetentionInDays: 7 });
  });
});

describe("a customer's key", () => {
  it("encrypts table, payloads, queues and bus, and is known by the engine's alias", () => {
    const { template } = engineStack((stack) => ({ encryptionKey: new kms.Key(stack, "Key") }));
    const made = template();
    made.hasResourceProperties("AWS::KMS::Alias", { AliasName: "alias/stepwell" });
    made.hasResourceProperties("AWS::DynamoDB::Table", {
      SSESpecification: { SSEType: "KMS", KMSMasterKeyId: Match.anyValue() },
    });
    made.hasResourceProperties("AWS::S3::Bucket", {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" } },
        ],
      },
    });
    made.hasResourceProperties("AWS::Events::EventBus", { KmsKeyIdentifier: Match.anyValue() });
    const queues = Object.values(made.findResources("AWS::SQS::Queue"));
    expect(queues.map(({ Properties }) => JSON.stringify(Properties.KmsMasterKeyId))).toEqual([
      expect.stringContaining(":alias/stepwell"),
      expect.stringContaining(":alias/stepwell"),
    ]);
  });
});

describe("an engine refuses", () => {
  it.each<[string, EngineProps, RegExp]>([
    ["a name with capitals", { name: "Shop" }, /"Shop" is not usable: up to 20/],
    ["a name that is too long", { name: "e".repeat(21) }, /not usable/],
    ['the name "default", which is AWS\'s own bus', { name: "default" }, /AWS's own/],
    ["no environments", { environments: [] }, /has no environments/],
    ["an environment with a dot", { environments: ["eu.west"] }, /"eu.west" is not usable/],
    ["an environment twice", { environments: ["main", "main"] }, /"main" twice/],
    ["a retention of hours", { retention: Duration.hours(36) }, /whole number of days/],
    ["a retention of nothing", { retention: Duration.days(0) }, /at least one/],
    ["a router that takes longer than Lambda lets it", { router: { timeout: Duration.minutes(16) } }, /15 minutes/],
    ["a batch that SQS does not hand out", { router: { batchSize: 11 } }, /from 1 to 10/],
    ["a concurrency below Lambda's least", { router: { maxConcurrency: 1 } }, /from 2 to 1000/],
  ])("%s", (_what, props, message) => {
    expect(() => new Engine(new Stack(), "Engine", props)).toThrow(message);
  });
});

describe("engine.grantSend", () => {
  const sender = (stack: Stack) =>
    new lambda.Function(stack, "Sender", {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: "index.handler",
      code: lambda.Code.fromInline("exports.handler = () => {};"),
    });

  it("tells a Lambda its engine, in the environment that it sends to", () => {
    const { stack, engine, template } = engineStack({ environments: ["main", "staging"] }, { env });
    engine.grantSend(sender(stack), { environment: "staging" });
    const [made] = Object.values(
      template().findResources("AWS::Lambda::Function", { Properties: { Code: { ZipFile: Match.anyValue() } } }),
    );
    expect(JSON.parse(deployedText(made?.Properties.Environment.Variables[ENGINE_ENV_KEY]))).toMatchObject({
      engine: "stepwell",
      env: "staging",
    });
  });

  it("works for an engine that is deployed elsewhere", () => {
    const stack = new Stack(flaggedApp(), "Senders", { env });
    Engine.fromName(stack, "Engine", "shared").grantSend(sender(stack));
    Template.fromStack(stack).hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: "events:PutEvents",
            Resource: "arn:aws:events:eu-west-1:111111111111:event-bus/shared",
          }),
        ]),
      },
    });
  });

  it("names the environments that there are when it is asked for another", () => {
    const { stack, engine } = engineStack({ environments: ["main", "staging"] });
    expect(() => engine.grantSend(sender(stack), { environment: "prod" })).toThrow(
      /no environment "prod". It has: main, staging/,
    );
  });
});

/** What the sweeper logs when it finds two runs that are overdue. */
async function linesOfSweeper(): Promise<readonly unknown[]> {
  const lines: unknown[] = [];
  const header = { status: "active", env: "main", app: "shop", functionId: "order", runId: "r", parked: "sleeping" };
  const due = { key: { pk: "main#shop#run#r", sk: "header" }, due: 0 };
  const world = {
    runs: {
      due: async function* (shard: number) {
        if (shard === 0) yield [due, due];
      },
      headerAt: async () => header,
      noteSweeps: async () => true,
    },
    steps: { load: async () => new Map() },
    registry: { app: async () => ({ queueUrl: "runs", manifest: { functions: [{ id: "order" }] } }) },
    queue: { sendToRun: async () => {} },
  } as unknown as SweeperDeps["world"];
  const log = jsonLogger(
    (line) => lines.push(JSON.parse(line)),
    () => 0,
  );
  await createSweeper({ world, clock: { now: () => 0 } as SweeperDeps["clock"], log, environments: [] })();
  return lines;
}

describe("alarms", () => {
  const alarmsOf = (template: Template) => Object.values(template.findResources("AWS::CloudWatch::Alarm"));

  it("watch what the issue asks for, and say where to look", () => {
    const alarms = alarmsOf(plain.template());
    const metrics = alarms.map(({ Properties }) =>
      `${Properties.Namespace ?? "math"} ${Properties.MetricName ?? ""}`.trim(),
    );
    expect([...new Set(metrics)].sort()).toEqual([
      "AWS/DynamoDB WriteThrottleEvents",
      "AWS/Events FailedInvocations",
      "AWS/Events InvocationsFailedToBeSentToDlq",
      "AWS/Lambda Errors",
      "AWS/Lambda Invocations",
      "AWS/Lambda Throttles",
      "AWS/SQS ApproximateAgeOfOldestMessage",
      "AWS/SQS ApproximateNumberOfMessagesNotVisible",
      "AWS/SQS ApproximateNumberOfMessagesVisible",
      "AWS/Scheduler InvocationDroppedCount",
      "AWS/Scheduler TargetErrorCount",
      "AWS/States ExecutionThrottled",
      "AWS/States ExecutionsFailed",
      "Stepwell/stepwell OverdueRuns",
      "math",
    ]);
    for (const { Properties } of alarms) expect(deployedText(Properties.AlarmDescription).length).toBeGreaterThan(40);
  });

  it("count lines as the engine's Lambdas write them", async () => {
    const filters = Object.values(plain.template().findResources("AWS::Logs::MetricFilter"));
    const counted = filters.map(({ Properties: { FilterPattern, MetricTransformations } }) => [
      MetricTransformations[0].MetricName,
      FilterPattern,
      MetricTransformations[0].MetricValue,
    ]);
    expect(counted).toEqual([
      ["DeadLetters", `{ $.message = "${LOGGED.deadLetter}" }`, "1"],
      ["UnreadableMessages", `{ $.message = "${LOGGED.buried}" }`, "1"],
      ["OverdueRuns", `{ $.message = "${LOGGED.overdue}" }`, "$.count"],
    ]);
    expect(await linesOfSweeper()).toEqual([expect.objectContaining({ message: LOGGED.overdue, count: 2 })]);
  });

  it("go to the topic, if there is one", () => {
    const { stack } = engineStack();
    const topic = new sns.Topic(stack, "Topic");
    new Engine(stack, "Watched", { name: "watched", alarmTopic: topic });
    const told = alarmsOf(Template.fromStack(stack)).filter(({ Properties }) => Properties.AlarmActions !== undefined);
    expect(told).toHaveLength(alarmsOf(plain.template()).length);
  });

  it("can be left out, and an engine at rest costs nothing by the month then", () => {
    const template = engineStack({ alarms: false }).template();
    template.resourceCountIs("AWS::CloudWatch::Alarm", 0);
    template.resourceCountIs("AWS::Logs::MetricFilter", 0);
  });
});
