import {
  type DurableFunction,
  type Op,
  type Result,
  type RunInput,
  type UserEvent,
  unordered,
  withoutStaleOrder,
} from "../../sdk/execution/index.ts";
import {
  LIMIT_WARNING_SHARE,
  PARALLEL_STEPS_DEFAULT,
  RUN_STATE_BYTES_MAX,
  type RunAddress,
  type StepMemo,
  StepwellError,
} from "../../sdk/protocol/index.ts";
import type { RunHeader } from "../engine/types.ts";
import { CheckpointBuffer } from "./buffer.ts";
import type { Cancellation } from "./cancellation.ts";
import type { RunnerDeps } from "./deps.ts";
import type { FanOut } from "./fan-out/fan-out.ts";
import { limitIn } from "./gates.ts";
import { type RunEvents, userEventsOf } from "./run-events.ts";
import type { TakenSlot } from "./slots.ts";
import { payloadBytes } from "./values.ts";

/** The run has gone to another holder: whatever this one still does must not be acknowledged (L2). */
export class Fenced extends Error {
  override readonly name = "Fenced";
}

/** What an invocation brings to a run it holds. */
export interface HeldInput {
  readonly deps: RunnerDeps;
  readonly run: RunAddress;
  readonly fn: DurableFunction;
  readonly header: RunHeader;
  readonly fence: number;
  readonly events: RunEvents;
  readonly memo: ReadonlyMap<string, StepMemo>;
  /** From when on no new step is begun, in milliseconds. */
  readonly outOfTimeAt: number;
  /** When the invocation ends, in milliseconds. */
  readonly deadline: number;
  /** Its turn has come in the line before a gate. */
  readonly fromLine: boolean;
  /** The first execution, in milliseconds. */
  readonly startedAt: number;
  readonly cancellation: Cancellation;
  /** Steps in invocations of their own. */
  readonly fanOut: FanOut;
}

/** A run in the hands of its lease holder: the memo, and the counters that only the holder moves. */
export class Held {
  readonly deps: RunnerDeps;
  readonly run: RunAddress;
  readonly fn: DurableFunction;
  readonly header: RunHeader;
  readonly fence: number;
  readonly events: RunEvents;
  /** The handler's `event`, by which conditions are judged. */
  readonly trigger: UserEvent;
  readonly outOfTimeAt: number;
  readonly deadline: number;
  readonly fromLine: boolean;
  readonly startedAt: number;
  readonly cancellation: Cancellation;
  readonly fanOut: FanOut;
  /** Slots of concurrency limits that this holder has taken. */
  readonly slots: TakenSlot[] = [];
  readonly memo: Map<string, StepMemo>;
  readonly buffer = new CheckpointBuffer(this);
  /** Open operations that this holder has set up already. */
  readonly setUpHere = new Set<string>();
  /** What its function wants called when this invocation has done with the running handler. */
  onClose: Parameters<NonNullable<RunInput["onClose"]>>[0] | undefined;
  /** How the run has ended, if it has, as middleware is told. */
  ended: Result | undefined;
  /** Something has been handed over or executed: only then may the run be passed on to another invocation. */
  progress = false;
  /** When no further step is begun, since this invocation has had its time (`checkpointing.maxRuntime`); in milliseconds. */
  readonly #restAt: number;
  /** A body has come to an end here. */
  #executed = false;
  /** The end of `timeouts.finish` for which a timer has been armed, in milliseconds. */
  finishBy: number | undefined;
  /** Failed tries that the running handler was told of. */
  attempt = 0;
  /** Whether the handler may be started anew with another `attempt`: code that asks by it would turn in circles (L9). */
  mayRestart = true;
  /** Failed tries of the handler itself. */
  handlerAttempts: number;
  #crashes = 0;
  #wasCrashed = false;
  #lastOrder: number;
  #stateBytes = 0;
  #warned = false;

  constructor(input: HeldInput) {
    this.deps = input.deps;
    this.run = input.run;
    this.fn = input.fn;
    this.header = input.header;
    this.fence = input.fence;
    this.events = input.events;
    this.trigger = userEventsOf(input.events).event;
    this.outOfTimeAt = input.outOfTimeAt;
    this.deadline = input.deadline;
    this.fromLine = input.fromLine;
    this.startedAt = input.startedAt;
    this.cancellation = input.cancellation;
    this.memo = withoutStaleOrder(input.memo);
    this.handlerAttempts = input.header.attempts;
    this.finishBy = input.header.finishBy;
    this.fanOut = input.fanOut;
    this.#restAt = input.deps.clock.now() + input.fn.checkpointing.maxRuntimeMs;
    this.#lastOrder = Math.max(0, ...[...this.memo.values()].map((step) => step.order ?? 0));
    for (const step of this.memo.values()) this.#weigh(step);
  }

