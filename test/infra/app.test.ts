import { App as CdkApp, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { Match, Template } from "aws-cdk-lib/assertions";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import * as ec2 from "aws-cdk-lib/aws-ec2";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sns from "aws-cdk-lib/aws-sns";
import { AwsSolutionsChecks } from "cdk-nag";
import { App, Engine } from "stepwell/cdk";
import { describe, expect, it } from "vitest";
import { ENGINE_ENV_KEY, type EngineBinding } from "../../lambdas/contract.ts";
import { appStack, builtCode, propertiesOf } from "./app-stack.ts";

const env = { account: "123456789012", region: "eu-central-1" };
const FUNCTION = "AWS::Lambda::Function";
const QUEUE = "AWS::SQS::Queue";
const SOURCE = "AWS::Lambda::EventSourceMapping";
const REGISTRATION = "Custom::StepwellApp";

describe("an App", () => {
  const { stack, template } = appStack({}, { stack: { env } });
  const built = template();
  const registration = (id: string) => {
    const found = Object.entries(built.findResources(REGISTRATION)).find(([name]) => name.startsWith(`Shop${id}`));
    return found?.[1] as Resource;
  };

  it("is a Lambda on Node 24 and arm64, with a name that others can compute", () => {
    built.hasResourceProperties(FUNCTION, {
      FunctionName: "stepwell-app-main-shop",
      Runtime: "nodejs24.x",
      Architectures: ["arm64"],
      Handler: "index.handler",
      MemorySize: 512,
      Timeout: 900,
      RecursiveLoop: "Allow",
    });
  });

  it("tells its Lambda all of the engine and of its own queue", () => {
    const { Environment } = propertiesOf(built, FUNCTION) as { Environment: { Variables: Record<string, unknown> } };
    const parts = (Environment.Variables[ENGINE_ENV_KEY] as { "Fn::Join": [string, unknown[]] })["Fn::Join"][1];
    const text = parts.map((part) => (typeof part === "string" ? part : "*")).join("");
    const binding = JSON.parse(text) as EngineBinding;
    expect(binding).toMatchObject({
      engine: "stepwell",
      env: "main",
      tableName: "stepwell-state",
      busName: "stepwell",
    });
    expect(binding).toMatchObject({ waits: "stepFunctions", retentionDays: 30, runQueueUrl: "*", runQueueArn: "*" });
  });

  it("has a run queue that gives a message fifty receives and fourteen days, and hides it no longer than its Lambda lasts", () => {
    built.hasResourceProperties(QUEUE, {
      QueueName: "stepwell-runs-main-shop",
      MessageRetentionPeriod: 14 * 86_400,
      VisibilityTimeout: 900,
      SqsManagedSseEnabled: true,
      RedrivePolicy: Match.objectLike({ maxReceiveCount: 50 }),
    });
    built.hasResourceProperties(QUEUE, { QueueName: "stepwell-dead-main-shop", SqsManagedSseEnabled: true });
  });

  it("takes runs by its alias, one an invocation, and fails them one by one", () => {
    expect(propertiesOf(built, SOURCE, "RunSource")).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      FunctionName: { "Fn::Join": ["", [expect.anything(), ":live"]] },
    });
    expect(propertiesOf(built, SOURCE, "RunSource")).not.toHaveProperty("ScalingConfig");
  });

  it("gives its dead letters to the engine", () => {
    const { FunctionName } = propertiesOf(built, SOURCE, "DeadLetterSource");
    expect(JSON.stringify(FunctionName)).toContain(":lambda:eu-central-1:123456789012:function:stepwell-dead-letters");
  });

  it("lets only the engine's router, sweeper, dead letters and wait machine send to its runs, and only over TLS", () => {
    const { PolicyDocument } = propertiesOf(built, "AWS::SQS::QueuePolicy", "RunsQueue") as {
      PolicyDocument: { Statement: { Effect: string; Principal: { AWS: unknown[] }; Action: string }[] };
    };
    const [deny, allow] = PolicyDocument.Statement;
    expect(deny).toMatchObject({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } });
    const roles = allow?.Principal.AWS.map((role) => /role\/([\w-]+)/.exec(JSON.stringify(role))?.[1]);
    expect(roles).toEqual(["router", "sweeper", "dead-letters", "wait"].map((role) => `stepwell-${role}-eu-central-1`));
    expect(allow?.Action).toBe("sqs:SendMessage");
  });

  it("keeps the versions of before, for runs may be in flight on them, but none whose deploy failed", () => {
    const [version] = Object.values(built.findResources("AWS::Lambda::Version"));
    expect(version).toMatchObject({ DeletionPolicy: "RetainExceptOnCreate", UpdateReplacePolicy: "Retain" });
  });

  it("registers last, with what the registrar needs, by the ARN of the version", () => {
    const { Properties, DependsOn } = registration("Registration");
    expect(Object.keys(Properties).sort()).toEqual([
      ...["ServiceTimeout", "ServiceToken", "app", "codeVersion", "env", "functionName", "queueArn", "queueUrl"],
    ]);
    expect(Properties).toMatchObject({ env: "main", app: "shop", ServiceTimeout: "600" });
    expect(JSON.stringify(Properties.functionName)).toContain("HandlerCurrentVersion");
    expect(JSON.stringify(Properties.ServiceToken)).toContain(
      ":lambda:eu-central-1:123456789012:function:stepwell-registration",
    );
    for (const part of ["Live", "RunSource", "DeadLetterSource", "QueuePolicy"])
      expect(DependsOn.some((name) => name.includes(part))).toBe(true);
  });

  it("has a version checked before its alias moves there", () => {
    expect(registration("Check").Properties).toMatchObject({
      ...registration("Registration").Properties,
      checkOnly: "true",
    });
    const [alias] = Object.values(built.findResources("AWS::Lambda::Alias")) as Resource[];
    expect(alias?.DependsOn).toEqual([expect.stringContaining("Check")]);
  });

  it("has five alarms, and no exports", () => {
    built.resourceCountIs("AWS::CloudWatch::Alarm", 5);
    expect(built.toJSON()).not.toHaveProperty("Outputs");
    expect(stack.dependencies).toEqual([]);
  });
});

