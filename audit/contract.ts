/** What the auditor looks at, and what it finds. */

/** The laws of ARCHITECTURE.md. */
export type Law = "L1" | "L2" | "L3" | "L4" | "L5" | "L6" | "L7" | "L8" | "L9" | "L10";

/** A law that does not hold, and where. */
export interface Finding {
  readonly law: Law;
  /** What is wrong, in a sentence that names the run, step, slot or message. */
  readonly text: string;
  readonly runId?: string;
}

/** An item of the table, as plain values. */
export type Item = Readonly<Record<string, unknown>> & { readonly pk: string; readonly sk: string };

/** A message of a queue, whatever its state. Only a local cloud can tell them: SQS shows none without receiving it. */
export interface QueuedMessage {
  readonly queue: string;
  readonly body: string;
  readonly state: "visible" | "delayed" | "inFlight";
}

/** Everything there is at one moment. What could not be read is absent, and not judged. */
export interface Snapshot {
  /** In ms since the epoch. */
  readonly now: number;
  readonly items: readonly Item[];
  readonly messages?: readonly QueuedMessage[];
  /** Messages by queue, where only counts are known. */
  readonly counts?: Readonly<Record<string, number>>;
  /** Names of the wait machine's executions that run. */
  readonly executions?: readonly string[];
  /** Schedules of the engine's group, crons too. */
  readonly schedules?: readonly { readonly name: string; readonly input: string }[];
}
