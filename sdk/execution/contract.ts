import type { EventEnvelope, FunctionManifest, RetryPolicy, StoredEvent } from "../protocol/index.ts";

/** What a step tool asks the ledger for: one durable operation. */
export type OpRequest = { readonly id: string; readonly name?: string } & (
  | RunRequest
  | SendEventRequest
  | SleepRequest
  | WaitForEventRequest
  | InvokeRequest
);

/** A body of the user's, run once and memoized. */
export interface RunRequest {
  readonly kind: "run";
  readonly body: (context: BodyContext) => unknown;
}

/** What the body of a step is run with. */
export interface BodyContext {
  /** Aborted when the run has been cancelled, or lost to another invocation. */
  readonly signal: AbortSignal;
}

/** Events to send once; `prepare` gives each its id, so that a repeat of the step repeats the ids. */
export interface SendEventRequest {
  readonly kind: "sendEvent";
  readonly events: readonly OutgoingEvent[];
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

export interface WaitForEventRequest {
  readonly kind: "waitForEvent";
  readonly event: string;
  readonly timeoutMs: number;
  /** A path such as `data.orderId` that must be equal in both events. */
  readonly match?: string;
  /** CEL over `event` (the trigger) and `async` (the arriving event). Already checked. */
  readonly if?: string;
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
