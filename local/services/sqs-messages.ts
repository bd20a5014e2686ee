import { createHash } from "node:crypto";
import type { Clock } from "../../sdk/protocol/clock.ts";
import type { Activity } from "../activity.ts";
import { ACCOUNT } from "../arn.ts";
import { AwsError } from "../aws-error.ts";
import { type Input, isRecord, list, optionalNumber, optionalText, records } from "../input.ts";
import type { JsonOperation } from "../wire.ts";
import { checkRange, invalidParameter } from "./sqs-attributes.ts";
import { isReceipt, type Message, type Queue } from "./sqs-queue.ts";

const SECOND_MS = 1_000;
const MESSAGE_BYTES_MAX = 1_048_576;
const BATCH_MAX = 10;
const BATCH_ID = /^[\w-]{1,80}$/;
const DELAY_SECONDS_MAX = 900;
const VISIBILITY_SECONDS_MAX = 43_200;
const WAIT_SECONDS_MAX = 20;

export interface MessageDeps {
  readonly clock: Clock;
  readonly activity: Activity;
}

/** The operations on messages; those whose price depends on their payload bill themselves. */
export function messageOperations(
  queueOf: (input: Input) => Queue,
  deps: MessageDeps,
  bill: (bytes: number) => void,
): Record<string, JsonOperation> {
  return {
    SendMessage: (input) => {
      const queue = queueOf(input);
      bill(sizeOf(input));
      return send(queue, input);
    },
    SendMessageBatch: (input) => {
      const queue = queueOf(input);
      const bytes = records(input, "Entries").reduce((sum, entry) => sum + sizeOf(entry), 0);
      bill(bytes);
      if (bytes > MESSAGE_BYTES_MAX) {
        throw new AwsError("BatchRequestTooLong", `The batch is longer than ${MESSAGE_BYTES_MAX} bytes.`);
      }
      return eachEntry(input, (entry) => send(queue, entry));
    },
    ReceiveMessage: async (input) => {
      const messages = await receive(queueOf(input), input, deps);
      bill(messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0));
      return messages.length === 0 ? {} : { Messages: messages.map((message) => toWire(message, input)) };
    },
    DeleteMessage: (input) => queueOf(input).delete(receiptOf(input)),
    DeleteMessageBatch: (input) => {
      const queue = queueOf(input);
      return eachEntry(input, (entry) => void queue.delete(receiptOf(entry)));
    },
    ChangeMessageVisibility: (input) => changeVisibility(queueOf(input), input),
    ChangeMessageVisibilityBatch: (input) => {
      const queue = queueOf(input);
      return eachEntry(input, (entry) => void changeVisibility(queue, entry));
    },
  };
}

/** What may be in a message: Unicode without most control characters, single surrogates, U+FFFE and U+FFFF. */
const CONTENTS = /^[\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]*$/u;

function send(queue: Queue, input: Input) {
  const body = optionalText(input, "MessageBody");
  if (!body) throw new AwsError("MissingParameter", "The request must contain the parameter MessageBody.");
  if (!CONTENTS.test(body)) throw new AwsError("InvalidMessageContents", "Invalid characters in the message.");
  const { bytesMax } = queue.settings;
  if (sizeOf(input) > bytesMax) {
    const reason = `One or more parameters are invalid. Reason: Message must be shorter than ${bytesMax} bytes.`;
    throw new AwsError("InvalidParameterValue", reason);
  }
  if (input.MessageDeduplicationId !== undefined) {
    throw invalidParameter(input.MessageDeduplicationId, "MessageDeduplicationId", "This is not a FIFO queue.");
  }
  const delay = optionalNumber(input, "DelaySeconds");
  const delayMs = delay === undefined ? undefined : checkRange("DelaySeconds", delay, 0, DELAY_SECONDS_MAX) * SECOND_MS;
  const groupId = optionalText(input, "MessageGroupId");
  const message = queue.send(body, {
    delayMs,
    ...(isRecord(input.MessageAttributes) && { attributes: input.MessageAttributes }),
    ...(groupId !== undefined && { groupId }),
  });
  return { MessageId: message.id, MD5OfMessageBody: md5(body) };
}

