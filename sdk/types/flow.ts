import type { AnyEventType } from "./schemas.ts";
import type { Duration, WaitableName } from "./steps.ts";

/**
 * A CEL expression over `event` whose value is a key, such as `event.data.userId`: events of one value are limited together, those of
 * another on their own. Evaluated once, when an event arrives. A value that is `false`, null or missing switches the option off for
 * that event, and a warning is logged.
 */
export type KeyExpression = string;

/** At most `limit` runs execute at the same time. Runs that sleep, wait or back off hold nothing, and queue again when they wake. */
export type ConcurrencyLimitOptions = {
  /** Runs at the same time: 1 to 10,000. */
  readonly limit: number;
} & (
  | {
      /** `fn`: this function alone. @default "fn" */
      readonly scope?: "fn";
      /** @default - all events together */
      readonly key?: KeyExpression;
    }
  | {
      /** Shared by all functions with the same value of the key, of all apps: in an environment, or in all environments of the engine. */
      readonly scope: "env" | "account";
      /** Required: functions share the limit by its value. `'"openai"'` is a constant one. */
      readonly key: KeyExpression;
    }
);

/** A number is a limit for the function as a whole. */
export type ConcurrencyOption = number | ConcurrencyLimitOptions;

/** At most `limit` events count in a period, evenly spread (GCRA); up to `limit` at once. */
export interface RateLimitOptions {
  /** Whole number from 1. */
  readonly limit: number;
  /** From 1 second to 7 days. */
  readonly period: Duration;
  /** @default - all events together */
  readonly key?: KeyExpression;
}

/** At most `limit` runs begin in a period, evenly spread (GCRA); up to `limit + burst` at once. */
export interface ThrottleOptions extends RateLimitOptions {
  /** How many more may begin at once after a quiet time. @default 0 */
  readonly burst?: number;
}

/** One run for a series of events, once they have stopped coming. */
export interface DebounceOptions {
  /** How long it has to be quiet: from 1 second to 7 days. Each event begins the period anew. */
  readonly period: Duration;
  /** The longest time from the first event to the run: from `period` to 7 days. @default - as long as events come */
  readonly timeout?: Duration;
  /** @default - all events together */
  readonly key?: KeyExpression;
  /** Hand over all events in `events`, and not the latest alone. A series of 100 ends at once. @default false */
  readonly collect?: boolean;
}

/** One run for many events. */
export interface BatchEventsOptions {
  /** A batch of so many starts at once: 1 to 1,000. */
  readonly maxSize: number;
  /** A batch starts so long after its first event, whatever its size: from 1 second to 7 days. */
  readonly timeout: Duration;
  /** Events of one value go into one batch. @default - all events together */
  readonly key?: KeyExpression;
  /** A CEL condition over `event`; an event for which it does not hold starts a run of its own at once. @default - all go in */
  readonly if?: string;
}

/** One run at a time. */
export interface SingletonOptions {
  /** What a second event does: `skip` starts no run, `cancel` cancels the run under way and starts one. */
  readonly mode: "skip" | "cancel";
  /** One run for each value. @default - one run of the function */
  readonly key?: KeyExpression;
}

/** Which runs go first in the queue of a concurrency limit. */
export interface PriorityOptions {
  /** A CEL expression over `event` that gives seconds, from -600 to 600: `event.data.plan == 'pro' ? 120 : 0`. */
  readonly run: string;
}

/** Cancellation by the clock. Each up to 365 days. */
export interface TimeoutOptions {
  /** From the time a run is scheduled to its first execution: the time it may wait in queues. @default - no limit */
  readonly start?: Duration;
  /** From its first execution to its end, sleeps and waits included. @default - no limit */
  readonly finish?: Duration;
}

/** An event that cancels a run. At most one of `match` and `if`; with neither, every event of that name does. */
export type CancelOnOptions<Name extends string | AnyEventType = string> = {
  /** The event's name, or an `eventType`; no wildcards. */
  readonly event: Name;
  /** How long after the run was scheduled such events count; up to 365 days. @default - as long as the run lives */
  readonly timeout?: Duration;
} & (
  | {
      /** A path such as `data.orderId` whose value must be the same in the trigger and in the arriving event. */
      readonly match?: string;
      readonly if?: never;
    }
  | {
      /** A CEL condition over `event` (the trigger) and `async` (the arriving event). */
      readonly if?: string;
      readonly match?: never;
    }
);

