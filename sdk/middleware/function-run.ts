/**
 * One beginning of a handler with its middleware around it. Nothing of it is known to the runner but three things that it is given: hooks
 * on the steps that the code asks for, what to call when it has done with the run, and a promise.
 *
 * M1. Middleware runs in the handler's own promise, or is awaited by the runner before the code goes on: never beside the code, so the
 *     order in which results reach the code is the same as without it, live and replayed.
 * M2. A step's data goes through `transformOutput` on its way into the store, and through `transformInput` on its way to the code, in the
 *     invocation that made it too: what the code gets live is what it gets replayed.
 * M3. A hook that fails on the way to the code fails the handler, and never rejects a step: what is stored stays, and the code must not
 *     take another branch because of it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type BodyContext,
  type KnownStep,
  type Ledger,
  type OpHooks,
  type OpRequest,
  operationKey,
  type Result,
  type RunInput,
  type StoredResult,
} from "../execution/index.ts";
import { serializeError } from "../protocol/index.ts";
import { type Outcome, RunHooks } from "./run-hooks.ts";
import { invokeThrough, type Send, sendThrough } from "./send.ts";
import type { MiddlewareStack } from "./stack.ts";
import type { FunctionRunArgs, MiddlewareContext, RunResult, StepData, TriedStep } from "./types.ts";

/** What a handler is started with, as far as middleware has to do with it. */
export interface Around {
  readonly stack: MiddlewareStack;
  readonly fn: FunctionRunArgs["fn"];
  readonly input: RunInput;
  readonly ledger: Ledger;
  /** The handler's context, with step tools over the ledger given. */
  readonly contextOf: (ledger: Ledger) => object;
  /** `ledger` is the one that all steps of the code have to go through, also those that it does not ask for by step tools. */
  readonly handler: (context: never, ledger: Ledger) => unknown;
}

/** Runs a handler inside of its middleware. */
export const runThrough = (around: Around): Promise<unknown> => new FunctionRun(around).run();

class FunctionRun {
  readonly #around: Around;
  readonly #ledger: Ledger = { ask: (request) => this.#ask(request) };
  readonly #broken = Promise.withResolvers<never>();
  /** Runs hooks that the runner calls in the context of the handler's start. */
  readonly #inContext = AsyncLocalStorage.snapshot();
  #middleware: Awaited<ReturnType<MiddlewareStack["ready"]>> = [];
  #hooks: RunHooks | undefined;
  /** As the engine gives it: each call of `transformInput` begins with it, so that it may take things apart. */
  readonly #given: MiddlewareContext;
  /** As the handler gets it. */
  #ctx: MiddlewareContext;
  /** Results that were there at the start and have not reached the code yet, by the step's key. */
  readonly #known = new Map<string, StepData>();
  #begun = false;
  #executing: Promise<void> | undefined;
  #left = false;

  constructor(around: Around) {
    this.#around = around;
    this.#given = around.contextOf(this.#ledger) as MiddlewareContext;
    this.#ctx = this.#given;
    this.#broken.promise.catch(() => {});
    around.input.onClose?.((end) => this.#inContext(() => this.#close(end)));
  }

  async run(): Promise<unknown> {
    const { failed, result } = await this.#outcome();
    if (failed) throw result.error;
    return result.data;
  }

  async #outcome(): Promise<Outcome> {
    try {
      const data = await Promise.race([this.#handle(), this.#broken.promise]);
      return await this.#output({ failed: false, result: { data } });
    } catch (error) {
      return this.#output({ failed: true, result: { error } });
    }
  }

  async #output(outcome: Outcome): Promise<Outcome> {
    const left = this.#leave();
    // Of two errors the first one counts.
    await (outcome.failed ? left.catch(() => {}) : left);
    return this.#hooks?.transformOutput(outcome) ?? outcome;
  }

  async #handle(): Promise<unknown> {
    await this.#open();
    await this.#hooks?.call("beforeMemoization");
    this.#begun = true;
    if (this.#known.size === 0) await this.#execute();
    return this.#around.handler(this.#ctx as never, this.#ledger);
  }

  async #open(): Promise<void> {
    const { stack, fn, input } = this.#around;
    this.#middleware = await stack.ready();
    const looksIn = this.#middleware.some(({ hooks }) => hooks.onFunctionRun !== undefined);
    const known = (looksIn && (await input.knownSteps?.())) || [];
    const { event, runId } = this.#given;
    const args = { fn, steps: known.map(({ step, stored }) => stepData(step, stored)), reqArgs: input.reqArgs ?? [] };
    this.#hooks = await RunHooks.open(this.#middleware, { ...args, ctx: { event, runId } });
    const { ctx, steps } = await this.#hooks.transformInput({ ...args, ctx: this.#given });
    this.#ctx = ctx;
    for (const [index, step] of steps.entries()) this.#known.set(known[index]?.step.key ?? "", step);
  }

