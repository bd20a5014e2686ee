import type { LogSink } from "../../sdk/execution/contract.ts";
import type { Clock, Overdue } from "../../sdk/protocol/index.ts";
import type { World } from "../aws/index.ts";

export interface SweeperDeps {
  readonly world: World;
  readonly clock: Clock;
  readonly log: LogSink;
  /** The engine's. */
  readonly environments: readonly string[];
}

/** What was brought on, and why it had to be. Of an open debounce or batch: the run that it will have. */
export interface Swept extends Overdue {
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
}

/** What is due is looked after this long past its time: its own timer comes first. In milliseconds. */
export const GRACE_MS = 60_000;
/** A run whose function is not deployed is looked after again so much later, in milliseconds. */
export const NOT_SERVED_RETRY_MS = 5 * 60_000;
