import type { Activity } from "../activity.ts";
import { REGION } from "../arn.ts";
import type { Gate } from "../gate.ts";
import { isRecord } from "../input.ts";
import type { LocalLog } from "../log.ts";
import { chunks, type Meter } from "../meter.ts";
import type { InvocationResult } from "./lambda.ts";
import { EXITED } from "./lambda-error.ts";
import { md5, systemAttributes } from "./sqs-messages.ts";
import type { Message, Queue } from "./sqs-queue.ts";

/** Concurrent invocations of one event source, unless it says otherwise. */
const MAX_CONCURRENCY_DEFAULT = 50;
const BATCH_SIZE_DEFAULT = 10;

export interface EventSourceOptions {
  /** Messages an invocation, 1 to 10. @default - 10 */
  readonly batchSize?: number;
  /** Invocations at the same time. @default - 50 */
  readonly maxConcurrency?: number;
  /** While it is closed no message is taken. @default - always open */
  readonly gate?: Gate;
}

export interface EventSourceDeps {
  readonly functionName: string;
  readonly queue: Queue;
  readonly invoke: (event: unknown) => Promise<InvocationResult>;
  readonly meter: Meter;
  readonly activity: Activity;
  readonly log: LocalLog;
}

export interface EventSource {
  /** Takes no more messages; invocations under way go on. */
  stop(): void;
}

/**
 * An SQS event source mapping with partial batch failures. Nothing polls: the queue calls when a message becomes visible. What an
 * invocation fails is not deleted, and reappears when its visibility ends, which the handler may have changed.
 */
export function startEventSource(deps: EventSourceDeps, options: EventSourceOptions = {}): EventSource {
  const batchSize = options.batchSize ?? BATCH_SIZE_DEFAULT;
  const maxConcurrency = options.maxConcurrency ?? MAX_CONCURRENCY_DEFAULT;
  const isClosed = () => options.gate?.isOpen === false;
  let running = 0;
  let scheduled = false;
  let stopped = false;

  const deliver = async (messages: readonly Message[]) => {
    running++;
    const end = deps.activity.begin();
    try {
      // What is received again meanwhile has another receipt then, and is that invocation's.
      const receipts = new Map(messages.map((message) => [message, message.receipt ?? ""]));
      const invocation = deps.invoke({ Records: messages.map((message) => toRecord(message, deps.queue)) });
      end(); // from here on it is the invocation that is under way
      const result = await invocation;
      if (isExit(result)) giveBack(deps.queue, receipts);
      acknowledge(deps, receipts, result);
    } finally {
      end();
      running--;
      wake();
    }
  };

  const takeBatches = () => {
    scheduled = false;
    while (!stopped && !isClosed() && running < maxConcurrency) {
      const messages = deps.queue.take(batchSize);
      if (messages.length === 0) return;
      deps.meter.call("sqs", "ReceiveMessage");
      deps.meter.bill("queueRequests", chunks(bytesOf(messages)));
      deliver(messages).catch((error: unknown) => deps.log("error", "An event source failed", { error }));
    }
  };

  // Waits a turn, so that what is sent together is received together.
  const wake = () => {
    if (scheduled || stopped || isClosed() || deps.queue.visibleCount === 0 || running >= maxConcurrency) return;
    scheduled = true;
    const end = deps.activity.begin();
    setImmediate(() => {
      takeBatches();
      end();
    });
  };

  const stopListening = deps.queue.onVisible(wake);
  const stopWatching = options.gate?.onOpen(wake);
  wake();
  const stop = () => {
    stopped = true;
    stopListening();
    stopWatching?.();
  };
  return { stop };
}

const isExit = (result: InvocationResult): boolean =>
  result.kind === "error" && result.error.errorType === EXITED.errorType;

/** The messages of an invocation, with the receipts that it was given. */
type Receipts = ReadonlyMap<Message, string>;

/** A process that dies before its first act has not said when its messages are to come back: at once. */
function giveBack(queue: Queue, receipts: Receipts): void {
  for (const [{ untouched }, receipt] of receipts) if (untouched) queue.changeVisibility(receipt, 0);
}

/** Deletes what the handler did, by one call a batch. */
function acknowledge(deps: EventSourceDeps, receipts: Receipts, result: InvocationResult): void {
  const messages = [...receipts.keys()];
  const failed = failedIds(messages, result);
  if (failed === "all") {
    const error = result.kind === "error" ? result.error : result.kind;
    deps.log("warn", `${deps.functionName} failed a batch of ${messages.length}`, { error });
    return;
  }
  const done = messages.filter(({ id }) => !failed.has(id));
  if (done.length === 0) return;
  deps.meter.call("sqs", "DeleteMessageBatch");
  deps.meter.bill("queueRequests", 1);
  for (const message of done) deps.queue.delete(receipts.get(message) ?? "");
}

/** By the rules of ReportBatchItemFailures: nothing or an empty list is success; anything malformed fails the whole batch. */
function failedIds(messages: readonly Message[], result: InvocationResult): ReadonlySet<string> | "all" {
  if (result.kind !== "value") return "all";
  const value = result.value;
  if (!isRecord(value)) return new Set();
  const failures = value.batchItemFailures ?? [];
  if (!Array.isArray(failures)) return "all";
  const known = new Set(messages.map(({ id }) => id));
  const ids = new Set<string>();
  for (const failure of failures) {
    const id: unknown = isRecord(failure) ? failure.itemIdentifier : undefined;
    if (typeof id !== "string" || !known.has(id)) return "all";
    ids.add(id);
  }
  return ids;
}

const bytesOf = (messages: readonly Message[]) => messages.reduce((sum, { body }) => sum + Buffer.byteLength(body), 0);

const toRecord = (message: Message, queue: Queue) => ({
  messageId: message.id,
  receiptHandle: message.receipt,
  body: message.body,
  attributes: systemAttributes(message),
  messageAttributes: message.attributes ?? {},
  md5OfBody: md5(message.body),
  eventSource: "aws:sqs",
  eventSourceARN: queue.arn,
  awsRegion: REGION,
});
