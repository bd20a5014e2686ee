import type { SerializedError } from "./errors.ts";
import type { CancelCause, SkipReason } from "./flow.ts";
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
