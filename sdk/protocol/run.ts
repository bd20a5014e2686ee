import type { SerializedError } from "./errors.ts";
import type { CancelCause, ConcurrencyScope, SkipReason } from "./flow.ts";
import type { StepKind } from "./step.ts";

export const RUN_STATUSES = [
  "queued",
  "running",
  "sleeping",
  "waiting",
  "completed",
  "failed",
  "cancelled",
  "skipped",
] as const;

export type RunStatus = (typeof RUN_STATUSES)[number];

export type StepStatus = "running" | "retrying" | "sleeping" | "waiting" | "completed" | "failed" | "cancelled";

/** A run as lists show it: how it stands, without its steps and its result. Times are milliseconds since the epoch. */
export interface RunSummary {
  readonly id: string;
  /** `<clientId>/<functionId>` is the address; this is the function's own id. */
  readonly functionId: string;
  readonly app: string;
  readonly eventIds: readonly string[];
  readonly status: RunStatus;
  /** Tries of the handler itself, the running one included. */
  readonly attempts: number;
  readonly queuedAt: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number | undefined;
  /** A word for the operator, such as the reason of a dead letter. */
  readonly note?: string;
  /** Why the event started no run. Only with the status "skipped". */
  readonly skipped?: SkippedEvent;
  /** When the sweeper had to wake the run, since what was to wake it was lost: the last three times, and what it waited for. */
  readonly sweeps?: readonly Sweep[];
}

/** What was to bring something on, and did not. Times are milliseconds since the epoch. */
export interface Overdue {
  readonly waitedFor: WaitedFor;
  /** The step that it was about; in the list of a run shortened, as is `key`. */
  readonly step?: string;
  /** The value of the key of the option that it was about. */
  readonly key?: string;
  /** When it should have come. Of a slot: since when the run stood in line. */
  readonly due: number;
}

/**
 * - `sleep`, `event`, `signal`, `invoke`, `retry`, `deadline`: the timer of a step, of a try, or of `timeouts.finish`
 * - `check`: nothing is known to be lost, the run only looks after the function that it has invoked
 * - `result`: the wake after a step has got its result · `cancel`: the one after a cancellation
 * - `continuation`: the message by which an invocation passes the run on · `worker`: the message of a worker that has died
 * - `slot`: its turn in line · `debounce`, `batch`: the timer that closes it · `timer`: one that cannot be told any more
 */
export type WaitedFor =
  | "sleep"
  | "event"
  | "signal"
  | "invoke"
  | "check"
  | "retry"
  | "deadline"
  | "result"
  | "cancel"
  | "continuation"
  | "worker"
  | "slot"
  | "debounce"
  | "batch"
  | "timer";

/** A wake by the sweeper: when, and why. */
export interface Sweep extends Overdue {
  readonly at: number;
}

/** What became of an event that started no run of a function. */
export interface SkippedEvent {
  readonly reason: SkipReason;
  /** The key's value, shortened. */
  readonly key?: string;
  /** The run that goes instead. */
  readonly runId?: string;
}

/** A part of a list of runs, the latest first. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  /** The id to go on below; undefined when there are no more. */
  readonly next: string | undefined;
}

/** A run as users see it. */
export interface RunView extends RunSummary {
  readonly output: unknown;
  readonly error: SerializedError | undefined;
  readonly steps: readonly StepView[];
  /** What has cancelled the run; there before the run has ended, while a step's body still runs. */
  readonly cancel?: CancelCause;
  /**
   * Why the run is not executing, and when it goes on as far as that is known; of several reasons the one that is over first. Absent: it
   * is executing, about to, or has ended. Lists of runs do not have it: it takes reads of its own.
   */
  readonly waitingFor?: WaitingFor;
}

/** What a run that is not executing waits for. Times are milliseconds since the epoch; `key` is the value of the option's key, shortened. */
export type WaitingFor =
  | WaitingForSlot
  | {
      readonly kind: "throttle";
      readonly key?: string;
      /** As registered today; absent: the function is not throttled any more, and its reserved start times stand. */
      readonly limit?: number;
      readonly periodMs?: number;
      readonly startsAt: number;
    }
  | { readonly kind: "debounce"; readonly key?: string; readonly until: number }
  | {
      readonly kind: "batch";
      readonly key?: string;
      /** Events so far, and with how many it is full. */
      readonly size: number;
      readonly maxSize: number;
      readonly until: number;
    }
  | { readonly kind: "sleep"; readonly step: string; readonly until: number }
  | {
      readonly kind: "event";
      readonly step: string;
      readonly event: string;
      /** All names, if the step waits for the first of several. */
      readonly events?: readonly string[];
      readonly until: number;
    }
  | { readonly kind: "signal"; readonly step: string; readonly signal: string; readonly until: number }
  /** Without `until` it has no timeout. */
  | { readonly kind: "invoke"; readonly step: string; readonly until?: number }
  /** Without `step` it is the handler itself that has failed. */
  | { readonly kind: "retry"; readonly step?: string; readonly until: number };

/** A run in line before a concurrency limit. */
export interface WaitingForSlot {
  readonly kind: "concurrency";
  readonly scope: ConcurrencyScope;
  readonly key?: string;
  /** As registered today. */
  readonly limit: number;
  /** Its place in line: 1 is the next. */
  readonly place: number;
  /** How many runs hold a slot, and some of them, the oldest first. */
  readonly held: number;
  readonly holders: readonly SlotHolder[];
  /** A step has held back the runs of this key (`Backoff`): nobody is let in before this. */
  readonly heldUntil?: number;
}

/** A run that holds a slot. Its app and function are absent if it is of another environment. */
export interface SlotHolder {
  readonly runId: string;
  readonly app?: string;
  readonly functionId?: string;
}

/** How many events have started no run, by function and reason. */
export interface SkipCounts {
  readonly skips: readonly SkipCount[];
  /** There were too many runs to look at: older ones are not counted. */
  readonly more: boolean;
}

export interface SkipCount {
  readonly app: string;
  readonly functionId: string;
  readonly reason: SkipReason;
  readonly count: number;
}

export interface StepView {
  readonly id: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly status: StepStatus;
  /** Tries so far, the running one included. */
  readonly attempts: number;
  readonly output: unknown;
  readonly error: SerializedError | undefined;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  /** Of an invoke: the id of the event that its child run was started by, for `runsOf`. */
  readonly eventId?: string;
}
