/** Flow control and lifetime as a function asks for them, checked, with every default filled in. Times are milliseconds. */
export interface FlowManifest {
  readonly idempotency?: string;
  readonly rateLimit?: RateLimit;
  readonly debounce?: Debounce;
  readonly batchEvents?: BatchEvents;
  readonly singleton?: Singleton;
  readonly throttle?: Throttle;
  /** One or two limits; a run needs a slot of each. */
  readonly concurrency?: readonly ConcurrencyLimit[];
  readonly priority?: { readonly run: string };
  readonly timeouts?: { readonly startMs?: number; readonly finishMs?: number };
  readonly cancelOn?: readonly CancelOn[];
}

export const CONCURRENCY_SCOPES = ["fn", "env", "account"] as const;
export type ConcurrencyScope = (typeof CONCURRENCY_SCOPES)[number];

export interface ConcurrencyLimit {
  readonly limit: number;
  readonly scope: ConcurrencyScope;
  /** CEL over `event`. */
  readonly key?: string;
}

/** GCRA: `limit` in a period, evenly spread; up to `limit + burst` at once. What is too early is put off. */
export interface Throttle {
  readonly limit: number;
  readonly periodMs: number;
  readonly burst: number;
  readonly key?: string;
}

/** GCRA: `limit` in a period, up to `limit` at once. What is too early is dropped. */
export interface RateLimit {
  readonly limit: number;
  readonly periodMs: number;
  readonly key?: string;
}

export interface Debounce {
  readonly periodMs: number;
  readonly key?: string;
  /** The longest time from the first event to the run. */
  readonly timeoutMs?: number;
  /** Hand over all events, and not the latest alone. */
  readonly collect?: true;
}

export interface BatchEvents {
  readonly maxSize: number;
  readonly timeoutMs: number;
  readonly key?: string;
  /** CEL over `event`; an event for which it does not hold gets a run of its own. */
  readonly if?: string;
}

export interface Singleton {
  readonly mode: "skip" | "cancel";
  readonly key?: string;
}

export interface CancelOn {
  readonly event: string;
  readonly match?: string;
  /** CEL over `event` (the trigger) and `async` (the arriving event). */
  readonly if?: string;
  /** How long after the start of the run such events count. */
  readonly timeoutMs?: number;
}

/** A concurrency limit and the value of its key, as a run was scheduled under it. The limit's size is always today's. */
export interface GateRef {
  readonly scope: ConcurrencyScope;
  /** Which limit of the function: a hash of its scope and its key's expression. */
  readonly of: string;
  /** What is limited together: a hash, by scope, of the function and the key's value. */
  readonly id: string;
  /** The key's value, for people; shortened. Absent: the limit has no key. */
  readonly key?: string;
}

/** Where a run stands in the queues of its limits. */
export interface QueuePlace {
  readonly gates: readonly GateRef[];
  /** Sorts runs of a gate: by time less priority, then by event. */
  readonly order: string;
}

/** Why an event started no run of a function. */
export const SKIP_REASONS = ["idempotency", "rateLimit", "debounce", "singleton"] as const;
export type SkipReason = (typeof SKIP_REASONS)[number];

/** What a run was cancelled by. */
export type CancelCause =
  | { readonly by: "request"; readonly reason?: string }
  | { readonly by: "event"; readonly eventId: string; readonly event: string }
  | { readonly by: "timeout"; readonly timeout: "start" | "finish" }
  | { readonly by: "singleton"; readonly runId: string };