interface Resource {
  readonly Properties: Record<string, unknown>;
  readonly DependsOn: readonly string[];
}

describe("what its Lambda may do", () => {
  const { app, stack, template } = appStack();
  dynamodb.Table.fromTableName(stack, "Orders", "orders").grantReadData(app);
  const built = template();
  const { Policies } = propertiesOf(built, "AWS::IAM::Role", "Role") as { Policies: { PolicyDocument: Policy }[] };
  const statements = Policies[0]?.PolicyDocument.Statement ?? [];
  const actions = statements.flatMap(({ Action }) => [Action].flat());

  it("is exactly what a runner calls", () => {
    expect([...new Set(actions)].sort()).toEqual([
      "dynamodb:ConditionCheckItem",
      "dynamodb:DeleteItem",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:Query",
      "dynamodb:UpdateItem",
      "events:PutEvents",
      "iam:PassRole",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
      "s3:GetObject",
      "s3:PutObject",
      "scheduler:CreateSchedule",
      "scheduler:DeleteSchedule",
      "sqs:ChangeMessageVisibility",
      "sqs:DeleteMessage",
      "sqs:GetQueueAttributes",
      "sqs:ReceiveMessage",
      "sqs:SendMessage",
      "states:StartExecution",
      "states:StopExecution",
    ]);
  });

  it("ends in the table at its own items and what apps share", () => {
    const table = statements.filter(({ Action }) => [Action].flat().some((action) => action.startsWith("dynamodb:")));
    const keys = table.map(({ Condition }) => Condition?.["ForAllValues:StringLike"]?.["dynamodb:LeadingKeys"]);
    const gates = ["main#$#slots#*", "main#$#backlog#*", "$#$#slots#*", "$#$#backlog#*"];
    expect(keys).toEqual([["main#shop#*"], ["main#$#event#*", "main#$#paths#*"], ["main#$#dead"], gates]);
  });

  it("is more when something is granted to the app", () => {
    built.hasResourceProperties("AWS::IAM::Policy", {
      PolicyDocument: Match.objectLike({
        Statement: Match.arrayWith([Match.objectLike({ Action: Match.arrayWith(["dynamodb:GetItem"]) })]),
      }),
      Roles: [{ Ref: Match.stringLikeRegexp("ShopRole") }],
    });
  });
});

