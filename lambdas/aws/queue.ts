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
  async sendToRun(queueUrl: string, message: RunMessage, delaySeconds = 0): Promise<void> {
    await send(client(), queueUrl, JSON.stringify(message), delaySeconds);
  },

  /** Sends many; throws when one is refused, since the caller's own message is repeated then. */
  async sendToRuns(queueUrl: string, messages: readonly RunMessage[]): Promise<void> {
    const bodies = messages.map((message) => JSON.stringify(message));
    if (bodies.length === 1 && bodies[0] !== undefined) return send(client(), queueUrl, bodies[0], 0);
    for (const batch of batches(bodies)) await sendBatch(client(), queueUrl, batch);
  },

  async sendToRouter(message: EngineMessage): Promise<void> {
    await send(client(), ingestQueueUrl, JSON.stringify(message), 0);
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

async function sendBatch(client: SQSClient, queueUrl: string, bodies: readonly string[]): Promise<void> {
  const entries = bodies.map((MessageBody, i) => ({ Id: String(i), MessageBody }));
  const { Failed } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
  if (Failed?.[0] !== undefined)
    throw new Error(
      `SQS refused ${Failed.length} of ${bodies.length} messages: ${Failed[0].Code} ${Failed[0].Message}`,
    );
}

function* batches(bodies: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const body of bodies) {
    const size = Buffer.byteLength(body);
    if (batch.length === BATCH_ENTRIES_MAX || (batch.length > 0 && bytes + size > BATCH_BYTES_MAX)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push(body);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