/**
 * Flow control and lifetime of a function. An event passes the options in this order: `idempotency`, `rateLimit`, `debounce`,
 * `batchEvents`, `singleton`, `throttle`, `concurrency` with `priority`. An event that starts no run leaves a record that says why.
 *
 * Refused are `batchEvents` together with `cancelOn`, `debounce` or `singleton`, and `debounce` or `batchEvents` in a function that only
 * crons start. A limit of `concurrency` that a deploy changes counts for runs in the queue too; start times that a `throttle` has given stand.
 */
export interface FlowOptions<S> {
  /**
   * How many runs execute at the same time: a number for the whole function, or one or two limits by key and scope. The others wait in
   * order of their events. It bounds the parallel steps of a run as well. @default - no limit but the account's
   *
   * @example
   * ```ts
   * concurrency: [
   *   { limit: 1, key: "event.data.accountId" },
   *   { limit: 60, scope: "account", key: '"openai"' },
   * ]
   * ```
   */
  readonly concurrency?:
    | ConcurrencyOption
    | readonly [ConcurrencyOption]
    | readonly [ConcurrencyOption, ConcurrencyOption];
  /**
   * How many runs begin in a period; the others wait, none is dropped. @default - no limit
   *
   * @example
   * ```ts
   * throttle: { limit: 10, period: "1m", burst: 5, key: "event.data.accountId" }
   * ```
   */
  readonly throttle?: ThrottleOptions;
  /**
   * How many events start runs in a period; the others are dropped, and leave a record. @default - no limit
   *
   * @example
   * ```ts
   * rateLimit: { limit: 1, period: "4h", key: "event.data.customerId" }
   * ```
   */
  readonly rateLimit?: RateLimitOptions;
  /**
   * Waits until events have stopped coming, and starts one run with the latest by `event.ts`. @default - each event starts a run
   *
   * @example
   * ```ts
   * debounce: { period: "5m", timeout: "1h", key: "event.data.documentId" }
   * ```
   */
  readonly debounce?: DebounceOptions;
  /**
   * Orders the runs that wait for `concurrency`: one of 120 is put before those of 0 that came up to 120 seconds earlier. Without
   * `concurrency` nothing waits, and it has no effect. @default - 0
   *
   * @example
   * ```ts
   * priority: { run: "event.data.plan == 'enterprise' ? 180 : 0" }
   * ```
   */
  readonly priority?: PriorityOptions;
  /**
   * One run at a time, and no queue. @default - any number
   *
   * @example
   * ```ts
   * singleton: { mode: "cancel", key: "event.data.documentId" }
   * ```
   */
  readonly singleton?: SingletonOptions;
  /**
   * Events with the same value start one run in 24 hours; the others are dropped, and leave a record. @default - by event id only
   *
   * @example
   * ```ts
   * idempotency: "event.data.checkoutId"
   * ```
   */
  readonly idempotency?: KeyExpression;
  /**
   * One run for many events: the handler gets them all in `events`. @default - each event starts a run
   *
   * @example
   * ```ts
   * batchEvents: { maxSize: 100, timeout: "5s", key: "event.data.accountId", if: "event.data.plan == 'free'" }
   * ```
   */
  readonly batchEvents?: BatchEventsOptions;
  /**
   * Cancels runs that take too long. @default - no limit
   *
   * @example
   * ```ts
   * timeouts: { start: "10m", finish: "1h" }
   * ```
   */
  readonly timeouts?: TimeoutOptions;
  /**
   * Events that cancel a run: one, or up to 5. Only those that arrive after the run's own event count (the same second does), and the
   * run ends before its next step body at the latest. @default - none
   *
   * @example
   * ```ts
   * cancelOn: [{ event: "shop/order.withdrawn", match: "data.orderId", timeout: "2d" }]
   * ```
   */
  readonly cancelOn?: CancelOnOptions<WaitableName<S>> | readonly CancelOnOptions<WaitableName<S>>[];
}
