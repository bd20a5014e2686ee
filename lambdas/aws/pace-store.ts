import { SQS_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { type Pace, type Reservation, reserve, type Tat } from "../engine/gcra.ts";
import { oneByOne } from "./one-by-one.ts";
import { type Item, type Key, type Table, toTtl } from "./table.ts";

/** Who asks for a place in the pace of a key. */
export interface Arrival {
  readonly runId: string;
  /** When its event arrived, in milliseconds. */
  readonly at: number;
  readonly pace: Pace;
}

/** The runs that were admitted last are remembered, so that a redelivery finds its own place. An item stays under 1 KB with so many. */
const REMEMBERED = 16;

interface Remembered extends Tat {
  readonly rev: number;
  /** Run ids and their start times, the latest last. */
  readonly admitted: readonly (readonly [runId: string, startsAt: number])[];
}

/** Rate limits: an item for each key, rewritten by one optimistic write for each that it admits. */
export const createPaceStore = (table: Table) => {
  const inTurn = oneByOne();

  /** Whether the run has a place already, or gets one. Decided from what is stored, never from a write's answer. */
  const place = async (key: Key, { runId, at, pace }: Arrival): Promise<boolean> => {
    for (;;) {
      const item = await table.get(key);
      const seen = item && toRemembered(item);
      if (seen?.admitted.some(([id]) => id === runId)) return true;
      const reserved = reserve(pace, seen, at);
      if (reserved.startsAt > at) return false;
      if (await write(key, runId, reserved, seen)) return true;
    }
  };

  const write = (key: Key, runId: string, { startsAt, tat }: Reservation, seen: Remembered | undefined) => {
    const admitted = [...(seen?.admitted ?? []), [runId, startsAt] as const].slice(-REMEMBERED);
    const ttl = toTtl(Math.max(tat.ms, startsAt) + SQS_RETENTION_MS);
    const item = { ...key, v: 1, rev: (seen?.rev ?? 0) + 1, ...tat, admitted: JSON.stringify(admitted), ttl };
    if (seen === undefined) return table.put(item, "attribute_not_exists(pk)");
    return table.put(item, "#rev = :seen", { seen: seen.rev });
  };

  return {
    /** Whether a rate limit lets the arrival through. What it drops leaves no trace here. */
    admit: (key: Key, arrival: Arrival): Promise<boolean> => inTurn(`${key.pk} ${key.sk}`, () => place(key, arrival)),
  };
};

export type PaceStore = ReturnType<typeof createPaceStore>;

function toRemembered(item: Item): Remembered {
  const { rev, ms, part, of } = item as unknown as Remembered;
  return { rev, ms, part, of, admitted: JSON.parse(item.admitted as string) };
}
