import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { DAY, openAws, SECOND } from "./open.ts";

async function openQueue(Attributes: Record<string, string> = {}) {
  const opened = await openAws();
  const { aws, sqs } = opened;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs", Attributes }));
  const send = (MessageBody: string, DelaySeconds?: number) =>
    sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, ...(DelaySeconds !== undefined && { DelaySeconds }) }));
  const receive = receiver(sqs, QueueUrl);
  const states = () => aws.sqs.messages("jobs").map(({ body, state }) => `${body} ${state}`);
  return { ...opened, QueueUrl, send, receive, states };
}

const receiver =
  (sqs: SQSClient, QueueUrl: string | undefined) =>
  async (options: object = {}) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ["All"],
        ...options,
      }),
    );
    return Messages;
  };

it("an old receipt handle deletes nothing after a newer receive", async () => {
  const { aws, sqs, QueueUrl, send, receive, states } = await openQueue();
  await send("a");
  const [first] = await receive();
  await aws.time.passTime(30 * SECOND);
  const [second] = await receive();
  const remove = (ReceiptHandle: string | undefined) => sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  await remove(first?.ReceiptHandle);
  expect(states()).toEqual(["a inflight"]);
  await remove(second?.ReceiptHandle);
  expect(states()).toEqual([]);
});

it("a long poll is woken by a message, and is no work that time waits for", async () => {
  const { aws, send, receive } = await openQueue();
  const polled = receive({ WaitTimeSeconds: 20 });
  await aws.time.settle();
  await send("a");
  expect(await polled).toHaveLength(1);
  const empty = receive({ WaitTimeSeconds: 20 });
  await aws.time.passTime(20 * SECOND);
  expect(await empty).toEqual([]);
});

it("a FIFO queue is refused by name", async () => {
  const { sqs } = await openQueue();
  const fifo = new CreateQueueCommand({ QueueName: "x.fifo" });
  await expect(sqs.send(fifo)).rejects.toThrow("no FIFO queues");
});

it("messages expire when their retention ends", async () => {
  const { aws, send, receive, states } = await openQueue({ MessageRetentionPeriod: "86400" });
  await send("old");
  await aws.time.passTime(DAY);
  expect(states()).toEqual([]);
  expect(await receive()).toEqual([]);
});
