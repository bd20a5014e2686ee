import type { Promised, ServiceName } from "../target.ts";
import { dynamodbMaps } from "./dynamodb-maps.ts";
import { dynamodbQueries } from "./dynamodb-queries.ts";
import { dynamodbStores } from "./dynamodb-stores.ts";
import { dynamodbTransactions } from "./dynamodb-transactions.ts";
import { dynamodbRefusals, dynamodbWrites } from "./dynamodb-writes.ts";
import { eventPatterns } from "./event-patterns.ts";
import { events } from "./events.ts";
import { functions } from "./functions.ts";
import { objects } from "./s3.ts";
import { firing, schedules } from "./scheduler.ts";
import { sqsMessages, sqsVisibility } from "./sqs.ts";
import { executions, waitMachine } from "./wait-machine.ts";

/** What is relied on, service by service. */
export const SUITES: Readonly<Record<ServiceName, readonly ((promised: Promised) => void)[]>> = {
  dynamodb: [dynamodbWrites, dynamodbRefusals, dynamodbMaps, dynamodbQueries, dynamodbTransactions, dynamodbStores],
  sqs: [sqsVisibility, sqsMessages],
  events: [events, eventPatterns],
  scheduler: [schedules, firing],
  stepFunctions: [waitMachine, executions],
  lambda: [functions],
  s3: [objects],
};
