import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import { DAY, openAws, SECOND, socketClients } from "./open.ts";

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

it("a received message is hidden until its visibility ends, and counts its receives", async () => {
  const { aws, send, receive, states } = await openQueue({ VisibilityTimeout: "30" });
  await send("a");
  expect(await receive()).toHaveLength(1);
  expect(await receive()).toEqual([]);
  expect(states()).toEqual(["a inflight"]);
  await aws.time.passTime(30 * SECOND - 1);
  expect(states()).toEqual(["a inflight"]);
  await aws.time.passTime(1);
  const [again] = await receive();
  expect(again?.Attributes?.ApproximateReceiveCount).toBe("2");
});

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

it("a delayed message becomes visible at its time", async () => {
  const { aws, send, states } = await openQueue();
  await send("later", 900);
  expect(states()).toEqual(["later delayed"]);
  await aws.time.passTime(900 * SECOND);
  expect(states()).toEqual(["later visible"]);
});

it("a delay over 900 seconds is refused", async () => {
  const { send } = await openQueue();
  await expect(send("x", 901)).rejects.toThrow("DelaySeconds must be >= 0 and <= 900");
});

it("visibility can be shortened and lengthened, but not of a message that is not in flight", async () => {
  const { aws, sqs, QueueUrl, send, receive, states } = await openQueue();
  await send("a");
  const [message] = await receive();
  const change = (VisibilityTimeout: number) =>
    sqs.send(
      new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle: message?.ReceiptHandle, VisibilityTimeout }),
    );
  await change(100);
  await aws.time.passTime(99 * SECOND);
  expect(states()).toEqual(["a inflight"]);
  await change(0);
  expect(states()).toEqual(["a visible"]);
  await expect(change(10)).rejects.toMatchObject({ name: "MessageNotInflight" });
});

it("a message received too often goes to the dead-letter queue", async () => {
  const opened = await openAws();
  const { aws, sqs } = opened;
  await sqs.send(new CreateQueueCommand({ QueueName: "dead" }));
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn("dead"), maxReceiveCount: 2 });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "jobs", Attributes: { RedrivePolicy } }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "poison" }));
  const receive = receiver(sqs, QueueUrl);
  for (const expected of [1, 1, 0]) {
    expect(await receive()).toHaveLength(expected);
    await aws.time.passTime(30 * SECOND);
  }
  expect(aws.sqs.messages("jobs")).toEqual([]);
  expect(aws.sqs.messages("dead")).toMatchObject([{ body: "poison", state: "visible" }]);
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

it("a batch succeeds entry by entry", async () => {
  const { sqs, QueueUrl, receive } = await openQueue();
  const { Successful, Failed } = await sqs.send(
    new SendMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", MessageBody: "a" },
        { Id: "2", MessageBody: "b", DelaySeconds: 1_000 },
      ],
    }),
  );
  expect([Successful?.map(({ Id }) => Id), Failed?.map(({ Id }) => Id)]).toEqual([["1"], ["2"]]);
  const [message] = await receive();
  const deleted = await sqs.send(
    new DeleteMessageBatchCommand({
      QueueUrl,
      Entries: [
        { Id: "1", ReceiptHandle: message?.ReceiptHandle },
        { Id: "2", ReceiptHandle: "nonsense" },
      ],
    }),
  );
  expect(deleted.Failed).toMatchObject([{ Id: "2", Code: "ReceiptHandleIsInvalid" }]);
});

it("eleven entries, a message over 1 MiB, a FIFO queue and a missing queue are refused", async () => {
  const { sqs, QueueUrl, send } = await openQueue();
  const Entries = Array.from({ length: 11 }, (_, n) => ({ Id: String(n), MessageBody: "x" }));
  const fifo = new CreateQueueCommand({ QueueName: "x.fifo" });
  await expect(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))).rejects.toThrow("10");
  await expect(send("x".repeat(1_048_577))).rejects.toThrow("shorter than 1048576");
  await expect(sqs.send(fifo)).rejects.toThrow("no FIFO queues");
  await expect(sqs.send(new GetQueueUrlCommand({ QueueName: "none" }))).rejects.toMatchObject({
    name: "QueueDoesNotExist",
  });
});

it("messages expire when their retention ends", async () => {
  const { aws, send, receive, states } = await openQueue({ MessageRetentionPeriod: "86400" });
  await send("old");
  await aws.time.passTime(DAY);
  expect(states()).toEqual([]);
  expect(await receive()).toEqual([]);
});

it("the same queue is there over the socket, under the cloud's own url", async () => {
  const { aws, QueueUrl, send } = await openQueue();
  expect(QueueUrl).toBe(`${aws.url}/000000000000/jobs`);
  await send("hello");
  const { sqs } = socketClients(aws.url);
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] }));
  expect(Attributes).toMatchObject({ ApproximateNumberOfMessages: "1", QueueArn: queueArn("jobs") });
  expect(await receiver(sqs, QueueUrl)()).toMatchObject([{ Body: "hello" }]);
  sqs.destroy();
});
