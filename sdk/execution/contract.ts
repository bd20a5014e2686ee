import type {
  EventEnvelope,
  FunctionManifest,
  RetryPolicy,
  SerializedError,
  StepMemo,
  StoredEvent,
} from "../protocol/index.ts";
import type { Result } from "./replay.ts";

/** What a step tool asks the ledger for: one durable operation. */
export type OpRequest = { readonly id: string; readonly name?: string; readonly hooks?: OpHooks } & (
  | RunRequest
  | SendEventRequest
  | SleepRequest
  | WaitForEventRequest
  | WaitForSignalRequest
  | SendSignalRequest
  | InvokeRequest
);

/** A body of the user's, or a request, run once and memoized. */
export interface RunRequest {
  readonly kind: "run" | "fetch" | "ai.wrap" | "ai.infer";
  readonly body: (context: BodyContext) => unknown;
}

/** What the body of a step is run with. */
export interface BodyContext {
  /** Names this step of this run: the same for each of its tries, whoever makes them. 43 characters of A-Z, a-z, 0-9 and "-". */
  readonly idempotencyKey: string;
  /** Aborted when the run has been cancelled, or lost to another invocation, or when the step has lost a race. */
  readonly signal: AbortSignal;
  /** The step's id with its repeat number. */
  readonly stepId: string;
  /** Failed tries of the step before this one. */
  readonly attempt: number;
}

/** What middleware does to the data of one operation; the runner calls it on the data's way. */
export interface OpHooks {
  /**
   * The stored result as the code is to get it, from what `load` brings. Rejects only with what `load` rejects with. Undefined: the code
   * gets nothing more, since its handler has failed by it.
   */
  receive(step: StepAddress, load: () => Promise<StoredResult>): Promise<StoredResult | undefined>;
  /** Sends events by `send`, changed. A rejection is a failed try. */
  send(
    events: readonly OutgoingEvent[],
    send: (events: readonly OutgoingEvent[]) => Promise<{ ids: string[] }>,
  ): Promise<{ ids: string[] }>;
  /** Of an invoke: its data, changed. Undefined: nothing is to be sent, since the handler has failed by it. */
  invoke?(): Promise<Pick<InvokeRequest, "data" | "user"> | undefined>;
}

/** Which step of a run a result is of. */
export type StepAddress = Pick<StepMemo, "key" | "id" | "name" | "kind">;

/** A result as it is stored, loaded and decoded. */
export type StoredResult = { readonly data: unknown } | { readonly error: SerializedError };

/** A result that a run has. */
export interface KnownStep {
  readonly step: StepAddress;
  readonly stored: StoredResult;
}

/** Events to send once; `prepare` gives each its id, so that a repeat of the step repeats the ids. */
export interface SendEventRequest {
  readonly kind: "sendEvent";
  readonly events: readonly OutgoingEvent[];
  /** Asks the schemas of the events, before they are sent: once, and not on replay, when a deploy may have brought others. */
  readonly check?: () => void | Promise<void>;
}

/** An event that has been checked and may be sent. */
export interface OutgoingEvent {
  readonly id?: string;
  readonly name: string;
  readonly data: unknown;
  readonly ts?: number;
  readonly user?: unknown;
  readonly v?: string;
}

/** Exactly one of the two is given: a length from now, or a point in time (ms since the epoch). */
export type SleepRequest = { readonly kind: "sleep" } & ({ readonly forMs: number } | { readonly untilMs: number });

/** The first of several events, or one. */
export interface WaitForEventRequest {
  readonly kind: "waitForEvent";
  readonly events: readonly AwaitedEvent[];
  readonly timeoutMs: number;
  /** So long before the step began events count already. */
  readonly lookbackMs?: number;
}

/** An event that a step waits for. At most one of `match` and `if`. */
export interface AwaitedEvent {
  readonly event: string;
  /** A path such as `data.orderId` that must be equal in both events. */
  readonly match?: string;
  /** CEL over `event` (the trigger) and `async` (the arriving event). Already checked. */
  readonly if?: string;
}