/** Receives at once, or waits for the first message up to the long poll's time. */
async function receive(queue: Queue, input: Input, { clock, activity }: MessageDeps): Promise<readonly Message[]> {
  const max = checkRange("MaxNumberOfMessages", optionalNumber(input, "MaxNumberOfMessages") ?? 1, 1, BATCH_MAX);
  const visibility = optionalNumber(input, "VisibilityTimeout");
  const visibilityMs =
    visibility === undefined
      ? queue.settings.visibilityMs
      : checkRange("VisibilityTimeout", visibility, 0, VISIBILITY_SECONDS_MAX) * SECOND_MS;
  const wait = optionalNumber(input, "WaitTimeSeconds");
  const waitMs =
    wait === undefined
      ? queue.settings.receiveWaitMs
      : checkRange("WaitTimeSeconds", wait, 0, WAIT_SECONDS_MAX) * SECOND_MS;
  const until = clock.now() + waitMs;
  for (;;) {
    const messages = queue.receive(max, visibilityMs);
    if (messages.length > 0 || clock.now() >= until) return messages;
    await activity.idleWhile(visibleOrTime(queue, clock, until));
  }
}

function visibleOrTime(queue: Queue, clock: Clock, until: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stopListening();
      cancelTimer();
      resolve();
    };
    const stopListening = queue.onVisible(done);
    const cancelTimer = clock.at(until, done);
  });
}

function changeVisibility(queue: Queue, input: Input): void {
  const seconds = optionalNumber(input, "VisibilityTimeout") ?? Number.NaN;
  const visibility = checkRange("VisibilityTimeout", seconds, 0, VISIBILITY_SECONDS_MAX);
  const receipt = receiptOf(input);
  const result = queue.changeVisibility(receipt, visibility * SECOND_MS);
  if (result === "not in flight") throw new AwsError("MessageNotInflight", "The message is not in flight.");
  if (result === "gone") {
    const reason = "Message does not exist or is not available for visibility timeout change.";
    throw invalidParameter(receipt, "ReceiptHandle", reason);
  }
}

function receiptOf(input: Input): string {
  const receipt = optionalText(input, "ReceiptHandle") ?? "";
  if (!isReceipt(receipt)) throw new AwsError("ReceiptHandleIsInvalid", "The input receipt handle is invalid.");
  return receipt;
}

/** Runs a batch entry by entry: one that fails does not stop the others. */
function eachEntry(input: Input, run: (entry: Input) => object | undefined) {
  const entries = records(input, "Entries");
  const ids = entries.map((entry) => optionalText(entry, "Id") ?? "");
  if (entries.length === 0) throw new AwsError("EmptyBatchRequest", "There are no entries in the request.");
  if (entries.length > BATCH_MAX) {
    throw new AwsError("TooManyEntriesInBatchRequest", `Maximum number of entries per request are ${BATCH_MAX}.`);
  }
  const odd = ids.find((id) => !BATCH_ID.test(id));
  if (odd !== undefined)
    throw new AwsError("InvalidBatchEntryId", `The batch entry id ${odd} is not 1 to 80 of a-z A-Z 0-9 - _.`);
  if (new Set(ids).size < ids.length) throw new AwsError("BatchEntryIdsNotDistinct", "Ids must be distinct.");
  const Successful: object[] = [];
  const Failed: object[] = [];
  entries.forEach((entry, index) => {
    try {
      Successful.push({ Id: ids[index], ...run(entry) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: ids[index], SenderFault: true, Code: error.name, Message: error.message });
    }
  });
  return { Successful, ...(Failed.length > 0 && { Failed }) };
}

function toWire(message: Message, input: Input) {
  const wanted = [...list(input, "AttributeNames"), ...list(input, "MessageSystemAttributeNames")];
  const system = Object.entries(systemAttributes(message));
  const attributes = system.filter(([name]) => wanted.includes("All") || wanted.includes(name));
  const wantsOwn = list(input, "MessageAttributeNames").length > 0;
  return {
    MessageId: message.id,
    ReceiptHandle: message.receipt,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(attributes.length > 0 && { Attributes: Object.fromEntries(attributes) }),
    ...(wantsOwn && message.attributes !== undefined && { MessageAttributes: message.attributes }),
  };
}

/** The attributes that SQS itself puts on a received message. */
export const systemAttributes = (message: Message): Readonly<Record<string, string>> => ({
  ApproximateReceiveCount: String(message.receiveCount),
  SentTimestamp: String(message.sentAt),
  SenderId: ACCOUNT,
  ApproximateFirstReceiveTimestamp: String(message.firstReceivedAt ?? message.sentAt),
  ...(message.groupId !== undefined && { MessageGroupId: message.groupId }),
  ...(message.deadLetterSource !== undefined && { DeadLetterQueueSourceArn: message.deadLetterSource }),
});

const sizeOf = (input: Input): number =>
  Buffer.byteLength(optionalText(input, "MessageBody") ?? "") +
  (isRecord(input.MessageAttributes) ? Buffer.byteLength(JSON.stringify(input.MessageAttributes)) : 0);

export const md5 = (text: string): string => createHash("md5").update(text).digest("hex");
