/**
 * The replay core: runs a handler against a memo and tells what the code wants next. It executes nothing itself.
 *
 * R1. Code gets one result at a time, and only when it is quiet: everything that the result before it set in motion has reached
 *     its next step. So a given order of results makes the same choices every time, in `Promise.race` too.
 * R2. Results are handed over in the order of the first time (`next-result.ts`).
 * R3. The same id means the same operation. Another kind under it ends the run, whatever the code does about it (L10).
 * R4. An operation that is never handed over leaves its promise pending: that is how a run pauses.
 * R5. What has lost a race is not open any more: nothing begins it, waits for it, or hands its result over. The result that decides a race
 *     has been handed over before, so each replay sees the same losers.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type StepMemo, StepwellError } from "../protocol/index.ts";
import type { BodyContext, Ledger, OpRequest } from "./contract.ts";
import { operationKey, repeatNames } from "./keys.ts";
import { insideStep, nestedStepError } from "./nesting.ts";
import { type Race, raceAround } from "./racing.ts";

/** An operation that the code has asked for. */
export interface Op {
  readonly key: string;
  /** The id with its repeat number. */
  readonly id: string;
  /** How many operations the code had asked for before this one. */
  readonly place: number;
  readonly request: OpRequest;
  /** The race that it was asked for in. */
  readonly race?: Race;
  /** For a step with a body: runs it in the context in which the code asked for it. */
  readonly body?: (context: BodyContext) => unknown;
}

/** A result, decoded, as the code gets it. */
export type Result = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

export type Ending = Result & {
  /** The run cannot go on, whatever its retries say. */
  readonly fatal?: true;
};

export interface ReplayOptions {
  readonly memo: ReadonlyMap<string, StepMemo>;
  readonly maxSteps: number;
}

export class Replay {
  readonly #options: ReplayOptions;
  readonly #name = repeatNames();
  readonly #asked = new Map<string, Op>();
  readonly #waiting = new Map<string, (result: Result) => void>();
  #ending: Ending | undefined;
  #closed = false;
  #signal = Promise.withResolvers<void>();

  constructor(handler: (ledger: Ledger) => Promise<unknown>, options: ReplayOptions) {
    this.#options = options;
    void this.#run(handler);
  }

  /** How the handler ended, once it has. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** Operations that the code waits for, in the order in which it asked. */
  get open(): readonly Op[] {
    return this.#unsettled().filter(({ race }) => race?.aborted !== true);
  }

  /** Operations that have lost their race before they had their result (R5). */
  get lost(): readonly Op[] {
    return this.#unsettled().filter(({ race }) => race?.aborted === true);
  }

  get asked(): ReadonlyMap<string, Op> {
    return this.#asked;
  }

  /** Resolves when the code is quiet: every promise that could go on has gone on (R1). */
  async quiet(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Resolves at the next operation asked for, or at the end: code may also await things that are no steps. */
  get moved(): Promise<void> {
    return this.#signal.promise;
  }

  /** The run has been concluded: what the code still asks for is refused. */
  close(): void {
    this.#closed = true;
  }

  /** Hands a result to the code. Without one its promise stays pending for good: the handler has failed by it. */
  hand(key: string, result: Result | undefined): void {
    const settle = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (result !== undefined) settle?.(result);
  }

  #unsettled(): readonly Op[] {
    return [...this.#waiting.keys()].map((key) => this.#asked.get(key) as Op);
  }

  async #run(handler: (ledger: Ledger) => Promise<unknown>): Promise<void> {
    const ledger: Ledger = { ask: (request) => this.#ask(request) };
    await Promise.resolve();
    try {
      this.#end({ ok: true, value: await handler(ledger) });
    } catch (error) {
      this.#end({ ok: false, error });
    }
  }

  #ask(request: OpRequest): Promise<unknown> {
    const nested = nestedStepError(request.id);
    if (nested !== undefined) return refusal(nested);
    if (this.#ending?.fatal) return new Promise(() => {});
    if (this.#closed) return refusal(endedError(request.id));
    const id = this.#name(request.id);
    const race = raceAround();
    const about = { key: operationKey(id), id, place: this.#asked.size, ...(race && { race }) };
    const op: Op = { ...about, request, ...bodyOf(id, request) };
    const fatal = this.#fatalFlaw(op);
    if (fatal !== undefined) {
      this.#end({ ok: false, error: fatal, fatal: true });
      return new Promise(() => {});
    }
    this.#asked.set(op.key, op);
    const result = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(op.key, (given) => (given.ok ? resolve(given.value) : reject(given.error)));
    });
    // A step that nobody awaits may fail; that is no unhandled rejection of the process.
    result.catch(() => {});
    this.#wake();
    return result;
  }

  #fatalFlaw(op: Op): StepwellError | undefined {
    const memo = this.#options.memo.get(op.key);
    if (memo !== undefined && memo.kind !== op.request.kind) return mismatchError(op, memo);
    if (this.#asked.size >= this.#options.maxSteps) return tooManyStepsError(this.#options.maxSteps, op.id);
    return undefined;
  }

  #end(ending: Ending): void {
    this.#ending = ending.fatal && !this.#ending?.fatal ? ending : (this.#ending ?? ending);
    this.#wake();
  }

  #wake(): void {
    this.#signal.resolve();
    this.#signal = Promise.withResolvers<void>();
  }
}

/** Also where nobody awaits it, this must not end the process as an unhandled rejection. */
function refusal(error: StepwellError): Promise<never> {
  const refused = Promise.reject(error);
  refused.catch(() => {});
  return refused;
}

/** The context is the caller's, so that its own async-local values reach the body. */
const bodyOf = (id: string, request: OpRequest): Pick<Op, "body"> => {
  if (!("body" in request)) return {};
  return { body: AsyncLocalStorage.bind((context: BodyContext) => insideStep(id, () => request.body(context))) };
};

const mismatchError = (op: Op, memo: StepMemo) =>
  new StepwellError(
    "STEPWELL_STEP_MISMATCH",
    `The step "${op.id}" was a step.${memo.kind} when this run first came here, and is a step.${op.request.kind} in the code now. ` +
      "Give the new step another id, or let running runs finish on the old code.",
  );

const tooManyStepsError = (max: number, id: string) =>
  new StepwellError(
    "STEPWELL_TOO_MANY_STEPS",
    `The run asked for more than ${max} steps (the next is "${id}"). Split the work with step.invoke or step.sendEvent, ` +
      'or raise "maxSteps" of the function (10000 at most).',
  );

const endedError = (id: string) =>
  new StepwellError(
    "STEPWELL_RUN_ENDED",
    `The step "${id}" was asked for after the run had ended. Await every promise that leads to a step.`,
  );
