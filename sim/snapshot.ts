import { unmarshall } from "@aws-sdk/util-dynamodb";
import type { Item, QueuedMessage, Snapshot } from "../audit/contract.ts";
import { engineNames } from "../lambdas/contract.ts";
import { offTheBill } from "../local/meter.ts";
import type { Stage } from "./stage.ts";

/** Everything that there is on a stage, messages too. */
export async function snapshotOf(stage: Stage, app = "sim"): Promise<Snapshot> {
  const { aws, provisioned } = stage;
  const names = engineNames(provisioned.binding.engine);
  const dead = [names.ingestDeadLetters, names.runDeadLetters("main", app)];
  const queues = [names.ingestQueue, names.runQueue("main", app), ...dead];
  return {
    now: aws.clock.now(),
    items: await itemsOf(stage),
    messages: queues.flatMap((queue) => messagesOf(stage, queue)),
    executions: aws.stepFunctions
      .executions(names.waitMachine)
      .filter(({ status }) => status === "RUNNING")
      .map(({ name }) => name),
    schedules: aws.scheduler.schedules(),
  };
}

const messagesOf = ({ aws }: Stage, queue: string): QueuedMessage[] =>
  aws.sqs
    .messages(queue)
    .map(({ body, state }) => ({ queue, body, state: state === "inflight" ? ("inFlight" as const) : state }));

async function itemsOf({ aws, provisioned }: Stage): Promise<Item[]> {
  const items: Item[] = [];
  let from: unknown;
  do {
    const input = { TableName: provisioned.binding.tableName, ...(from !== undefined && { ExclusiveStartKey: from }) };
    const { Items, LastEvaluatedKey } = await offTheBill(() => aws.dynamodb.call("Scan", input));
    items.push(...(Items as Parameters<typeof unmarshall>[0][]).map((item) => unmarshall(item) as Item));
    from = LastEvaluatedKey;
  } while (from !== undefined);
  return items;
}
