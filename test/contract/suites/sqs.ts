import {
  ChangeMessageVisibilityCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import { errorOf, makeQueue, type TestQueue } from "../resources.ts";
import type { Promised, World } from "../target.ts";

const SECOND_MS = 1_000;
const MESSAGE_BYTES_MAX = 1_048_576;

const change = (world: World, { url }: TestQueue, message: Message, VisibilityTimeout: number) =>
  world.clients.sqs.send(
    new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle, VisibilityTimeout }),
  );

const remove = (world: World, { url }: TestQueue, message: Message) =>
  world.clients.sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));

const sendBatch = (world: World, { url }: TestQueue, Entries: SendMessageBatchRequestEntry[]) =>
  world.clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));

/** When messages can be received. */
export function sqsVisibility(promised: Promised): void {
  promised(
    "a received message is hidden, then comes back with another handle and counts its receives",
    async (world) => {
      const queue = await makeQueue(world, { VisibilityTimeout: "2" });
      await queue.send("a");
      const first = await queue.next();
      expect(await queue.receive()).toEqual([]);
      const second = await queue.next();
      expect([first, second].map(({ Attributes }) => Attributes?.ApproximateReceiveCount)).toEqual(["1", "2"]);
      expect([second.Body, second.MessageId]).toEqual(["a", first.MessageId]);
      expect(second.ReceiptHandle).not.toBe(first.ReceiptHandle);
    },
  );

  promised("a message that is deleted does not come back, and may be deleted again", async (world) => {
    const queue = await makeQueue(world, { VisibilityTimeout: "1" });
    await queue.send("a");
    const message = await queue.next();
    await remove(world, queue, message);
    await remove(world, queue, message);
    await world.pass(2 * SECOND_MS);
    expect(await queue.receive()).toEqual([]);
  });

  promised("a delayed message cannot be received before its time", async (world) => {
    const queue = await makeQueue(world);
    await queue.send("later", 2);
    expect(await queue.receive()).toEqual([]);
    expect((await queue.next()).Body).toBe("later");
  });

  promised(
    "a message comes 15 minutes late when it was told to",
    async (world) => {
      const queue = await makeQueue(world);
      await queue.send("later", 900);
      await world.pass(895 * SECOND_MS);
      expect(await queue.receive()).toEqual([]);
      await world.pass(5 * SECOND_MS);
      expect((await queue.next()).Body).toBe("later");
    },
    { seconds: 900 },
  );

  promised("a visibility of 0 brings a message back at once", async (world) => {
    const queue = await makeQueue(world, { VisibilityTimeout: "60" });
    await queue.send("a");
    await change(world, queue, await queue.next(), 0);
    expect((await queue.next()).Attributes?.ApproximateReceiveCount).toBe("2");
  });

  promised("a visibility that is changed counts from then", async (world) => {
    const queue = await makeQueue(world, { VisibilityTimeout: "2" });
    await queue.send("a");
    await change(world, queue, await queue.next(), 60);
    await world.pass(3 * SECOND_MS);
    expect(await queue.receive()).toEqual([]);
  });

  promised("the visibility of a message that is not in flight is not changed", async (world) => {
    const queue = await makeQueue(world, { VisibilityTimeout: "60" });
    await queue.send("a");
    const message = await queue.next();
    await change(world, queue, message, 0);
    expect((await errorOf(change(world, queue, message, 10))).name).toMatch(/MessageNotInflight/);
  });

  promised("the visibility of a message that is gone is not changed", async (world) => {
    const queue = await makeQueue(world);
    await queue.send("a");
    const message = await queue.next();
    await remove(world, queue, message);
    expect((await errorOf(change(world, queue, message, 10))).name).toMatch(/InvalidParameterValue/);
  });

  promised("a long poll is answered by a message that comes meanwhile", async (world) => {
    const queue = await makeQueue(world);
    const poll = world.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url, WaitTimeSeconds: 20 }));
    await queue.send("a");
    expect((await poll).Messages?.map(({ Body }) => Body)).toEqual(["a"]);
  });

  promised("a message that was received too often goes to the dead-letter queue, under its own id", async (world) => {
    const dead = await makeQueue(world);
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
    const queue = await makeQueue(world, { RedrivePolicy, VisibilityTimeout: "60" });
    await queue.send("poison");
    const first = await queue.next();
    await change(world, queue, first, 0);
    await change(world, queue, await queue.next(), 0);
    const letter = await world.eventually(async () => {
      expect(await queue.receive()).toEqual([]);
      return (await dead.receive())[0];
    });
    expect([letter.Body, letter.MessageId]).toEqual(["poison", first.MessageId]);
  });

  promised("a queue tells how many of its messages are visible, in flight and delayed", async (world) => {
    const queue = await makeQueue(world);
    for (const body of ["a", "b"]) await queue.send(body);
    await queue.send("c", 60);
    await world.clients.sqs.send(new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 1 }));
    const counts = async () => {
      const { Attributes = {} } = await world.clients.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ["All"] }),
      );
      const { ApproximateNumberOfMessages: visible, ApproximateNumberOfMessagesNotVisible: hidden } = Attributes;
      const seen = [visible, hidden, Attributes.ApproximateNumberOfMessagesDelayed].join(" ");
      return seen === "1 1 1" ? seen : undefined;
    };
    expect(await world.eventually(counts)).toBe("1 1 1");
  });
}

