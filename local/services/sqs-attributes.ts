import { AwsError } from "../aws-error.ts";
import { type Input, isRecord } from "../input.ts";
import type { Queue, QueueSettings } from "./sqs-queue.ts";

const SECOND_MS = 1_000;

/** Settable attributes with a number: default, smallest, largest. */
const NUMBERS: Readonly<Record<string, readonly [standard: number, min: number, max: number]>> = {
  VisibilityTimeout: [30, 0, 43_200],
  DelaySeconds: [0, 0, 900],
  MessageRetentionPeriod: [345_600, 60, 1_209_600],
  ReceiveMessageWaitTimeSeconds: [0, 0, 20],
  MaximumMessageSize: [1_048_576, 1_024, 1_048_576],
};

/** Accepted and given back; they change nothing here. */
const KEPT = ["Policy", "RedriveAllowPolicy", "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled"];

export const invalidParameter = (value: unknown, parameter: string, reason: string) =>
  new AwsError(
    "InvalidParameterValue",
    `Value ${String(value)} for parameter ${parameter} is invalid. Reason: ${reason}`,
  );

/** Checks what the API gives as attributes. */
export function checkAttributes(input: Input): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(input)) {
    if (name === "FifoQueue" && value !== "false") {
      throw new AwsError("UnsupportedOperation", "Stepwell's local cloud has standard queues only, no FIFO queues.");
    }
    const range = NUMBERS[name];
    if (range === undefined && name !== "RedrivePolicy" && !KEPT.includes(name)) {
      throw new AwsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    }
    if (range !== undefined) checkRange(name, Number(value), range[1], range[2]);
    if (name === "RedrivePolicy" && value !== "") redriveOf(String(value));
    attributes[name] = String(value);
  }
  return attributes;
}

export function checkRange(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidParameter(value, name, `${name} must be >= ${min} and <= ${max}.`);
}

export function settingsOf(attributes: Readonly<Record<string, string>>): QueueSettings {
  const number = (name: string) => Number(attributes[name] ?? NUMBERS[name]?.[0]);
  const ms = (name: string) => number(name) * SECOND_MS;
  const redrive = attributes.RedrivePolicy ? redriveOf(attributes.RedrivePolicy) : undefined;
  return {
    visibilityMs: ms("VisibilityTimeout"),
    delayMs: ms("DelaySeconds"),
    retentionMs: ms("MessageRetentionPeriod"),
    receiveWaitMs: ms("ReceiveMessageWaitTimeSeconds"),
    bytesMax: number("MaximumMessageSize"),
    ...(redrive !== undefined && { redrive }),
  };
}

function redriveOf(policy: string): NonNullable<QueueSettings["redrive"]> {
  const refuse = () => invalidParameter(policy, "RedrivePolicy", "deadLetterTargetArn and maxReceiveCount are needed.");
  let parsed: unknown;
  try {
    parsed = JSON.parse(policy);
  } catch {
    throw refuse();
  }
  if (!isRecord(parsed) || typeof parsed.deadLetterTargetArn !== "string") throw refuse();
  const maxReceiveCount = checkRange("maxReceiveCount", Number(parsed.maxReceiveCount), 1, 1_000);
  return { deadLetterTargetArn: parsed.deadLetterTargetArn, maxReceiveCount };
}

/** What GetQueueAttributes answers, all of it. */
export function describe(queue: Queue): Readonly<Record<string, string>> {
  const states = queue.messages().map(({ state }) => state);
  const count = (wanted: string) => String(states.filter((state) => state === wanted).length);
  const standard = Object.fromEntries(Object.entries(NUMBERS).map(([name, [value]]) => [name, String(value)]));
  const createdAt = String(Math.floor(queue.createdAt / SECOND_MS));
  return {
    ...standard,
    ...queue.attributes,
    QueueArn: queue.arn,
    ApproximateNumberOfMessages: count("visible"),
    ApproximateNumberOfMessagesNotVisible: count("inflight"),
    ApproximateNumberOfMessagesDelayed: count("delayed"),
    CreatedTimestamp: createdAt,
    LastModifiedTimestamp: createdAt,
  };
}
