import { type RunAddress, SQS_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { type SignalKey, sentKey, waiterKey } from "./keys.ts";
import type { Item, Table } from "./table.ts";
import { toTtl } from "./table.ts";

/** A step that waits for a signal. */
export type WaitingStep = Omit<RunAddress, "env" | "app"> & { readonly stepKey: string };
type Owner = Pick<WaitingStep, "runId" | "stepKey">;

/** The one that has a signal's name. The step decides whether it still waits (L7). */
export interface Waiter extends WaitingStep {
  /** When its wait began, and when it is over, in milliseconds. */
  readonly since: number;
  readonly until: number;
  /** It takes the place of others, rather than fail. */
  readonly replaces?: true;
  /** Whose place it has taken. */
  readonly over?: WaitingStep;
}

/** What became of a signal: the step that it is for; nobody, if none waited. */
export interface Sent {
  readonly to?: WaitingStep;
}

const DAY_MS = 86_400_000;

/** Who waits for which signal, and for whom a signal that has been sent is. */
export const createSignalStore = (table: Table) => ({
  async waiter(of: SignalKey): Promise<Waiter | undefined> {
    const item = await table.get(waiterKey(of));
    return item && toWaiter(item);
  },

  /** Takes a name that is as it was seen. False: look again; it may be ours. */
  async wait(of: SignalKey, waiter: Waiter, seen: Waiter | undefined): Promise<boolean> {
    const { over, ...rest } = waiter;
    const item = { ...waiterKey(of), v: 1, ...rest, ...(over && { over: JSON.stringify(over) }) };
    const kept = { ...item, ttl: toTtl(waiter.until + DAY_MS) };
    return seen === undefined ? table.put(kept, "attribute_not_exists(pk)") : table.put(kept, IS_ITS, its(seen));
  },

  /** Gives a name back, if it is still the step's. */
  async free(of: SignalKey, step: Owner): Promise<void> {
    await table.deleteIf(waiterKey(of), IS_ITS, its(step));
  },

  async sent(of: SignalKey, id: string): Promise<Sent | undefined> {
    const item = await table.get(sentKey(of, id));
    return item && toSent(item);
  },

  /** Says for whom a signal is, once; kept as long as the message with the signal may come again. Returns what is stored: another may have been first. */
  async bind(of: SignalKey, id: string, sent: Sent, at: number): Promise<Sent> {
    const applied = await table.put(sentItem(of, id, sent, at), "attribute_not_exists(pk)");
    return applied ? sent : ((await this.sent(of, id)) ?? sent);
  },

  /** It is for another, since the one before will never have it. */
  async rebind(of: SignalKey, id: string, sent: Sent, before: WaitingStep, at: number): Promise<Sent> {
    const applied = await table.put(sentItem(of, id, sent, at), IS_ITS, its(before));
    return applied ? sent : ((await this.sent(of, id)) ?? sent);
  },
});

export type SignalStore = ReturnType<typeof createSignalStore>;

const IS_ITS = "#runId = :runId AND #stepKey = :stepKey";
const its = ({ runId, stepKey }: Owner) => ({ runId, stepKey });

const sentItem = (of: SignalKey, id: string, { to }: Sent, at: number) => ({
  ...sentKey(of, id),
  v: 1,
  ...to,
  at,
  ttl: toTtl(at + SQS_RETENTION_MS),
});

const toWaiter = ({ over, ...rest }: Item): Waiter =>
  ({ ...rest, ...(over !== undefined && { over: JSON.parse(over as string) }) }) as unknown as Waiter;

function toSent({ functionId, runId, stepKey }: Item): Sent {
  return runId === undefined ? {} : { to: { functionId, runId, stepKey } as WaitingStep };
}
