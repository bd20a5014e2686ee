/** What workloads, the stage that plays them, and judges agree on. */
import type { Finding } from "../audit/contract.ts";
import type { Served } from "../lambdas/runner/functions.ts";
import type { Stepwell } from "../sdk/index.ts";
import type { RunView } from "../sdk/protocol/index.ts";
import type { Draw } from "./draw.ts";
import type { FaultKind } from "./faults.ts";

/** A family of stories: `draw` tells one of them. */
export interface Workload {
  readonly name: string;
  readonly draw: (draw: Draw) => Story;
}

/** A small world: an app, what happens to it, and what must come of it, whatever goes wrong on the way. */
export interface Story {
  /** A line or two for people: what the functions do. */
  readonly about: string;
  readonly waits?: "stepFunctions" | "table";
  /** Timeout of the app's Lambda, in milliseconds. @default 300_000 */
  readonly timeoutMs?: number;
  /** The functions of a version. Deploys are counted from 0. */
  readonly functions: (app: App, version: number) => readonly Served[];
  /** Data, so that a failing story can be told again without some of them. In order of time. */
  readonly acts: readonly Act[];
  /** What is wrong with the end, beyond what the auditor finds by itself. It goes by the acts that were played, which may be fewer. */
  readonly judge: (played: Played) => readonly Finding[];
}

/** What a story's functions are made with. */
export interface App {
  readonly client: Stepwell;
  readonly witness: Witness;
  /** Something slow in a step or a handler: it takes this long, in milliseconds, and time passes over it. */
  readonly slow: (ms: number) => Promise<void>;
  /** The process dies here, as by SIGKILL. */
  readonly die: () => Promise<never>;
}

/** Something that happens so many milliseconds after the start. */
export type Act = { readonly at: number } & (
  | { readonly kind: "send"; readonly event: SentEvent }
  /** Cancels the runs of an event (of all functions, or of one) that have not ended. */
  | { readonly kind: "cancel"; readonly eventId: string; readonly functionId?: string }
  /** The next version goes live. */
  | { readonly kind: "deploy" }
);

export interface SentEvent {
  readonly id: string;
  readonly name: string;
  readonly data?: unknown;
  /** In milliseconds after the start. */
  readonly ts?: number;
}

/** How a story went. */
export interface Played {
  /** Those that were played. */
  readonly acts: readonly Act[];
  /** When the story began, in ms since the epoch. */
  readonly origin: number;
  /** All runs, children and lifecycle runs too, as the API shows them at the end. */
  readonly runs: readonly RunView[];
  /** Runs that each event has started, by its id. */
  readonly runsOf: ReadonlyMap<string, readonly RunView[]>;
  /** When the router first had each event of an act. */
  readonly arrivedAt: ReadonlyMap<string, number>;
  /** Runs that an act has cancelled while they had not ended, and when. */
  readonly cancelled: ReadonlyMap<string, number>;
  readonly witness: Witness;
  /** What went wrong on purpose. */
  readonly struck: readonly Struck[];
  /** Runs that only the sweeper got going again. */
  readonly swept: readonly string[];
  /** Clocks of processes differed from the store's by up to so many milliseconds. */
  readonly skewMs: number;
}

/** A fault as it struck. */
export interface Struck {
  /** What happened; `die`: the story's own code has killed its process. */
  readonly kind: FaultKind | "die";
  /** The call or message that it hit, readable: with `nth`, what a fault has to name to strike there again. */
  readonly at: string;
  /** Which of those that are called so, from 1. */
  readonly nth: number;
  /** For how long, where that matters, in milliseconds. */
  readonly ms?: number;
  /** The run whose process or message it was, where that is known. */
  readonly runId?: string;
}

/** Stands beside the functions, outside of all clouds: what user code has really seen and done. The dead and zombies do not write. */
export interface Witness {
  /** A step whose body notes that it ran. What the body returns is handed to the code, and noted. */
  step(tools: StepRunner, runId: string, id: string, body?: (tries: number) => unknown): Promise<unknown>;
  /** Notes that a body ran. Returns how often it has, this time included. */
  note(runId: string, id: string): number;
  /** Notes what the code was given. */
  hand(runId: string, id: string, value: unknown): void;
  /** Bodies begun, by run and step. */
  readonly bodies: ReadonlyMap<string, Readonly<Record<string, number>>>;
  /** Values given to the code, as JSON, by run and step. */
  readonly handed: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
  /** Bodies that were begun while another living process was in the same one. */
  readonly overlaps: readonly { readonly runId: string; readonly id: string }[];
  /** What it saw that must not be. */
  readonly problems: readonly Finding[];
}

/** As much of the step tools as a witness needs. */
export interface StepRunner {
  run(id: string, body: () => unknown): Promise<unknown>;
}
