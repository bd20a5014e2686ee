import type { SerializedError } from "./errors.ts";
import type { Outcome, Payload } from "./payload.ts";

export type StepKind = "run" | "sendEvent" | "sleep" | "waitForEvent" | "invoke";

/** Where an operation of a run stands. One item a step; its `outcome` is written once and never changes (L1). */
export interface StepMemo {
  readonly v: 1;
  /** First 16 base32 characters of the hash of `id`. */
  readonly key: string;
  /** The id in the code, with `:1`, `:2`, … for repeats. */
  readonly id: string;
  readonly name?: string;
  readonly kind: StepKind;
  /** How many operations the code had asked for before this one: for people who read a run. */
  readonly place?: number;
  /** The fence under which the step was first written. */
  readonly fence: number;
  /** Failed tries so far; the next one is `attempt = attempts` counted from zero. */
  readonly attempts: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  /** When a sleep is over, or a wait or an invoke times out, or a backoff ends; ms since the epoch. */
  readonly until?: number;
  /** The last failed try, while more are to come. */
  readonly lastError?: SerializedError;
  readonly outcome?: Outcome;
  /** Who brought the outcome: `event:<id>`, "timeout", "child", "router", "runner", or "end" for what the run's end has closed. */
  readonly by?: string;
  /** Place in the order in which results were handed to the code. Absent: handed over when nothing else was open. */
  readonly order?: number;
  readonly wait?: WaitSpec;
  /** It could not be run in an invocation of its own, since the code did not come to it there: the run's own runs it. */
  readonly inline?: true;
  /** As stored: the name of the pack that it was written in, with others. */
  readonly pack?: string;
  /** As stored: until when DynamoDB keeps it, in milliseconds. */
  readonly keptUntil?: number;
}

/** What a `waitForEvent` waits for, and under which index keys its listeners lie. */
export interface WaitSpec {
  readonly event: string;
  readonly listeners: readonly string[];
  /** Events of that name which the code had been given in the seconds before it asked: they are not what it waits for. */
  readonly seen?: readonly string[];
  /** How the timeout and the wake-up are done. */
  readonly via: "stepFunctions" | "table";
}

/** Where an invoked child reports to. */
export interface ParentRef {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
  readonly stepKey: string;
}

export type { Payload };
