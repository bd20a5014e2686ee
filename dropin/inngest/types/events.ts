import type {
  AnyEventOf,
  CancelledEvent,
  EventName,
  FailedEvent,
  IncomingEvent,
  LifecycleEvents,
} from "../../../sdk/index.ts";

/** The map of a client without schemas: any name, any data. */
export type AnyInngestEvents = Record<string, AnyInngestEvent>;

interface AnyInngestEvent {
  // biome-ignore lint/suspicious/noExplicitAny: without a schema nothing is known of an event's data; Inngest's users rely on it
  readonly data: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly user?: any;
}

/** An event of the engine under Inngest's name. */
type Renamed<Name extends string, E extends { readonly data: unknown }> = IncomingEvent<Name, E["data"]>;

/** The event of a cron trigger. */
export type ScheduledTimerEvent = IncomingEvent<"inngest/scheduled.timer", { cron: string }>;
/** The event with which a failed run ends, and with which `onFailure` starts. */
export type FunctionFailedEvent<E> = Renamed<"inngest/function.failed", FailedEvent<E>>;
/** The event with which a cancelled run ends, and with which `onCancel` starts. */
export type FunctionCancelledEvent<E> = Renamed<"inngest/function.cancelled", CancelledEvent<E>>;
/** The event of a run that another function invoked. */
export type FunctionInvokedEvent<Data> = IncomingEvent<"inngest/function.invoked", Data>;

/** Events of the engine that functions may be triggered by. */
export interface InngestLifecycleEvents<S> {
  "inngest/function.failed": FunctionFailedEvent<AnyEventOf<S>>;
  "inngest/function.cancelled": FunctionCancelledEvent<AnyEventOf<S>>;
  "inngest/function.finished": Renamed<"inngest/function.finished", LifecycleEvents<S>["stepwell/function.finished"]>;
}

/** Events of the engine that a run can wait for, and be cancelled by. */
export type InngestWaitableName = "inngest/function.failed" | "inngest/function.cancelled";

/** Names that function code may give for the events of a client: its own, and Inngest's. */
export type InngestEventName<S> = EventName<S> | keyof InngestLifecycleEvents<S>;

/** Any event as it is sent, for code that names the type. */
// biome-ignore lint/suspicious/noExplicitAny: as Inngest's own
export interface EventPayload<Data = any> {
  name: string;
  data?: Data;
  id?: string;
  /** Milliseconds since the epoch. */
  ts?: number;
  // biome-ignore lint/suspicious/noExplicitAny: as Inngest's own
  user?: any;
  v?: string;
}

/** What `onFailure` gets beyond other handlers. */
export interface FailureEventArgs<E = EventPayload> {
  event: FunctionFailedEvent<E>;
  error: Error;
}
