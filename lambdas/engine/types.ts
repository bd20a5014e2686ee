import type {
  CancelCause,
  GateRef,
  Outcome,
  ParentRef,
  Payload,
  SkippedEvent,
  Sweep,
} from "../../sdk/protocol/index.ts";

/** The header of a run: one small item that every lease, suspend and finish rewrites (under 1 KB for ever). */
export interface RunHeader {
  readonly v: 1;
  readonly runId: string;
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly status: "active" | "completed" | "failed" | "cancelled" | "skipped";
  /** Raised by every lease. Who writes with an older one has lost the run. */
  readonly fence: number;
  /** Raised by every wake that finds the run held. */
  readonly wakeSeq: number;
  /** The lease: a nonce of the holder, the message that took it, the first waker that was refused, and its end. */
  readonly owner?: string;
  readonly by?: string;
  readonly guard?: string;
  readonly leaseUntil?: number;
  readonly eventId: string;
  /** The bus time of that event, where it is not the time in the run's id: the run of a debounce. */
  readonly eventAt?: number;
  readonly parent?: ParentRef;
  readonly emits?: readonly "finished"[];
  readonly queuedAt: number;
  /** Absent: it has been queued, and not been executed yet. */
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** Failed tries of the handler itself. */
  readonly attempts: number;
  /** When the handler is to be tried again after it threw. */
  readonly retryAt?: number;
  /** Crashes in a row without a new result, the number of tries and results on record at the last one, and the fence that counted it. */
  readonly crashes?: number;
  readonly crashMark?: number;
  readonly crashFence?: number;
  /** The fence of the last suspend: everything planned up to it has been set up. */
  readonly armed?: number;
  /** The end of `timeouts.finish` for which a timer has been armed, in milliseconds. */
  readonly finishBy?: number | undefined;
  /** What a run does that nobody holds. */
  readonly parked?: "sleeping" | "waiting" | "queued";
  /** The queues of the function's limits, and the run's place in them. */
  readonly gates?: readonly GateRef[];
  readonly order?: string;
  /** Of a run that has had to wait for its start: its place under the throttle, which tells when that is. */
  readonly reserved?: string;
  /** The lock of the function's `singleton`, given back in the tail. */
  readonly singleton?: string;
  /** The run has several events; their list is an item of the run's. */
  readonly batch?: true;
  /** A cancellation: the next holder carries it out (PROTOCOLS.md, P7). */
  readonly cancel?: CancelCause;
  /** No run, but the event's way to one: the debounce or batch that it went into. Only with the status "skipped". */
  readonly bucket?: BucketRef;
  /** Why there was no run. Only with the status "skipped". */
  readonly skipped?: Skipped;
  /** How many step items there were at the last suspend: should there be fewer, they have expired. */
  readonly results?: number;
  readonly codeVersion?: string;
  /** Whether the end has a tail to run (L6). */
  readonly tail?: boolean;
  /** How the run ended: here while small, else in an item of its own. */
  readonly outcome?: Outcome;
  readonly outcomeAt?: "item";
  /** A word for the operator, such as the reason of a dead letter. */
  readonly note?: string;
  /** The last times that the sweeper had to wake the run. */
  readonly sweeps?: readonly Sweep[];
}

/** A generation of a debounce or a batch, by the hash of its kind and key. */
export interface BucketRef {
  readonly id: string;
  readonly generation: number;
}

/** An event that started no run of a function: its record has the place of that run's header. */
export type Skipped = SkippedEvent;

/** Entry in the index of waiting steps and cancellable runs. The step or the run decides; this only finds it. */
export type Listener = StepListener | CancelListener;

/** A step that waits for an event. */
export interface StepListener extends ListenerBase {
  readonly kind?: never;
  readonly stepKey: string;
  /** The hash of the match values, which is the end of its key too. */
  readonly match: string;
  /** Ids of events that the run had been given before it waited. */
  readonly seen?: readonly string[];
}

/** A run that an event cancels. */
export interface CancelListener extends ListenerBase {
  readonly kind: "cancel";
  /** The event that started the run: it does not cancel it as well. */
  readonly eventId: string;
}

interface ListenerBase {
  readonly v: 1;
  readonly pk: string;
  readonly sk: string;
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
  readonly event: string;
  /** From when on events count: when the wait began, or as far as it looks back; or the bus time of the run's event. In milliseconds. Bus time has one-second resolution: the same second counts as after it (L7). */
  readonly since: number;
  readonly until: number;
  /** What the key does not decide already, and the part of the trigger that it reads. */
  readonly if?: string;
  readonly trigger?: Payload;
}

/** Which match paths are live for an event name: an append-only set of `<app>|<paths>`. */
export type ListenerPath = { readonly app: string; readonly paths: readonly string[] };
