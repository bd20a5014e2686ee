import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { ListExecutionsCommand, SFNClient } from "@aws-sdk/client-sfn";
import type { LocalCloud } from "stepwell/local";
import type { RunView } from "../../../sdk/protocol/index.ts";

/** What a run may leave behind in the services: listeners, schedules, executions. Empty when it has been tidied up. */
export async function leftBehind(cloud: LocalCloud): Promise<readonly string[]> {
  const config = { endpoint: cloud.url, region: "us-east-1", credentials: { accessKeyId: "a", secretAccessKey: "b" } };
  const [dynamodb, scheduler, functions] = [
    new DynamoDBClient(config),
    new SchedulerClient(config),
    new SFNClient(config),
  ];
  const stateMachineArn = "arn:aws:states:us-east-1:000000000000:stateMachine:stepwell-wait";
  const [{ Items = [] }, { Schedules = [] }, { executions = [] }] = await Promise.all([
    dynamodb.send(new ScanCommand({ TableName: "stepwell-state" })),
    scheduler.send(new ListSchedulesCommand({})),
    functions.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: "RUNNING" })),
  ]);
  for (const client of [dynamodb, scheduler, functions]) client.destroy();
  return [
    ...Items.flatMap(({ pk, sk }) => (pk?.S?.includes("#listener#") ? [`listener ${sk?.S}`] : [])),
    ...Schedules.flatMap(({ Name = "" }) => (Name.startsWith("cron-") ? [] : [`schedule ${Name}`])),
    ...executions.map(({ name }) => `execution ${name}`),
  ];
}

/** What a cancelled run looks like. */
export const cancelledBy = (cancel: RunView["cancel"]) => ({
  status: "cancelled",
  cancel,
  output: undefined,
  error: { code: "STEPWELL_RUN_CANCELLED" },
});
