/** What flow control is asked for, and what comes to it: as the model and the stories of flow control know them. */

/** The event that starts the function. */
export const GO = "flow/go";

/** A field of `event.data`. */
export type Field = string;

export interface Rules {
  readonly idempotency?: Field;
  readonly rateLimit?: { readonly limit: number; readonly period: number; readonly key?: Field };
  readonly debounce?: {
    readonly period: number;
    readonly timeout?: number;
    readonly key?: Field;
    readonly collect?: true;
  };
  readonly batchEvents?: {
    readonly maxSize: number;
    readonly timeout: number;
    readonly key?: Field;
    /** Only events with `true` in this field. */
    readonly if?: Field;
  };
  readonly singleton?: { readonly mode: "skip" | "cancel"; readonly key?: Field };
  readonly throttle?: {
    readonly limit: number;
    readonly period: number;
    readonly burst?: number;
    readonly key?: Field;
  };
  readonly concurrency?: readonly Limit[];
  /** The field with the seconds. */
  readonly priority?: Field;
  /** Runs with the same value in `match` as an event of this name. */
  readonly cancelOn?: { readonly event: string; readonly match: Field; readonly timeout?: number };
  readonly timeouts?: { readonly start?: number; readonly finish?: number };
}

export interface Limit {
  readonly limit: number;
  readonly key?: Field;
  /** Shared with other functions; this model has one function. */
  readonly scope?: "env";
}

export type Option = keyof Rules;

export interface Arrival {
  readonly id: string;
  readonly name: string;
  /** When it arrives. Arrivals are in the order of their times, and then of their ids. */
  readonly at: number;
  /** The sender's time. */
  readonly ts: number;
  /** What the run does, if this event decides it: it works, sleeps, works, … for so long. */
  readonly parts: readonly number[];
  readonly data: Readonly<Record<Field, unknown>>;
}

export interface Outcome {
  /** The events, in their order. */
  readonly events: readonly string[];
  readonly status: "completed" | "cancelled" | "skipped";
  readonly reason?: string;
  /** Of a run: of what is skipped there is no end. */
  readonly endedAt?: number;
  /** When step bodies were executed. */
  readonly bodies: readonly (readonly [number, number])[];
}

export const isOff = (key: unknown): boolean => key === undefined || key === null || key === false;

/** The key's value: an option without a key has one for all. */
export const keyOf = (key: Field | undefined, { data }: Pick<Arrival, "data">): unknown =>
  key === undefined ? "all" : data[key];

type Stamp = Pick<Arrival, "id" | "ts">;

export const isLater = (a: Stamp, b: Stamp): boolean => a.ts > b.ts || (a.ts === b.ts && a.id > b.id);
