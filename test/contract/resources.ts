import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from "@aws-sdk/client-dynamodb";
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from "@aws-sdk/client-sqs";
import { Table } from "../../lambdas/aws/table.ts";
import { tableDefinition } from "../local/table.ts";
import type { World } from "./target.ts";

/** The engine's table, made once. */
export function tableName(world: World): Promise<string> {
  const { dynamodb } = world.clients;
  return world.once("table", async () => {
    const TableName = world.unique("table");
    await dynamodb.send(new CreateTableCommand(tableDefinition(TableName)));
    world.atEnd(() => dynamodb.send(new DeleteTableCommand({ TableName })));
    await waitUntilTableExists({ client: dynamodb, maxWaitTime: 120, minDelay: 1 }, { TableName });
    return TableName;
  });
}

/** The same, as the engine's adapters see it. */
export const engineTable = async (world: World): Promise<Table> =>
  new Table(() => world.clients.dynamodb, await tableName(world));

export interface TestQueue {
  readonly url: string;
  readonly arn: string;
  send(body: string, delaySeconds?: number): Promise<void>;
  /** What can be received now. */
  receive(): Promise<readonly Message[]>;
  /** The next message, as soon as there is one. */
  next(): Promise<Message>;
}

/** A queue of the test's own, which whoever acts for the account may send to. */
export async function makeQueue(world: World, attributes: Record<string, string> = {}): Promise<TestQueue> {
  const { sqs } = world.clients;
  const QueueName = world.unique("queue");
  const { QueueUrl = "" } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes: attributes }));
  world.atEnd(() => sqs.send(new DeleteQueueCommand({ QueueUrl })));
  const receive = async () => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"] }),
    );
    return Messages;
  };
  return {
    url: QueueUrl,
    arn: `arn:aws:sqs:${world.region}:${world.account}:${QueueName}`,
    send: async (MessageBody, DelaySeconds) => {
      await sqs.send(
        new SendMessageCommand({ QueueUrl, MessageBody, ...(DelaySeconds !== undefined && { DelaySeconds }) }),
      );
    },
    receive,
    next: () => world.eventually(async () => (await receive())[0]),
  };
}

/** Lets EventBridge's rules send to a queue. */
export async function openToRules(world: World, { url, arn }: TestQueue): Promise<void> {
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage", Resource: arn },
    ],
  });
  await world.clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy } }));
}

export const roleOf = ({ roleArn, account }: World): string => roleArn ?? `arn:aws:iam::${account}:role/contract`;

/** The error that a call is answered with. */
export async function errorOf(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("The call was not refused.");
}
