/** Names that the deployed and the local world share. */

/** Physical names of one engine, all from its `name`. */
export const engineNames = (engine: string) => ({
  table: `${engine}-state`,
  bus: engine,
  ingestQueue: `${engine}-ingest`,
  ingestDeadLetters: `${engine}-ingest-dead`,
  waitMachine: `${engine}-wait`,
  scheduleGroup: engine,
  /** Of a door's Lambda. */
  door: (door: DoorName) => `${engine}-${door}`,
  /** Of the Lambda that CloudFormation calls for the custom resources of apps. */
  registration: `${engine}-registration`,
  /** Roles have one name in all regions of an account. */
  role: (of: DoorName | "scheduler" | "wait", region: string) => `${engine}-${of}-${region}`,
  /** Of the engine's KMS key, if it has one of its own. */
  keyAlias: `alias/${engine}`,
  /** Names of buckets are unique in the world, hence the account and the region. */
  bucket: (account: string, region: string) => `${engine}-payloads-${account}-${region}`,
  /** What the names of all apps' parts of a kind begin with. */
  appPrefix: (kind: AppPart) => appPrefix(engine, kind),
  runQueue: (env: string, app: string) => partName(appPrefix(engine, "runs"), env, app, QUEUE_NAME_CHARS_MAX),
  runDeadLetters: (env: string, app: string) => partName(appPrefix(engine, "dead"), env, app, QUEUE_NAME_CHARS_MAX),
  appLambda: (env: string, app: string) => partName(appPrefix(engine, "app"), env, app, LAMBDA_NAME_CHARS_MAX),
});

/** The engine's own Lambdas: each is a folder beside this file, and an asset of that name. */
export const DOORS = ["router", "sweeper", "registrar", "dead-letters"] as const;
export type DoorName = (typeof DOORS)[number];

/** The kinds of an app's parts that have a name of their own. */
export type AppPart = "runs" | "dead" | "app";

const appPrefix = (engine: string, kind: AppPart) => `${engine}-${kind}-`;

const QUEUE_NAME_CHARS_MAX = 80;
const LAMBDA_NAME_CHARS_MAX = 64;

/**
 * A name that AWS would find too long is cut, and told apart by a hash (FNV-1a) of the whole. So is that of an environment with a "-":
 * "shop" in "main-eu" would be called as "eu-shop" in "main" is.
 */
