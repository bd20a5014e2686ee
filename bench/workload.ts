/** What a workload measures, and how its figures are told. */

export type Unit =
  | "ms"
  | "runs/s"
  | "pairs/s"
  | "bytes"
  | "times"
  | "USD/M"
  | "units"
  | "calls"
  | "places"
  | "holders"
  | "slots"
  | "runs";

/** What we want a figure to be. It is shown beside the figure, and decides nothing. */
export type Aim = { readonly atMost: number } | { readonly atLeast: number };

export interface Figure {
  readonly name: string;
  readonly unit: Unit;
  readonly value: number;
  readonly aim?: Aim;
  /** What others have reached on such a machine. */
  readonly others?: string;
}

export interface Workload {
  /** As in `--only`. */
  readonly name: string;
  readonly title: string;
  /** Counted or built rather than timed: the same every time, so that one round will do. */
  readonly exact?: true;
  /** Sets up what all rounds share. */
  open(): Promise<Opened>;
}

export interface Opened {
  /** Measures once. The same figures in the same order every time. */
  round(): Promise<readonly Figure[]>;
  close(): Promise<void>;
}

/** For a workload whose rounds share nothing: each is set up and taken down by itself. */
export const unshared = (round: () => Promise<readonly Figure[]>): Opened => ({ round, close: async () => {} });

export const isMet = (value: number, aim: Aim): boolean =>
  "atMost" in aim ? value <= aim.atMost : value >= aim.atLeast;
