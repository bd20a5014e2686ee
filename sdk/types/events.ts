import type { CancelCause, SerializedError } from "../protocol/index.ts";
import type { Jsonify, Simplify } from "./jsonify.ts";
import type { AnyCreatedEvent, AnyEventType } from "./schemas.ts";

/** What schemas say of one event: its data as it is sent, and its user fields. */
export interface EventShape {
  readonly data?: unknown;
  readonly user?: unknown;
}

/** Event names and their shapes: what `EventSchemas` collects. */
export type EventMap = Record<string, EventShape>;

/** The map of a client without schemas: any name, any data. */
export type AnyEvents = Record<string, AnyEvent>;

/** An event of which nothing is known. */
export interface AnyEvent {
  // biome-ignore lint/suspicious/noExplicitAny: without a schema nothing is known of an event's data; Inngest's users rely on it
  readonly data: any;
}

/** Whether a client has schemas: a map without them has any name. */
export type IsUntyped<S> = string extends keyof S ? true : false;

/** Known event names; any string without schemas. */
export type EventName<S> = keyof S & string;

type Get<S, K> = K extends keyof S ? S[K] : undefined;
type NothingToSend = Record<string, never>;

/** An event's data as it is sent, when it is sent: `{}` for an event that has none. */
export type DataOf<E> = E extends unknown ? OrElse<Declared<E>, NothingToSend> : never;
type Declared<E> = unknown extends Get<E, "data"> ? Get<E, "data"> : Exclude<Get<E, "data">, undefined>;
type OrElse<D, Else> = [D] extends [never] ? Else : D;

/** Whether an event may be sent without data: it has none, its data may be absent, or all fields of its data may. */
export type MayLackData<E> = [Extract<Get<E, "data">, undefined>] extends [never]
  ? Record<never, never> extends DataOf<E>
    ? true
    : false
  : true;

/** The data with which an event's function may be invoked. */
export type InputDataOf<E> = E extends unknown
  ? DataOf<E> | (MayLackData<E> extends true ? NothingToSend : never)
  : never;

/**
 * An event's data as a handler gets it. Data that was not sent is `{}`: so optional data of `{ a: string; b: number }` comes as
 * `{ a: string; b: number } | { a?: never; b?: never }`, and one look at `data.a` tells which.
 */
export type ReceivedDataOf<E> = E extends unknown ? WithAbsent<Jsonify<Declared<E>>, MayLackData<E>> : never;
type WithAbsent<D, MayLack> = unknown extends D
  ? D
  : MayLack extends true
    ? Record<never, never> extends D
      ? D
      : D | { [K in KeyOfEach<D>]?: never }
    : D;
type KeyOfEach<D> = D extends unknown ? keyof D : never;

/**
 * An event as a handler gets it: its data has been JSON. The last fields are there only for foreign events, which came from another
 * source on the bus than Stepwell's own `send`.
 */
export type IncomingEvent<Name extends string, Data, User = unknown> = {
  name: Name;
  data: Data;
  /** The event's id: the sender's own, or 26 characters that sort by time. */
  id: string;
  /** The sender's time, in milliseconds since the epoch. */
  ts: number;
  user?: User;
  /** The sender's own version of the event's schema. */
  v?: string;
  source?: string;
  account?: string;
  /** The bus time of a foreign event, as ISO text. */
  time?: string;
  region?: string;
  resources?: readonly string[];
};

/** The event of a known name, or of an `eventType`, as a handler gets it. */
export type EventOf<S, Name extends string | AnyEventType> = Name extends keyof LifecycleEvents<S>
  ? LifecycleEvents<S>[Name]
  : Name extends keyof S & string
    ? Incoming<Name, S[Name]>
    : Name extends AnyEventType<infer Known, infer E>
      ? Incoming<Pattern<Known>, E>
      : never;

type Incoming<Name extends string, E> = IncomingEvent<Name, ReceivedDataOf<E>, UserOf<E>>;

/** The names that a wildcard matches; a name without one is itself. */
export type Pattern<Name extends string> = Name extends `${infer Head}*${infer Rest}`
  ? `${Head}${string}${Pattern<Rest>}`
  : Name;

type UserOf<E> = E extends { readonly user?: infer U } ? Jsonify<Exclude<U, undefined>> : unknown;

/** Any event of the map, as a handler gets it. */
export type AnyEventOf<S> = { [Name in EventName<S>]: EventOf<S, Name> }[EventName<S>];

/** Any event of the map, as it is sent: discriminated by its name. Or one that an `eventType` has created. */
export type OutgoingEventOf<S> =
  | AnyCreatedEvent
  | {
      [Name in EventName<S>]: Simplify<{ name: Name } & DataField<S[Name]> & UserField<S[Name]> & OutgoingFields>;
    }[EventName<S>];

type DataField<E> = E extends unknown
  ? MayLackData<E> extends true
    ? { data?: DataOf<E> | undefined }
    : { data: DataOf<E> }
  : never;
type UserField<E> = E extends { readonly user: infer U }
  ? { user: U }
  : "user" extends keyof E
    ? { user?: E["user"] }
    : { user?: object };

interface OutgoingFields {
  /** 1 to 128 characters. An id seen again within 24 hours starts nothing again. @default - a new one */
  id?: string;
  /** Milliseconds since the epoch. @default - now */
  ts?: number;
  /** Your own version of the event's schema. */
  v?: string;
}

/** The event of a cron trigger. */
export type CronEvent = IncomingEvent<"stepwell/scheduled.timer", { cron: string }>;

/** The event with which a failed run ends, and with which `onFailure` starts. */
export type FailedEvent<E = AnyEventOf<AnyEvents>> = IncomingEvent<
  "stepwell/function.failed",
  LifecycleData<E> & { error: SerializedError }
>;

/** The event with which a cancelled run ends, and with which `onCancel` starts. */
export type CancelledEvent<E = AnyEventOf<AnyEvents>> = IncomingEvent<
  "stepwell/function.cancelled",
  LifecycleData<E> & {
    /** What the run was cancelled by. */
    cause: CancelCause;
  }
>;

interface LifecycleData<E> {
  /** `<clientId>/<functionId>` */
  function_id: string;
  run_id: string;
  /** The event that started the run. */
  event: E;
  events: E[];
}

/** Events of the engine itself, that functions may be triggered by. */
export interface LifecycleEvents<S> {
  "stepwell/function.failed": FailedEvent<AnyEventOf<S>>;
  "stepwell/function.cancelled": CancelledEvent<AnyEventOf<S>>;
  "stepwell/function.finished": IncomingEvent<
    "stepwell/function.finished",
    LifecycleData<AnyEventOf<S>> & { result?: unknown; error?: SerializedError }
  >;
  "stepwell/function.invoked": IncomingEvent<"stepwell/function.invoked", LifecycleData<AnyEventOf<S>>>;
}
