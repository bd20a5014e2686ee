import type { SerializedError } from "./errors.ts";
import type { Outcome, Payload } from "./payload.ts";

export type StepKind =
  | "run"
  | "fetch"
  | "ai.wrap"
  | "ai.infer"
  | "sendEvent"
  | "sendSignal"
  | "sleep"
  | "waitForEvent"
  | "waitForSignal"
  | "invoke";

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
  /** Who brought the outcome: `event:<id>`, `signal:<id>`, "timeout", "replaced", "child", "router", "runner", "race" for what has lost one, or "end" for what the run's end has closed. */
  readonly by?: string;
  /** Place in the order in which results were handed to the code. Absent: handed over when nothing else was open. */
  readonly order?: number;
  readonly wait?: WaitSpec;
  /** As stored: the name of the pack that it was written in, with others. */
  readonly pack?: string;
  /** As stored: until when DynamoDB keeps it, in milliseconds. */
  readonly keptUntil?: number;
}

/** What a wait waits for. */
export type WaitSpec = (EventWait | SignalWait) & {
  /** How the timeout and the wake-up are done. */
  readonly via: "stepFunctions" | "table";
};

interface SignalWait {
  readonly signal: string;
  readonly event?: never;
  readonly events?: never;
  readonly listeners?: never;
  readonly seen?: never;
}

/** One of several events or one, and under which index keys their listeners lie. */
interface EventWait {
  readonly signal?: never;
  /** Its name; of several the first. */
  readonly event: string;
  /** The names, if there are several. */
  readonly events?: readonly string[];
  readonly listeners: readonly string[];
  /** Events of these names which the code had been given in the seconds before it asked: they are not what it waits for. */
  readonly seen?: readonly string[];
}

/** Whether a step of this kind waits for somebody to bring its result, by a time. */
export const isWait = (kind: StepKind): boolean => kind === "waitForEvent" || kind === "waitForSignal";

/** The names of the events that a step waits for. */
export const eventsOf = (wait: WaitSpec | undefined): readonly string[] =>
  wait?.event === undefined ? [] : (wait.events ?? [wait.event]);

/** Where an invoked child reports to. */
export interface ParentRef {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
  readonly stepKey: string;
}

export type { Payload };
