import { SQS_RETENTION_MS, type StoredEvent } from "../../sdk/protocol/index.ts";
import { type ArrivalsOf, arrivalKey, arrivalPartition, arrivalsFrom } from "./keys.ts";
import { type Table, toTtl } from "./table.ts";

/** An event that has arrived. `at`: its bus time, in milliseconds. */
export type Arrival = Pick<StoredEvent, "id" | "at">;

/**
 * Events that have arrived, by the match values under which waits listen for them. The router notes an event before it looks for
 * listeners, and a runner looks here after it has stored one: so one of the two finds the other (L7).
 */
export const createArrivalStore = (table: Table) => ({
  /** Kept as long as the message that sets up the wait may be. */
  async note(of: ArrivalsOf, { id, at }: Arrival): Promise<void> {
    await table.put({ ...arrivalKey(of, { id, at }), v: 1, id, at, ttl: toTtl(at + SQS_RETENTION_MS) });
  },

  /** Those of a bus time of `from` or later, the earliest first. */
  async *since(of: ArrivalsOf, from: number): AsyncGenerator<Arrival> {
    const pk = arrivalPartition(of);
    for (let sk = arrivalsFrom(from); ; ) {
      const item = await table.next(pk, sk);
      if (item === undefined) return;
      sk = item.sk as string;
      yield { id: item.id as string, at: item.at as number };
    }
  },
});

export type ArrivalStore = ReturnType<typeof createArrivalStore>;
