/** What the auditor looks at, and what it finds. */

/** The laws of ARCHITECTURE.md. */
export const LAWS = ["L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10"] as const;
export type Law = (typeof LAWS)[number];

/** A law that does not hold, and where. */
export interface Finding {
  readonly law: Law;
  /** What is wrong, in a sentence that names the run, step, slot or message. It is the same as long as the fault is. */
  readonly text: string;
  readonly runId?: string;
  /** A fresh wake (`rearm`) of this run repairs it. */
  readonly wake?: RunToWake;
  /** It may be all right: a message may be on its way that mends it, and of its queue only counts are known. */
  readonly unsure?: true;
}

/** A run that a fresh wake helps. */
export interface RunToWake {
  readonly env: string;
  readonly app: string;
  readonly functionId: string;
  readonly runId: string;
}

/** An item of the table, as plain values. */
export type Item = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };

/** A message of a queue, whatever its state. Only a local cloud can tell them: SQS shows none without receiving it. */
export interface QueuedMessage {
  readonly queue: string;
  readonly body: string;
  readonly state: "visible" | "delayed" | "inflight";
}

/** How many messages there are in a queue and in its dead-letter queue. */
export interface QueueCounts {
  /** Visible or with somebody. */
  readonly busy: number;
  readonly delayed: number;
}

/** Counts of the router's queue, and of the run queues by `environment/app`. */
export interface Counts {
  readonly router: QueueCounts;
  readonly apps: Readonly<Record<string, QueueCounts>>;
}

/** Everything there is at one moment. What could not be read is absent, and not judged. */
export interface Snapshot {
  /** In ms since the epoch. */
  readonly now: number;
  readonly items: readonly Item[];
  readonly messages?: readonly QueuedMessage[];
  /** Where only counts of messages are known. */
  readonly counts?: Counts;
  /** Names of the wait machine's executions that run. */
  readonly executions?: readonly string[];
  /** Names of the schedules of the engine's group, crons too. */
  readonly schedules?: readonly string[];
  /** How long finished runs stay readable. In ms. @default - 30 days */
  readonly retentionMs?: number;
}

export interface AuditOptions {
  /** Everything is to be over: no run, no message, no timer is left. */
  readonly atRest?: boolean;
  /** At rest, nothing may be left behind either that only takes up room until it expires, such as the slot of a process that died. */
  readonly spotless?: boolean;
}