interface Policy {
  readonly Statement: readonly {
    readonly Action: string | readonly string[];
    readonly Condition?: Record<string, Record<string, readonly string[]>>;
  }[];
}

describe("options", () => {
  it("of the Lambda, the event source and the logs are passed on", () => {
    const { app, template } = appStack({
      environment: "staging",
      waits: "table",
      memorySize: 1_024,
      timeout: Duration.minutes(2),
      batchSize: 5,
      maxConcurrency: 20,
      environmentVariables: { STAGE: "test" },
      logRetention: logs.RetentionDays.ONE_WEEK,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    app.addEnvironment("ORDERS", "orders");
    const built = template();
    built.hasResourceProperties(FUNCTION, {
      FunctionName: "stepwell-app-staging-shop",
      MemorySize: 1_024,
      Timeout: 120,
      Environment: { Variables: Match.objectLike({ STAGE: "test", ORDERS: "orders" }) },
    });
    built.hasResourceProperties(QUEUE, { QueueName: "stepwell-runs-staging-shop", VisibilityTimeout: 120 });
    expect(propertiesOf(built, SOURCE, "RunSource")).toMatchObject({
      BatchSize: 5,
      ScalingConfig: { MaximumConcurrency: 20 },
    });
    built.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 7 });
    built.hasResource("AWS::Logs::LogGroup", { DeletionPolicy: "Retain" });
    expect(JSON.stringify(propertiesOf(built, FUNCTION))).toContain('\\"waits\\":\\"table\\"');
  });

  it("of the engine hold where the app says nothing: its key, its waits, no alarms", () => {
    const stack = new Stack(new CdkApp(), "Apps");
    const attributes = { hasEncryptionKey: true, waits: "table", alarms: false } as const;
    const engine = Engine.fromName(stack, "Engine", "acme", attributes);
    new App(stack, "Shop", { engine, clientId: "shop", code: builtCode() });
    const built = Template.fromStack(stack);
    built.resourceCountIs("AWS::CloudWatch::Alarm", 0);
    expect(JSON.stringify(propertiesOf(built, QUEUE, "RunsQueue").KmsMasterKeyId)).toContain("alias/acme");
    expect(JSON.stringify(propertiesOf(built, FUNCTION))).toContain('\\"waits\\":\\"table\\"');
    const role = JSON.stringify(propertiesOf(built, "AWS::IAM::Role", "Role"));
    expect(role).toContain("kms:GenerateDataKey");
  });

  it("a topic of the app's own is told of its alarms", () => {
    const stack = new Stack(new CdkApp(), "Apps");
    const engine = Engine.fromName(stack, "Engine", "stepwell");
    const alarmTopic = new sns.Topic(stack, "Alarms");
    new App(stack, "Shop", { engine, clientId: "shop", code: builtCode(), alarmTopic });
    const alarms = Object.values(Template.fromStack(stack).findResources("AWS::CloudWatch::Alarm"));
    expect(alarms).toHaveLength(5);
    for (const { Properties } of alarms) expect(Properties.AlarmActions).toHaveLength(1);
  });
});