  /** After a crash the suspects run one at a time (L4). */
  get oneByOne(): boolean {
    return this.#crashes > 0;
  }

  /** Bodies that may run at the same time: bounded by the run's smallest concurrency limit. */
  get parallel(): number {
    const limits = (this.header.gates ?? []).map((gate) => limitIn(this.fn, gate) ?? PARALLEL_STEPS_DEFAULT);
    return Math.min(PARALLEL_STEPS_DEFAULT, ...limits);
  }

  /** How many functions its events have passed through: the longest of their ways. */
  get hops(): number {
    return Math.max(...this.events.all.map(({ event }) => event.hops));
  }

  /** Tries and results on record. */
  get recorded(): number {
    return [...this.memo.values()].reduce((sum, step) => sum + step.attempts + (step.outcome === undefined ? 0 : 1), 0);
  }

  /** Tries of a step before its next one: those that failed, and those that died. */
  triesOf(key: string): number {
    return (this.memo.get(key)?.attempts ?? 0) + this.#crashes;
  }

  get stateBytes(): number {
    return this.#stateBytes;
  }

  isOutOfTime(): boolean {
    const now = this.deps.clock.now();
    return (this.progress && now >= this.outOfTimeAt) || (this.#executed && now >= this.#restAt);
  }

  setCrashes(crashes: number): void {
    this.#crashes = crashes;
    this.#wasCrashed ||= crashes > 0;
  }

  /** The run's last invocation has crashed, so that this one leaves a trace of each step. */
  get wasCrashed(): boolean {
    return this.#wasCrashed;
  }

  /** The crashes so far, for the one step that runs next; its result ends the suspicion. */
  get crashes(): number {
    return this.#crashes;
  }

  nextOrder(): number {
    this.#lastOrder += 1;
    return this.#lastOrder;
  }

  remember(step: StepMemo): void {
    this.memo.set(step.key, step);
    this.progress = true;
    this.#executed = true;
    this.mayRestart = true;
    this.#crashes = 0;
    this.#weigh(step);
  }

  /**
   * Takes in what others have written; results that are here already stay as they are. A place that comes along was given by a
   * process that had lost the run: it is not the place in which this holder hands the result over.
   */
  async reload(): Promise<void> {
    await this.fanOut.reload(this);
    for (const [key, step] of await this.deps.world.steps.load(this.run)) {
      if (this.memo.get(key)?.outcome !== undefined) continue;
      this.memo.set(key, unordered(step));
      this.#weigh(step);
    }
  }

  /** Writes a result's place in the order before it is handed over. @throws Fenced */
  async giveOrder(step: StepMemo, order = this.nextOrder()): Promise<StepMemo> {
    await this.buffer.flush();
    const ordered = await this.deps.world.steps.order(this.run, step, order, this.fence);
    if (ordered === undefined) throw new Fenced();
    this.memo.set(step.key, ordered);
    return ordered;
  }

  /** Whether an open operation still needs its timers, listeners and messages from this holder. */
  needsSetUp(step: StepMemo): boolean {
    return step.fence > (this.header.armed ?? 0) && !this.setUpHere.has(step.key);
  }

  /** A step as it is first written. */
  newStep(op: Op): StepMemo {
    return {
      v: 1,
      key: op.key,
      id: op.id,
      ...(op.request.name !== undefined && { name: op.request.name }),
      kind: op.request.kind,
      place: op.place,
      fence: this.fence,
      attempts: 0,
      startedAt: this.deps.clock.now(),
    };
  }

  /** The run's state is too large to go on. */
  stateError(): StepwellError | undefined {
    if (this.#stateBytes <= RUN_STATE_BYTES_MAX) return undefined;
    return new StepwellError(
      "STEPWELL_RUN_STATE_TOO_LARGE",
      `The results of this run's steps are ${this.#stateBytes} bytes together; the limit is ${RUN_STATE_BYTES_MAX}. ` +
        "Store large data yourself and return where it is, or split the work with step.invoke.",
    );
  }

  #weigh(step: StepMemo): void {
    if (step.outcome?.ok) this.#stateBytes += payloadBytes(step.outcome.data);
    const near =
      this.#stateBytes > RUN_STATE_BYTES_MAX * LIMIT_WARNING_SHARE ||
      this.memo.size > this.fn.maxSteps * LIMIT_WARNING_SHARE;
    if (!near || this.#warned) return;
    this.#warned = true;
    this.deps.log.warn("the run is near a limit", {
      steps: this.memo.size,
      maxSteps: this.fn.maxSteps,
      stateBytes: this.#stateBytes,
      stateBytesMax: RUN_STATE_BYTES_MAX,
    });
  }
}
