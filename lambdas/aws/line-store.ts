import type { GateRef, RunAddress } from "../../sdk/protocol/index.ts";
import { type AppKey, entryKey, lineEnd, lineOf, linePrefix } from "./keys.ts";
import type { Item, Table } from "./table.ts";

/** A run in line before a gate. */
export interface LineEntry extends RunAddress {
  readonly gate: GateRef;
  readonly order: string;
  /** A new one each time the run gets in line: only what was seen is taken out. */
  readonly nonce: string;
  /** The limit as the run's app had it then: for others, who do not know it better. */
  readonly limit: number;
  /** Since when it stands here, in milliseconds. */
  readonly since: number;
  /** It is under two limits, and may have to give up one slot for want of the other. */
  readonly several?: boolean;
}

/** What runs are sorted by, in every line. */
export const rankOf = ({ order, runId }: Pick<LineEntry, "order" | "runId">): string => `${order}#${runId}`;

/** Entries of a line that are read at once: as many as one hand-over may need. */
const LINE_READ = 10;

/** The lines before concurrency gates, in the order in which their runs are let in. */
export const createLineStore = (table: Table) => ({
  /** Puts a run in line; where it stands already it gets a new nonce. */
  async enqueue({ gate, order, ...entry }: LineEntry): Promise<void> {
    await table.put({
      ...entryKey(entry, gate, order, entry.runId),
      v: 1,
      ...entry,
      order,
      gate: JSON.stringify(gate),
    });
  },

  /** The first ones in line. */
  async first(app: AppKey, gate: GateRef): Promise<readonly LineEntry[]> {
    const { pk, prefix } = lineOf(app, gate);
    return (await table.first(pk, prefix, LINE_READ)).map(toEntry);
  },

  /** Takes a run out of the line, unless it has got in line again since. */
  async dequeue({ gate, order, ...entry }: LineEntry): Promise<void> {
    await table.deleteIf(entryKey(entry, gate, order, entry.runId), "#nonce = :nonce", { nonce: entry.nonce });
  },

  /** Takes a run that has ended out of the line. */
  async drop(run: RunAddress, gate: GateRef, order: string): Promise<void> {
    await table.delete(entryKey(run, gate, order, run.runId));
  },

  /** How many are in line before a run; undefined when it is not in line itself. Counted up to some thousands. */
  async ahead(run: RunAddress, gate: GateRef, order: string): Promise<number | undefined> {
    const { pk, sk } = entryKey(run, gate, order, run.runId);
    if ((await table.get({ pk, sk })) === undefined) return undefined;
    return (await table.count(pk, linePrefix(gate.id), sk)) - 1;
  },

  /** Whoever is first in line before the next gate of a backlog, after the gate `after`. */
  async nextInBacklog(backlog: string, after: string | undefined): Promise<LineEntry | undefined> {
    const item = await table.next(backlog, after === undefined ? " " : lineEnd(after));
    return item && toEntry(item);
  },
});

export type LineStore = ReturnType<typeof createLineStore>;

const toEntry = ({ pk, sk, v, gate, ...rest }: Item): LineEntry =>
  ({ ...rest, gate: JSON.parse(gate as string) }) as unknown as LineEntry;