function partName(prefix: string, env: string, app: string, charsMax: number): string {
  const name = `${prefix}${env}-${app}`;
  if (name.length <= charsMax && !env.includes("-")) return name;
  let hash = 0x811c9dc5;
  for (const char of `${prefix}${env}#${app}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return `${name.slice(0, charsMax - 9)}-${hash.toString(16).padStart(8, "0")}`;
}

/** Receives of a message before it goes to the dead-letter queue: `SQS_RECEIVES_MAX`, for who may not import the protocol. */
export const QUEUE_RECEIVES_MAX = 50;

/** Log lines that alarms count. */
export const LOGGED = {
  deadLetter: "dead letter",
  buried: "a message that cannot be handled is kept as a dead letter",
  overdue: "runs were overdue and have been woken",
} as const;

/** Own events carry this source on the bus: `stepwell.<app>`. */
export const EVENT_SOURCE_PREFIX = "stepwell.";

export const DEFAULT_ENGINE = "stepwell";
export const DEFAULT_ENVIRONMENT = "main";

/** The single table. */
export const TABLE = {
  partitionKey: "pk",
  sortKey: "sk",
  ttl: "ttl",
  /** Listing of runs: keys only, never changing. */
  runsIndex: { name: "gsi1", partitionKey: "gsi1pk", sortKey: "gsi1sk" },
  /** Suspended runs by due time: sparse, keys only. */
  dueIndex: { name: "gsi2", partitionKey: "gsi2pk", sortKey: "gsi2sk" },
} as const;

/** Environment of the engine's Lambdas and of the apps'. The value is JSON of `EngineBinding`. */
export const ENGINE_ENV_KEY = "STEPWELL_ENGINE";

/** Everything that a Lambda has to know of its engine. */
export interface EngineBinding {
  readonly engine: string;
  readonly env: string;
  /** All of the engine's, for its own Lambdas. */
  readonly environments?: readonly string[];
  readonly tableName: string;
  readonly busName: string;
  readonly ingestQueueUrl: string;
  readonly ingestQueueArn: string;
  readonly bucketName: string;
  readonly waitMachineArn: string;
  readonly scheduleGroup: string;
  readonly schedulerRoleArn: string;
  /** Of the app that this Lambda runs; absent in the engine's own. */
  readonly runQueueUrl?: string;
  readonly runQueueArn?: string;
  readonly waits: "stepFunctions" | "table";
  /** How long finished runs stay readable, in days. @default - 30 */
  readonly retentionDays?: number;
  /** Of a local cloud: where its AWS services are. @default - AWS */
  readonly endpoint?: string;
}

/** The payload of a direct invocation by which the registrar asks an app for its manifest. */
export const MANIFEST_REQUEST = { stepwell: "manifest" } as const;

/** Input of one execution of the wait machine. */
export interface WaitMachineInput {
  readonly tableName: string;
  readonly pk: string;
  readonly sk: string;
  readonly timeoutSeconds: number;
  readonly queueUrl: string;
  /** Body of the message that wakes the run once the wait is resolved. */
  readonly wake: string;
  /** Body of the message that resolves the wait as timed out. */
  readonly timeout: string;
}

/**
 * The wait machine, in Amazon States Language. It writes its callback token on the step item unless the wait is resolved already
 * (L7), waits for the callback or the timeout, and sends the matching message to the app's run queue. It has no Lambda.
 */
export const WAIT_MACHINE = {
  Comment: "Stepwell: one waitForEvent",
  StartAt: "Register",
  States: {
    Register: {
      Type: "Task",
      Resource: "arn:aws:states:::aws-sdk:dynamodb:updateItem.waitForTaskToken",
      Parameters: {
        "TableName.$": "$.tableName",
        Key: { pk: { "S.$": "$.pk" }, sk: { "S.$": "$.sk" } },
        UpdateExpression: "SET #token = :token, #try = :try",
        ConditionExpression:
          "attribute_exists(pk) AND attribute_not_exists(outcome) AND (attribute_not_exists(#try) OR #try < :try OR #token = :token)",
        ExpressionAttributeNames: { "#token": "token", "#try": "tokenTry" },
        ExpressionAttributeValues: {
          ":token": { "S.$": "$$.Task.Token" },
          ":try": { "N.$": "States.Format('{}', States.MathAdd($$.State.RetryCount, 1))" },
        },
      },
      TimeoutSecondsPath: "$.timeoutSeconds",
      ResultPath: null,
      Retry: [
        {
          ErrorEquals: [
            "DynamoDB.ConditionalCheckFailedException",
            "DynamoDb.ConditionalCheckFailedException",
            "States.Timeout",
          ],
          MaxAttempts: 0,
        },
        { ErrorEquals: ["States.ALL"], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 6 },
      ],
      Catch: [
        {
          ErrorEquals: ["DynamoDB.ConditionalCheckFailedException", "DynamoDb.ConditionalCheckFailedException"],
          ResultPath: null,
          Next: "Wake",
        },
        { ErrorEquals: ["States.Timeout"], ResultPath: null, Next: "TimedOut" },
        // Anything else: the run looks again and sets the wait up anew.
        { ErrorEquals: ["States.ALL"], ResultPath: null, Next: "Wake" },
      ],
      Next: "Wake",
    },
    Wake: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { "QueueUrl.$": "$.queueUrl", "MessageBody.$": "$.wake" },
      ResultPath: null,
      Retry: [{ ErrorEquals: ["States.ALL"], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 10 }],
      End: true,
    },
    TimedOut: {
      Type: "Task",
      Resource: "arn:aws:states:::sqs:sendMessage",
      Parameters: { "QueueUrl.$": "$.queueUrl", "MessageBody.$": "$.timeout" },
      ResultPath: null,
      Retry: [{ ErrorEquals: ["States.ALL"], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 10 }],
      End: true,
    },
  },
} as const;
