import { DEAD_LETTER_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { deadLetterPartition } from "./keys.ts";
import { type Item, type Table, toTtl } from "./table.ts";

/** An item holds 400 KB. */
const BODY_BYTES_MAX = 300_000;

/** A message that could not be handled, with the reason (L8). */
export interface DeadLetter {
  readonly id: string;
  readonly env: string;
  /** ARN of the queue that it was taken from: its own, or that one's dead-letter queue. */
  readonly queue: string;
  readonly reason: string;
  readonly body: string;
  readonly at: number;
  readonly runId?: string;
  /** The body was larger than an item can hold, and the rest of it is gone. */
  readonly cut?: true;
  /** When it was last sent anew, in milliseconds, and how often it has been. Absent: never. */
  readonly redrivenAt?: number;
  readonly redrives?: number;
}

export const createDeadLetterStore = (table: Table) => ({
  /** Keyed by the message, and written once: a repeat must not forget that the letter was sent anew meanwhile. */
  async put(letter: DeadLetter): Promise<void> {
    const body = Buffer.from(letter.body);
    await table.put(
      {
        pk: deadLetterPartition(letter.env),
        sk: letter.id,
        v: 1,
        ...letter,
        ttl: toTtl(letter.at + DEAD_LETTER_RETENTION_MS),
        body: body.subarray(0, BODY_BYTES_MAX).toString(),
        ...(body.length > BODY_BYTES_MAX && { cut: true }),
      },
      "attribute_not_exists(pk)",
    );
  },

  async get(env: string, id: string): Promise<DeadLetter | undefined> {
    const item = await table.get({ pk: deadLetterPartition(env), sk: id });
    return item && toLetter(item);
  },

  async list(env: string): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for await (const item of table.query(deadLetterPartition(env))) letters.push(toLetter(item));
    return letters;
  },

  /** Up to `limit` letters in order of their ids, behind the id `after`. A page is a megabyte at most, and so may have fewer. */
  async page(env: string, after: string | undefined, limit: number): Promise<readonly DeadLetter[]> {
    return (await table.behind(deadLetterPartition(env), after ?? " ", limit)).map(toLetter);
  },

  /** Notes that a letter has been sent anew, counted from what was seen: a repeat of this write counts once. */
  async markRedriven({ env, id, redrives = 0 }: DeadLetter, now: number): Promise<void> {
    await table.update(
      { pk: deadLetterPartition(env), sk: id },
      {
        update: "SET #redrivenAt = :now, #redrives = :count",
        when: redrives === 0 ? "attribute_exists(pk) AND attribute_not_exists(#redrives)" : "#redrives = :seen",
        values: { now, count: redrives + 1, ...(redrives > 0 && { seen: redrives }) },
      },
    );
  },
});

export type DeadLetterStore = ReturnType<typeof createDeadLetterStore>;

const toLetter = ({ pk, sk, v, ttl, ...letter }: Item): DeadLetter => letter as unknown as DeadLetter;
