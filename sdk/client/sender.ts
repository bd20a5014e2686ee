import type { EventSender } from "../execution/index.ts";

export type { PreparedEvent } from "../execution/index.ts";

/**
 * What carries events to an engine's bus. It splits them to fit, stores large ones, and tries failed ones again; it rejects with
 * `STEPWELL_SEND_FAILED`, naming the ids, when some are not accepted in the end.
 */
export interface Sender extends EventSender {
  /** The engine's clock, in milliseconds since the epoch, where it is not the machine's. */
  readonly now?: () => number;
}
