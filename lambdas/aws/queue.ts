import {
  ChangeMessageVisibilityCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { EngineMessage, RunMessage } from "../../sdk/protocol/index.ts";

const BATCH_ENTRIES_MAX = 10;
const BATCH_BYTES_MAX = 1_000_000;

/** A received message that is still ours to keep or to acknowledge. */
export interface Receipt {
  readonly queueUrl: string;
  readonly handle: string;
}

/** The queues: runs go to their app's, everything for the router to the ingest queue. */
export const createQueue = (client: () => SQSClient, ingestQueueUrl: string) => ({
  ingestQueueUrl,

  /** Sends what has been sent before. */
  async resend(body: string, queueUrl: string): Promise<void> {
    await send(client(), queueUrl, body, 0);
  },

  async sendToRun(queueUrl: string, message: RunMessage, delaySeconds = 0): Promise<void> {
    await send(client(), queueUrl, bodyOf(message), delaySeconds);
  },

  /** Sends many, in as few requests as they take. Returns those that were refused: they are their senders' to repeat. */
  async sendToRuns(queueUrl: string, messages: readonly RunMessage[]): Promise<readonly RunMessage[]> {
    const entries = messages.map((message) => ({ message, body: bodyOf(message) }));
    const refused = await Promise.all([...batches(entries)].map((batch) => sendBatch(client(), queueUrl, batch)));
    return refused.flat();
  },

  async sendToRouter(message: EngineMessage, delaySeconds = 0): Promise<void> {
    await send(client(), ingestQueueUrl, bodyOf(message), delaySeconds);
  },

  /** When a received message comes back unless it is acknowledged. */
  async returnAfter({ queueUrl, handle }: Receipt, ms: number): Promise<void> {
    await client().send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: handle,
        VisibilityTimeout: Math.max(0, Math.ceil(ms / 1_000)),
      }),
    );
  },
});

export type Queue = ReturnType<typeof createQueue>;

async function send(client: SQSClient, queueUrl: string, body: string, delaySeconds: number): Promise<void> {
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      ...(delaySeconds > 0 && { DelaySeconds: delaySeconds }),
    }),
  );
}

interface Entry {
  readonly message: RunMessage;
  readonly body: string;
}

async function sendBatch(client: SQSClient, queueUrl: string, batch: readonly Entry[]): Promise<readonly RunMessage[]> {
  try {
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) {
      await send(client, queueUrl, only.body, 0);
      return [];
    }
    const Entries = batch.map(({ body }, i) => ({ Id: String(i), MessageBody: body }));
    const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
    const failed = new Set(Failed.map(({ Id }) => Id));
    return batch.flatMap(({ message }, i) => (failed.has(String(i)) ? [message] : []));
  } catch {
    // The request failed as a whole: its messages are refused, those of other requests and queues are not.
    return batch.map(({ message }) => message);
  }
}

/** SQS takes no U+FFFE and U+FFFF, and JSON need not escape them. */
const bodyOf = (message: RunMessage | EngineMessage): string =>
  JSON.stringify(message).replace(/[\uFFFE\uFFFF]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`);

function* batches(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let batch: Entry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = Buffer.byteLength(entry.body);
    if (batch.length === BATCH_ENTRIES_MAX || (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
