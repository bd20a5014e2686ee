import type { CancelCause } from "../protocol/index.ts";
import type { CancelledEvent, FailedEvent } from "./events.ts";
import type { StepTools } from "./steps.ts";

/** Where a handler's lines go: a message, and fields. Any logger with these four methods will do. */
export interface Logger {
  debug(...line: unknown[]): void;
  info(...line: unknown[]): void;
  warn(...line: unknown[]): void;
  error(...line: unknown[]): void;
}

/** How the steps of a group belong together. */
export interface ParallelOptions {
  /** Of the steps, those that have not ended when the body settles have lost. @default - "race", the only one there is */
  readonly mode?: "race";
}

/** Keeps steps together. */
export interface Group {
  /**
   * Runs `body`, and resolves or rejects as it does. Its steps run in parallel, as everywhere; those that have not ended by then have lost,
   * and are not waited for: what has not begun never does, nothing is tried again, sleeps, waits and invokes are closed at once (a child
   * run goes on). A body that runs gets its `signal` aborted, and only the end of the invocation waits for it. Rejects with a
   * `StepwellError` of code `STEPWELL_INVALID_STEP` for an unknown mode, or without a body.
   *
   * @example
   * ```ts
   * const quote = await group.parallel({ mode: "race" }, () =>
   *   Promise.any(suppliers.map((supplier) => step.run(`ask ${supplier.id}`, ({ signal }) => supplier.quote(order, signal)))),
   * );
   * ```
   */
  parallel<T>(body: () => Promise<T>): Promise<T>;
  parallel<T>(options: ParallelOptions, body: () => Promise<T>): Promise<T>;
}

/** What a handler is called with. */
export interface Context<S, E> {
  /** The event that started this run. */
  event: E;
  /** All events that started this run. */
  events: [E, ...E[]];
  /** The step tools: everything durable goes through them. */
  step: StepTools<S>;
  /** 26 characters that sort by time. */
  runId: string;
  /** Failed tries before this one, so 0 at first. */
  attempt: number;
  /** Tries in all. */
  maxAttempts: number;
  /** Aborted when the run has been cancelled, or is not this invocation's any more. Bodies of steps get it too. */
  signal: AbortSignal;
  /** Knows about replays: lines of code that ran before are not written again. */
  logger: Logger;
  group: Group;
}

/** What `onFailure` is called with. */
export interface FailureContext<S, E> extends Context<S, FailedEvent<E>> {
  /** The error that ended the run, with its name, message, code and cause. */
  error: Error;
}

/** What `onCancel` is called with. */
export interface CancelContext<S, E> extends Context<S, CancelledEvent<E>> {
  /** What the run was cancelled by: `request` (with the reason that was given), `event`, `timeout`, or `singleton`. */
  cause: CancelCause;
}