it("cdk-nag finds nothing, with a key and a VPC either", () => {
  const cdk = new CdkApp();
  Validations.of(cdk).addPlugins(new AwsSolutionsChecks(cdk));
  const stack = new Stack(cdk, "Apps", { env });
  const engine = Engine.fromName(stack, "Engine", "stepwell", { hasEncryptionKey: true });
  const privateSubnetIds = ["subnet-12345678"];
  const vpc = ec2.Vpc.fromVpcAttributes(stack, "Vpc", {
    vpcId: "vpc-12345678",
    availabilityZones: ["a"],
    privateSubnetIds,
  });
  new App(stack, "Shop", { engine, clientId: "shop", code: builtCode(), vpc });
  // Throws if there are findings.
  const { template } = cdk.synth().getStackByName("Apps");
  const built = Template.fromJSON(template);
  expect(propertiesOf(built, FUNCTION, "Shop")).toMatchObject({ VpcConfig: { SubnetIds: privateSubnetIds } });
  // Lambda refuses a function in a VPC whose role may not make network interfaces.
  const { ManagedPolicyArns } = propertiesOf(built, "AWS::IAM::Role", "Shop");
  expect(JSON.stringify(ManagedPolicyArns)).toContain(":policy/service-role/AWSLambdaVPCAccessExecutionRole");
});

it("no two apps have names in common, wherever their environment and their client id meet", () => {
  const stack = new Stack(new CdkApp(), "Apps");
  const engine = Engine.fromName(stack, "Engine", "stepwell", { environments: ["main", "main-eu"] });
  new App(stack, "Eu", { engine, clientId: "eu-shop", code: builtCode() });
  new App(stack, "Shop", { engine, environment: "main-eu", clientId: "shop", code: builtCode() });
  const built = Template.fromStack(stack);
  const names = [QUEUE, FUNCTION].flatMap((type) =>
    Object.values(built.findResources(type)).map(({ Properties }) => Properties.QueueName ?? Properties.FunctionName),
  );
  expect(names).toContain("stepwell-app-main-eu-shop");
  expect(new Set(names).size).toBe(6);
});

describe("a new version", () => {
  const versionOf = (given: Parameters<typeof appStack>[0]) =>
    JSON.stringify(propertiesOf(appStack(given).template(), REGISTRATION, "Registration").functionName);

  it("is registered when something has changed, and only then", () => {
    expect(versionOf({})).toBe(versionOf({}));
    expect(versionOf({ environmentVariables: { STAGE: "test" } })).not.toBe(versionOf({}));
  });
});

describe("an App is refused when the stack is made", () => {
  it.each<[string, Parameters<typeof appStack>[0], RegExp]>([
    ["with a client id that AWS would not take", { clientId: "My Shop" }, /clientId "My Shop"/],
    ["with an environment that the engine has not", { environment: "prod" }, /no environment "prod".*main, staging/],
    ["with an entry that does not exist", { entry: "src/nowhere.ts" }, /`entry`.*does not exist: .*nowhere\.ts/],
    ["with two sources of code", { entry: "package.json", code: builtCode() }, /`entry` and a `code`/],
    ["with bundling of built code", { bundling: { minify: false } }, /`bundling`.*no use/],
    ["with a timeout too short to do anything", { timeout: Duration.seconds(3) }, /`timeout`.*30 to 900 seconds/],
    ["with a batch that is too large", { batchSize: 11 }, /`batchSize`.*1 to 10/],
    ["with a concurrency that SQS does not take", { maxConcurrency: 1 }, /`maxConcurrency`.*2 to 1000/],
    ["with an engine of its own", { environmentVariables: { [ENGINE_ENV_KEY]: "{}" } }, /STEPWELL_ENGINE/],
  ])("%s", (_name, given, message) => {
    expect(() => appStack(given)).toThrow(message);
  });

  it("without any code", () => {
    const stack = new Stack(new CdkApp(), "Apps");
    const engine = Engine.fromName(stack, "Engine", "stepwell");
    expect(() => new App(stack, "Shop", { engine, clientId: "shop" })).toThrow(/no `entry`/);
  });
});
