import { DEAD_LETTER_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { deadLetterPartition } from "./keys.ts";
import { type Table, toTtl } from "./table.ts";

/** An item holds 400 KB. */
const BODY_BYTES_MAX = 300_000;

/** A message that could not be handled, with the reason (L8). */
export interface DeadLetter {
  readonly id: string;
  readonly env: string;
  readonly queue: string;
  readonly reason: string;
  readonly body: string;
  readonly at: number;
  readonly runId?: string;
}

export const createDeadLetterStore = (table: Table) => ({
  /** Keyed by the message, so that a repeat writes the same record. */
  async put(letter: DeadLetter): Promise<void> {
    await table.put({
      pk: deadLetterPartition(letter.env),
      sk: letter.id,
      v: 1,
      ...letter,
      ttl: toTtl(letter.at + DEAD_LETTER_RETENTION_MS),
      body: Buffer.from(letter.body).subarray(0, BODY_BYTES_MAX).toString(),
    });
  },

  async list(env: string): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const { pk, sk, v, ttl, ...letter } of table.query(deadLetterPartition(env)))
      letters.push(letter as unknown as DeadLetter);
    return letters;
  },
});

export type DeadLetterStore = ReturnType<typeof createDeadLetterStore>;
