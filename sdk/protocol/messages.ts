import type { StoredEvent } from "./event.ts";
import type { CancelCause, GateRef, QueuePlace } from "./flow.ts";
import type { Outcome, Payload } from "./payload.ts";
import type { ParentRef } from "./step.ts";

/** A run, wherever it is spoken of. */
export interface RunAddress {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
}

/**
 * A message on an app's run queue. `id` derives from what it is about, not from its delivery: the lease names it (`by`), and a
 * message so named is never acknowledged on a refusal (L2).
 */
export type RunMessage = RunAddress & { readonly v: 1; readonly id: string } & (
    | StartMessage
    | WakeMessage
    | ResolveMessage
    | PumpMessage
  );

export interface StartMessage {
  readonly kind: "start";
  /** The triggering event, while small; else its id. */
  readonly event: StoredEvent | { readonly ref: string; readonly at?: number };
  readonly queuedAt: number;
  readonly parent?: ParentRef;
  /** Lifecycle events that somebody listens to (`failed` and `cancelled` always go out). */
  readonly emits: readonly "finished"[];
  /** The queues of the function's limits. */
  readonly place?: QueuePlace;
  readonly slots?: PromisedSlots;
  readonly reserved?: ReservedStart;
  /** The lock of the function's `singleton` that the run holds. */
  readonly singleton?: string;
  /** The run has several events: their list is an item of the run's. `event` is the one that decides keys and conditions. */
  readonly batch?: true;
}

/**
 * Look again. `timer` names the step whose time has come; `rearm` asks the holder to set up everything again; `turn` says that a place in a
 * queue has come up; `cancel` says that the header has a cancellation, or a deadline that is over: no slot is needed for that.
 */
export interface WakeMessage {
  readonly kind: "wake";
  readonly timer?: { readonly stepKey: string; readonly at: number };
  readonly rearm?: true;
  readonly turn?: true;
  readonly slots?: PromisedSlots;
  readonly cancel?: true;
  readonly reserved?: ReservedStart;
}

/** Of a throttled run: its place, which decides, and when that said it starts, in milliseconds. The message may come up to a second early. */
export interface ReservedStart {
  readonly place: string;
  readonly at: number;
}

/** Where the run has been promised slots of its limits: the number of the shard by the gate's id. */
export type PromisedSlots = Readonly<Record<string, number>>;

/** An outcome for a step, to be written before the run is woken (L2). */
export interface ResolveMessage {
  readonly kind: "resolve";
  readonly stepKey: string;
  readonly by: string;
  readonly outcome: Outcome;
  /** Of a timeout: not before this time, in milliseconds. */
  readonly at?: number;
}

/** Look whether a queue may move on: a gate that was held back is open again. */
export interface PumpMessage {
  readonly kind: "pump";
  readonly gate: GateRef;
}

/** A message of the engine itself on the ingest queue, beside the events of the bus. */
export type EngineMessage = { readonly v: 1; readonly stepwell: true } & (
  | InvokeMessage
  | SettleMessage
  | TimerMessage
  | CronMessage
  | FlushMessage
  | CancelMessage
  | LookBackMessage
  | SignalMessage
  | RepaceMessage
);

/** Start `target` as a child of `parent`. */
export interface InvokeMessage {
  readonly kind: "invoke";
  readonly parent: ParentRef;
  readonly target: { readonly app: string; readonly functionId: string };
  readonly eventId: string;
  readonly data: Payload;
  readonly user?: string;
  readonly at: number;
  readonly hops: number;
}

/** A child's end, for its parent. */
export interface SettleMessage {
  readonly kind: "settle";
  readonly parent: ParentRef;
  readonly outcome: Outcome;
}

/** A long timer that came a minute early: send `message` when it is `at`. */
export interface TimerMessage {
  readonly kind: "timer";
  readonly at: number;
  readonly message: RunMessage;
}

/** A schedule fired for its nominal time. `at` is ISO text, as Scheduler writes it. */
export interface CronMessage {
  readonly kind: "cron";
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly cron: string;
  readonly at: string;
}

/** The time of a debounce or of a batch may be over. */
export interface FlushMessage {
  readonly kind: "flush";
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  /** Hash of the bucket's key. */
  readonly bucket: string;
  readonly generation: number;
  /** The run that it will have. */
  readonly runId: string;
  /** When it is due, in milliseconds. */
  readonly at: number;
}

/** An event that a step waits for may have arrived while its listener was being stored: look at those that have come since. */
export interface LookBackMessage {
  readonly kind: "lookBack";
  /** Where the listener lies. */
  readonly listener: { readonly pk: string; readonly sk: string };
}

/** A signal, for the one step of an app that waits for its name. */
export interface SignalMessage {
  readonly kind: "signal";
  readonly env: string;
  readonly app: string;
  readonly signal: string;
  readonly id: string;
  /** Bus time, in milliseconds. */
  readonly at: number;
  /** JSON of `{ data }`. */
  readonly data: Payload;
}

/**
 * Have the queues of a function's throttle go by its rate of today: of all keys, or of one (`only`), from a place on where they have come
 * that far.
 */
export interface RepaceMessage {
  readonly kind: "repace";
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  /** Whose doing it is: the same in all messages that follow from one. */
  readonly by: string;
  /** Hash of a key. */
  readonly key?: string;
  /** Number of the last place of the key that is done. */
  readonly after?: number;
  readonly only?: true;
}

/** Cancel a run. The function is not known to whoever has only the run's id. */
export interface CancelMessage {
  readonly kind: "cancel";
  readonly env: string;
  readonly app: string;
  readonly functionId?: string;
  readonly runId: string;
  readonly cause: CancelCause;
}