export interface WaitForSignalRequest {
  readonly kind: "waitForSignal";
  readonly signal: string;
  readonly timeoutMs: number;
  /** What happens if another step waits for it: this one fails, or takes the name over. */
  readonly onConflict: "fail" | "replace";
}

/** A signal to send once. */
export interface SendSignalRequest extends OutgoingSignal {
  readonly kind: "sendSignal";
}

/** A signal that has been checked and may be sent, to the run of `app` that waits for it. */
export interface OutgoingSignal {
  readonly app: string;
  readonly signal: string;
  readonly data: unknown;
}

export interface InvokeRequest {
  readonly kind: "invoke";
  readonly target: { readonly app: string; readonly functionId: string };
  readonly data: unknown;
  readonly user?: unknown;
  readonly timeoutMs?: number;
}

/** The ledger of one run: every step tool asks here, and gets the operation's result when the run has it. */
export interface Ledger {
  /** Resolves with the operation's value, rejects with its error, or never settles: then the run goes on in a later invocation. */
  ask(request: OpRequest): Promise<unknown>;
}

/** What the handler of a run is started with. */
export interface RunInput {
  readonly events: readonly StoredEvent[];
  /** The events' `data`, loaded, in the same order. */
  readonly data: readonly unknown[];
  /** Which of them is the handler's `event`. @default - the first */
  readonly main?: number;
  readonly runId: string;
  /** Failed tries so far: of the step being tried again, else of the handler. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Aborted when the run has been cancelled, or lost to another invocation. */
  readonly signal: AbortSignal;
  /** Whether the code is past everything that an earlier invocation has already executed (for the logger). */
  readonly isReplaying: () => boolean;
  readonly log: LogSink;
  /** Takes events that the user's code sends by the client, and not by a step. */
  readonly sender: EventSender;
  /** How many functions the triggering event has passed through. */
  readonly hops: number;
  /** Loads the results that the run has, in the order in which the code asked for them; sleeps have none. @default - none */
  readonly knownSteps?: () => Promise<readonly KnownStep[]>;
  /** What the invocation was called with. @default - nothing */
  readonly reqArgs?: readonly unknown[];
  /**
   * Takes what is to be called, once, when the invocation has done with this start of the handler: with the run's result if the run has
   * ended for good by it. It is waited for, and must not reject. @default - never called
   */
  readonly onClose?: (hook: (end: Result | undefined) => Promise<void>) => void;
}

/** An event that is ready for the bus: its name is the detail type, its envelope the detail. */
export interface PreparedEvent {
  readonly name: string;
  readonly envelope: EventEnvelope;
}

/** Puts checked events on the bus. */
export interface EventSender {
  send(app: string, events: readonly PreparedEvent[]): Promise<void>;
}

/** Where log lines go; the runner's sink adds run, function and attempt. */
export interface LogSink {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

/** How often finished steps are written down, and how long one invocation goes on with a run. */
export interface Checkpointing {
  /** How many results may be written together. 1: each is written before the code gets it. */
  readonly bufferedSteps: number;
  /** How long a result may wait for others, in milliseconds. */
  readonly maxIntervalMs: number;
  /** For how long new steps are begun after the first one, in milliseconds. 0: each step has an invocation of its own. */
  readonly maxRuntimeMs: number;
}

/** A user's function as the runner sees it: what it is, and how to start its handler. */
export interface DurableFunction {
  readonly app: string;
  readonly id: string;
  readonly manifest: FunctionManifest;
  readonly retry: RetryPolicy;
  readonly maxSteps: number;
  readonly checkpointing: Checkpointing;
  /** Starts the user's handler; its steps go through the ledger. */
  start(input: RunInput, ledger: Ledger): Promise<unknown>;
}