  /** The code is past what was there at the start. Done once; that it fails, fails the handler. */
  async #execute(): Promise<void> {
    this.#executing ??= this.#enter();
    return this.#executing.catch((error: unknown) => {
      this.#broken.reject(error);
      throw error;
    });
  }

  async #enter(): Promise<void> {
    await this.#hooks?.call("afterMemoization");
    await this.#hooks?.call("beforeExecution");
  }

  async #leave(): Promise<void> {
    if (!this.#begun || this.#left) return;
    this.#left = true;
    await this.#execute();
    await this.#hooks?.call("afterExecution");
  }

  #ask(request: OpRequest): Promise<unknown> {
    const hooks: OpHooks = {
      receive: (step, load) => this.#receive(step, load),
      send: (events, send) => this.#inContext(() => this.#send(events, send)),
      ...(request.kind === "invoke" && { invoke: this.#invoke(request) }),
    };
    if (!("body" in request)) return this.#around.ledger.ask({ ...request, hooks });
    const body = (context: BodyContext) => this.#try(request, context);
    return this.#around.ledger.ask({ ...request, body, hooks });
  }

  /** A step's body, on one try. It is called in the step's own context, by which steps in it are known to be nested. */
  async #try(request: OpRequest & { body: (context: BodyContext) => unknown }, context: BodyContext): Promise<unknown> {
    const { kind, name } = request;
    const { stepId: id, attempt } = context;
    const step: TriedStep = { id, name: name ?? id, kind, attempt, key: keyOf(this.#around.input.runId, id) };
    await this.#execute();
    const tried = await outcomeOf(async () => this.#hooks?.wrapStep(step, () => request.body(context)));
    const { failed, result } = (await this.#hooks?.transformOutput(tried, step)) ?? tried;
    if (failed) throw result.error;
    return result.data;
  }

  /** A result on its way to the code. Undefined: there is no way, the handler has failed by it (M3). */
  async #receive(step: KnownStep["step"], load: () => Promise<StoredResult>): Promise<StoredResult | undefined> {
    const known = this.#known.get(step.key);
    const stored = known === undefined ? await load() : undefined;
    try {
      const data = stored === undefined ? known : await this.#inContext(() => this.#transform(stepData(step, stored)));
      this.#known.delete(step.key);
      if (this.#known.size === 0) await this.#inContext(() => this.#execute());
      return data?.error === undefined ? { data: data?.data } : { error: data.error };
    } catch (error) {
      this.#broken.reject(error);
      return undefined;
    }
  }

  async #transform(step: StepData): Promise<StepData | undefined> {
    const { fn, input } = this.#around;
    const args = { ctx: this.#given, fn, steps: [step], reqArgs: input.reqArgs ?? [] };
    return (await this.#hooks?.transformInput(args))?.steps[0];
  }

  async #send(events: Parameters<Send>[0], send: Send): ReturnType<Send> {
    return sendThrough(this.#middleware, events, send, this.#ctx);
  }

  /** Done once: what is sent when a timer is set up again is what was sent before. */
  #invoke(request: OpRequest & { kind: "invoke" }): NonNullable<OpHooks["invoke"]> {
    let done: ReturnType<NonNullable<OpHooks["invoke"]>> | undefined;
    return () => {
      done ??= this.#inContext(() => invokeThrough(this.#middleware, request, this.#ctx)).catch((error: unknown) => {
        this.#broken.reject(error);
        return undefined;
      });
      return done;
    };
  }

  /** The invocation has done with the run. Too late for a hook to fail anything: what it throws is logged. */
  async #close(end: Result | undefined): Promise<void> {
    const hooks = this.#hooks;
    if (hooks === undefined) return;
    await this.#quietly(() => this.#leave());
    if (end !== undefined) await this.#quietly(() => hooks.finished(resultOf(end)));
    await this.#quietly(() => hooks.call("beforeResponse"));
  }

  async #quietly(call: () => Promise<void>): Promise<void> {
    const { log } = this.#around.input;
    await call().catch((error: unknown) => log.error("a middleware has failed", { error: serializeError(error) }));
  }
}

async function outcomeOf(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { failed: false, result: { data: await call() } };
  } catch (error) {
    return { failed: true, result: { error } };
  }
}

const resultOf = (end: Result): RunResult => (end.ok ? { data: end.value } : { error: end.error });

const stepData = ({ id, name, kind }: KnownStep["step"], stored: StoredResult): StepData => ({
  id,
  name: name ?? id,
  kind,
  ...stored,
});

/** One for each step of each run. */
const keyOf = (runId: string, stepId: string): string => `${runId}-${operationKey(stepId)}`;
