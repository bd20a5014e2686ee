import type { PreparedEvent } from "../sdk/execution/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import type { Fate, WatchedOp, WatchedRun, Watcher } from "./watch.ts";

/** A point in a run at which its process may die. */
export interface CrashPoint {
  readonly functionId: string;
  readonly stepId: string;
  /**
   * `bodyEnded`: its body has returned, its result is not stored. `stepEnded`: the code is about to get its result, which is stored by then
   * unless `checkpointing` buffers it.
   */
  readonly at: "bodyEnded" | "stepEnded";
}

/** An operation that the code waits for. */
export interface OpenOp extends WatchedOp {
  /** When a run's code asked for it first, in ms since the epoch. */
  readonly since: number;
}

export interface JournalOptions {
  /** Addresses of the functions that are there, as `<app>/<id>`. */
  readonly served: ReadonlySet<string>;
  readonly functionId: string;
  readonly now: () => number;
  /** The process dies when it comes here first. */
  readonly crashAt?: CrashPoint;
}

/** What has gone by between the functions and the engine; it may end the process. */
export class Journal implements Watcher {
  /** Ids of the steps that the function under test has asked for, in order. */
  readonly idsAsked = new Set<string>();
  /** Points passed for the first time, in order. */
  readonly points: CrashPoint[] = [];
  /** How often each body was begun, by `<function>/<step>`. */
  readonly bodies = new Map<string, number>();
  /** Events sent by the client in functions, once each. */
  readonly eventsSent = new Map<string, PreparedEvent>();
  /** What was to be seen has been seen. */
  stopped = false;
  /** Whether the process has died at `crashAt`. */
  crashed = false;
  /** The execution cannot go on. */
  fatal: StepwellError | undefined;
  readonly #options: JournalOptions;
  readonly #open = new Map<string, Map<string, OpenOp>>();
  readonly #since = new Map<string, number>();

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** What the code of all runs waits for. */
  get open(): readonly OpenOp[] {
    return [...this.#open.values()].flatMap((ops) => [...ops.values()]);
  }

  started({ runId }: WatchedRun): void {
    this.#open.set(runId, new Map());
  }

  ended({ runId }: WatchedRun): void {
    this.#open.delete(runId);
  }

  asked(op: WatchedOp): Fate {
    const { functionId, runId, id, request } = op;
    if (functionId === this.#options.functionId) this.idsAsked.add(id);
    const key = `${runId}/${id}`;
    const since = this.#since.get(key) ?? this.#options.now();
    this.#since.set(key, since);
    this.#open.get(runId)?.set(id, { ...op, since });
    if (request.kind !== "invoke") return "live";
    const target = `${request.target.app}/${request.target.functionId}`;
    if (this.#options.served.has(target)) return "live";
    this.fatal ??= notGiven(op, target);
    return "die";
  }

  bodyBegun({ functionId, id }: WatchedOp): void {
    const key = `${functionId}/${id}`;
    this.bodies.set(key, (this.bodies.get(key) ?? 0) + 1);
  }

  bodyEnded({ functionId, id }: WatchedOp): Fate {
    return this.#pass({ functionId, stepId: id, at: "bodyEnded" });
  }

  handed({ functionId, runId, id }: WatchedOp): Fate {
    this.#open.get(runId)?.delete(id);
    return this.#pass({ functionId, stepId: id, at: "stepEnded" });
  }

  sent(events: readonly PreparedEvent[]): void {
    for (const event of events) this.eventsSent.set(event.envelope.id, event);
  }

  #pass(point: CrashPoint): Fate {
    const isSame = (other: CrashPoint | undefined) =>
      other?.functionId === point.functionId && other.stepId === point.stepId && other.at === point.at;
    if (!this.points.some(isSame)) this.points.push(point);
    if (this.crashed || !isSame(this.#options.crashAt)) return "live";
    this.crashed = true;
    return "die";
  }
}

const notGiven = ({ functionId, id }: WatchedOp, target: string) =>
  new StepwellError(
    "STEPWELL_FUNCTION_NOT_FOUND",
    `TestEngine: the step "${id}" of "${functionId}" invokes the function "${target}", which is not there. ` +
      `Give it with "functions", or mock the step: steps: [{ id: "${id}", handler: () => … }].`,
  );