/** What messages may be, alone and in batches. */
export function sqsMessages(promised: Promised): void {
  promised("a message of 1 MiB is taken, a byte more is refused", async (world) => {
    const queue = await makeQueue(world);
    await queue.send("x".repeat(MESSAGE_BYTES_MAX));
    const error = await errorOf(queue.send("x".repeat(MESSAGE_BYTES_MAX + 1)));
    expect(error.name).toMatch(/InvalidParameterValue/);
  });

  promised("a queue of its own limit takes no larger message", async (world) => {
    const queue = await makeQueue(world, { MaximumMessageSize: "1024" });
    await queue.send("x".repeat(1_024));
    expect((await errorOf(queue.send("x".repeat(1_025)))).name).toMatch(/InvalidParameterValue/);
  });

  promised("a delay of more than 15 minutes is refused", async (world) => {
    const queue = await makeQueue(world);
    await queue.send("x", 900);
    expect((await errorOf(queue.send("x", 901))).name).toMatch(/InvalidParameterValue/);
  });

  promised("a visibility of more than 12 hours is refused", async (world) => {
    const queue = await makeQueue(world);
    await queue.send("a");
    const message = await queue.next();
    expect((await errorOf(change(world, queue, message, 43_201))).name).toMatch(/InvalidParameterValue/);
  });

  promised("an empty message is refused", async (world) => {
    const { url: QueueUrl } = await makeQueue(world);
    const send = world.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "" }));
    expect((await errorOf(send)).name).toMatch(/MissingParameter|InvalidParameterValue/);
  });

  for (const char of ["\uFFFE", "\uFFFF", "\u0001"]) {
    const code = char.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    promised(`the character U+${code} is refused`, async (world) => {
      const queue = await makeQueue(world);
      expect((await errorOf(queue.send(`a${char}b`))).name).toMatch(/InvalidMessageContents/);
    });
  }

  promised("a message comes back as it was sent, whatever its text", async (world) => {
    const queue = await makeQueue(world);
    const body = JSON.stringify({ text: "é€\u{1F600}\u007F\uFFFD <&>\"'\\ \t\n\r", zero: "\u0000" });
    await queue.send(body);
    expect((await queue.next()).Body).toBe(body);
  });

  promised("a batch succeeds entry by entry", async (world) => {
    const queue = await makeQueue(world);
    const { Successful, Failed } = await sendBatch(world, queue, [
      { Id: "1", MessageBody: "a" },
      { Id: "2", MessageBody: "b", DelaySeconds: 1_000 },
    ]);
    expect([Successful?.map(({ Id }) => Id), Failed?.map(({ Id, SenderFault }) => [Id, SenderFault])]).toEqual([
      ["1"],
      [["2", true]],
    ]);
    const { ReceiptHandle } = await queue.next();
    const Entries = [
      { Id: "1", ReceiptHandle },
      { Id: "2", ReceiptHandle: "nonsense" },
    ];
    const deleted = await world.clients.sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue.url, Entries }));
    expect(deleted.Successful?.map(({ Id }) => Id)).toEqual(["1"]);
    expect(deleted.Failed).toMatchObject([{ Id: "2", Code: "ReceiptHandleIsInvalid" }]);
  });

  const body = (length: number, MessageBody: string) =>
    Array.from({ length }, (_, i) => ({ Id: String(i), MessageBody }));
  const refused: readonly (readonly [string, SendMessageBatchRequestEntry[], RegExp])[] = [
    ["of eleven entries", body(11, "x"), /TooManyEntriesInBatchRequest/],
    ["of no entries", [], /EmptyBatchRequest/],
    ["of more than 1 MiB in all", body(2, "x".repeat(MESSAGE_BYTES_MAX / 2 + 1)), /BatchRequestTooLong/],
    ["with one id twice", [...body(1, "x"), ...body(1, "y")], /BatchEntryIdsNotDistinct/],
    ["with an id of odd characters", [{ Id: "a b", MessageBody: "x" }], /InvalidBatchEntryId/],
  ];
  for (const [what, entries, name] of refused) {
    promised(`a batch ${what} is refused as a whole`, async (world) => {
      expect((await errorOf(sendBatch(world, await makeQueue(world), entries))).name).toMatch(name);
    });
  }

  promised("a queue that is not there is named as such", async (world) => {
    const none = new GetQueueUrlCommand({ QueueName: world.unique("none") });
    expect((await errorOf(world.clients.sqs.send(none))).name).toMatch(/QueueDoesNotExist/);
  });
}
