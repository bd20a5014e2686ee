import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { EventBridgeClient } from "@aws-sdk/client-eventbridge";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { SchedulerClient } from "@aws-sdk/client-scheduler";
import { SFNClient } from "@aws-sdk/client-sfn";
import { SQSClient } from "@aws-sdk/client-sqs";

/** Real SDK clients with one configuration. */
export const clients = (config: ConstructorParameters<typeof S3Client>[0] & object) => ({
  dynamodb: new DynamoDBClient(config as object),
  sqs: new SQSClient(config as object),
  eventBridge: new EventBridgeClient(config as object),
  scheduler: new SchedulerClient(config as object),
  stepFunctions: new SFNClient(config as object),
  lambda: new LambdaClient(config as object),
  s3: new S3Client(config),
});
