import type { StoredEvent } from "./event.ts";
import type { Outcome, Payload } from "./payload.ts";
import type { ParentRef } from "./step.ts";

/** A run, wherever it is spoken of. */
export interface RunAddress {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
}

/**
 * A message on an app's run queue. `id` derives from what it is about, not from its delivery: the lease names it (`by`), and a
 * message so named is never acknowledged on a refusal (L2).
 */
export type RunMessage = RunAddress & { readonly v: 1; readonly id: string } & (
    | StartMessage
    | WakeMessage
    | ResolveMessage
  );

export interface StartMessage {
  readonly kind: "start";
  /** The triggering event, while small; else its id. */
  readonly event: StoredEvent | { readonly ref: string };
  readonly queuedAt: number;
  readonly parent?: ParentRef;
  /** Lifecycle events that somebody listens to (`failed` and `cancelled` always go out). */
  readonly emits: readonly "finished"[];
}

/** Look again. `timer` names the step whose time has come; `rearm` asks the holder to set up everything again. */
export interface WakeMessage {
  readonly kind: "wake";
  readonly timer?: { readonly stepKey: string; readonly at: number };
  readonly rearm?: true;
}

/** An outcome for a step, to be written before the run is woken (L2). */
export interface ResolveMessage {
  readonly kind: "resolve";
  readonly stepKey: string;
  readonly by: string;
  readonly outcome: Outcome;
}

/** A message of the engine itself on the ingest queue, beside the events of the bus. */
export type EngineMessage = { readonly v: 1; readonly stepwell: true } & (
  | InvokeMessage
  | SettleMessage
  | TimerMessage
  | CronMessage
);

/** Start `target` as a child of `parent`. */
export interface InvokeMessage {
  readonly kind: "invoke";
  readonly parent: ParentRef;
  readonly target: { readonly app: string; readonly functionId: string };
  readonly eventId: string;
  readonly data: Payload;
  readonly user?: string;
  readonly at: number;
  readonly hops: number;
}

/** A child's end, for its parent. */
export interface SettleMessage {
  readonly kind: "settle";
  readonly parent: ParentRef;
  readonly outcome: Outcome;
}

/** A long timer that came a minute early: send `message` when it is `at`. */
export interface TimerMessage {
  readonly kind: "timer";
  readonly at: number;
  readonly message: RunMessage;
}

/** A schedule fired for its nominal time. `at` is ISO text, as Scheduler writes it. */
export interface CronMessage {
  readonly kind: "cron";
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly cron: string;
  readonly at: string;
}
