import { DynamoDBClient, type DynamoDBClientConfig } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SchedulerClient } from "@aws-sdk/client-scheduler";
import type { SFNClient } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";

/** What the clients of one process share: nothing in Lambda, the transport of the local cloud on a laptop. */
export type ClientConfig = Pick<
  DynamoDBClientConfig,
  "endpoint" | "region" | "credentials" | "requestHandler" | "maxAttempts"
>;

/** An engine in AWS is found by what surrounds the Lambda; a local cloud's binding says where it is, and takes any credentials. */
export const clientConfigOf = ({ endpoint }: { readonly endpoint?: string }): ClientConfig => {
  if (endpoint === undefined) return {};
  return { endpoint, region: "us-east-1", credentials: { accessKeyId: "local", secretAccessKey: "local" } };
};

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly eventBridge: EventBridgeClient;
  /** The last three are loaded at their first use: most runs have no long sleep, no wait, and no payload too large for an item. */
  readonly scheduler: Promise<SchedulerClient>;
  readonly stepFunctions: Promise<SFNClient>;
  readonly s3: Promise<S3Client>;
}

/** The SDK clients, each made at its first use: a start-up pays only for what it needs. */
export function createClients(around: ClientConfig = {}): Clients {
  // A client's middleware is the same for every call. To put it together each time takes a tenth of a call's CPU time.
  const config = { ...around, cacheMiddleware: true };
  const once = <T>(make: () => T) => {
    let made: T | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const dynamodb = once(() => new DynamoDBClient(config));
  const sqs = once(() => new SQSClient({ ...config, md5: false }));
  const eventBridge = once(() => new EventBridgeClient(config));
  const scheduler = once(async () => {
    const { SchedulerClient } = await import("./lazy/scheduler.ts");
    return new SchedulerClient(config);
  });
  const stepFunctions = once(async () => {
    const { SFNClient } = await import("./lazy/step-functions.ts");
    return new SFNClient(config);
  });
  const s3 = once(async () => {
    const { S3Client } = await import("@aws-sdk/client-s3");
    return new S3Client({ ...config, forcePathStyle: config.endpoint !== undefined });
  });
  return {
    get dynamodb() {
      return dynamodb();
    },
    get sqs() {
      return sqs();
    },
    get eventBridge() {
      return eventBridge();
    },
    get scheduler() {
      return scheduler();
    },
    get stepFunctions() {
      return stepFunctions();
    },
    get s3() {
      return s3();
    },
  };
}

/** Whether an AWS error is one of the named ones. Names are stable across bundled copies, classes are not. */
export const isError = (error: unknown, ...names: readonly string[]): boolean =>
  error instanceof Error && names.includes(error.name);
