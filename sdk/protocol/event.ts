import type { Payload } from "./payload.ts";

/** The `detail` of an own event on the bus. */
export interface EventEnvelope {
  readonly v: 1;
  readonly id: string;
  /** The sender's time, in milliseconds since the epoch. */
  readonly ts: number;
  readonly env: string;
  /** The event's data; absent when it lies in S3. */
  readonly data?: unknown;
  readonly ref?: { readonly s3: string; readonly bytes: number };
  readonly user?: unknown;
  /** The sender's own schema version (Inngest's `v`). */
  readonly version?: string;
  readonly trace?: EventTrace;
}

export interface EventTrace {
  /** How many functions an event has passed through: a guard against endless loops. */
  readonly hops: number;
}

/** What EventBridge put around a foreign event; kept for the handler. */
export interface ForeignFields {
  readonly source: string;
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
}

/** An event as the engine stores it, once, and hands it on. */
export interface StoredEvent {
  readonly v: 1;
  readonly env: string;
  readonly id: string;
  readonly name: string;
  /** The sender's time, in milliseconds since the epoch. */
  readonly ts: number;
  /** T0: the first accepted bus time, in milliseconds; it fixes the run ids of this event. */
  readonly at: number;
  /**
   * When the engine first stored it, by its own clock, in milliseconds: flow control decides by it, so that each redelivery decides the same.
   * Events of before have none.
   */
  readonly arrivedAt?: number;
  /** JSON of `data`. */
  readonly data: Payload;
  /** JSON of `user`. */
  readonly user?: string;
  readonly version?: string;
  readonly foreign?: ForeignFields;
  readonly hops: number;
}

/** Names beginning so belong to the engine: lifecycle events and cron's. */
export const RESERVED_EVENT_PREFIX = "stepwell/";
export const EVENT_FAILED = "stepwell/function.failed";
export const EVENT_FINISHED = "stepwell/function.finished";
export const EVENT_CANCELLED = "stepwell/function.cancelled";
export const EVENT_INVOKED = "stepwell/function.invoked";
/** A client's wish to cancel a run: taken by the router, and never stored or handed to functions. */
export const EVENT_CANCEL_REQUEST = "stepwell/run.cancel";
/** A signal on its way: taken by the router, and never stored or handed to functions. */
export const EVENT_SIGNAL = "stepwell/signal.send";
export const EVENT_CRON = "stepwell/scheduled.timer";
