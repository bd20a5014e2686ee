import { runInScope } from "../client/scope.ts";
import {
  type Checkpointing,
  type DurableFunction,
  type Ledger,
  type RunInput,
  toUserEvent,
  type UserEvent,
  withLedger,
  withLogContext,
} from "../execution/index.ts";
import type { MiddlewareStack } from "../middleware/index.ts";
import type { FlowManifest, FunctionManifest, Lookback, RetryPolicy, TriggerManifest } from "../protocol/index.ts";
import type { IncomingCheck, SchemaSource } from "../schemas/index.ts";
import { createStepTools, group } from "../steps/index.ts";
import type { AnyEvents, Context, FunctionTypes, Invocable, Logger } from "../types/index.ts";
import { INVOCABLE, isInvocable } from "./invocable.ts";
import { replayAwareLogger } from "./logger.ts";

/** A handler once its types have done their work. */
export type AnyHandler = (context: Context<AnyEvents, UserEvent>) => unknown;

export interface DurableSpec {
  readonly app: string;
  readonly id: string;
  readonly name?: string;
  readonly triggers: readonly TriggerManifest[];
  /** Flow control and lifetime. */
  readonly flow?: FlowManifest;
  /** Events that its waits look back for. */
  readonly lookback?: readonly Lookback[];
  readonly retry: RetryPolicy;
  readonly maxSteps: number;
  readonly checkpointing: Checkpointing;
  readonly handler: AnyHandler;
  /** The client's own logger. */
  readonly logger: Logger | undefined;
  /** The client's schemas: events that a step sends or waits for are checked by them. */
  readonly schemas?: SchemaSource | undefined;
  /** Checks the events of a run before its code runs. */
  readonly checkEvents?: IncomingCheck;
  /** The client's middleware and its own, once the function is there. */
  readonly middleware?: (fn: AnyFunction) => MiddlewareStack | undefined;
  /** The functions of `onFailure` and `onCancel`. */
  readonly followUps?: readonly DurableFunction[];
}

/**
 * A durable function, as `createFunction` returns it: hand it to `serve` or `startLocal`, and call it with `step.invoke`.
 *
 * @example
 * ```ts
 * const functions: AnyFunction[] = [placeOrder, shipOrder];
 * ```
 */
export class StepwellFunction<Input = unknown, Output = unknown> implements DurableFunction, Invocable<Input, Output> {
  /** For the compiler only; never there at run time. */
  declare readonly "~types": FunctionTypes<Input, Output>;
  readonly app: string;
  readonly id: string;
  readonly manifest: FunctionManifest;
  readonly retry: RetryPolicy;
  readonly maxSteps: number;
  readonly checkpointing: Checkpointing;
  readonly [INVOCABLE] = true;
  readonly #spec: DurableSpec;
  readonly #middleware: MiddlewareStack | undefined;

  constructor(spec: DurableSpec) {
    this.app = spec.app;
    this.id = spec.id;
    const { id, name, triggers, flow, lookback } = spec;
    this.manifest = {
      id,
      ...(name !== undefined && { name }),
      triggers,
      ...(flow !== undefined && { flow }),
      ...(lookback && { lookback }),
    };
    this.retry = spec.retry;
    this.maxSteps = spec.maxSteps;
    this.checkpointing = spec.checkpointing;
    this.#spec = spec;
    this.#middleware = spec.middleware?.(this as AnyFunction);
  }

  /** Holds for functions made by a second copy of this package too. */
  static is(value: unknown): value is StepwellFunction {
    return isInvocable(value) && "manifest" in value;
  }

  /** Everything that has to be registered and run: this function, and those of its `onFailure` and `onCancel`. */
  durables(): DurableFunction[] {
    return [this, ...(this.#spec.followUps ?? [])];
  }

  /**
   * The same function with something around its handler: `around` is given what the handler would be, and the handler. `onFailure` and
   * `onCancel` stay as they are. For tools such as the test kit.
   *
   * @example
   * ```ts
   * const timed = placeOrder.wrapped(async (context, handler) => {
   *   console.time(context.runId);
   *   return handler(context);
   * });
   * ```
   */
  wrapped(
    around: (context: Parameters<AnyHandler>[0], handler: AnyHandler) => unknown,
  ): StepwellFunction<Input, Output> {
    const { handler } = this.#spec;
    return new StepwellFunction({ ...this.#spec, handler: (context) => around(context, handler) });
  }

  /** Starts the handler of one run. For the runner. What the code sends by a client goes out by `input.sender`, a hop further. */
  async start(input: RunInput, ledger: Ledger): Promise<unknown> {
    const [event] = input.events;
    const scope = { sender: input.sender, hops: input.hops + 1, ...(event !== undefined && { env: event.env }) };
    const { app, id: functionId } = this;
    const { runId, attempt } = input;
    return runInScope(scope, () => withLogContext({ app, functionId, runId, attempt }, () => this.#run(input, ledger)));
  }

  #run(input: RunInput, ledger: Ledger): unknown {
    // Through middleware if there is any: the ledger of the context's step tools is that of `fetch` too.
    const handler = (context: Parameters<AnyHandler>[0], steps: Ledger) =>
      withLedger(steps, () => startChecked(input, context, this.#spec));
    const contextWith = (steps: Ledger) => contextOf(input, steps, this.#spec);
    const middleware = this.#middleware;
    if (middleware === undefined) return handler(contextWith(ledger), ledger);
    return middleware.run({ fn: this as AnyFunction, input, ledger, contextOf: contextWith, handler });
  }
}

export declare namespace StepwellFunction {
  /** Any function, whatever its events and its result: for lists of them. */
  type Any = StepwellFunction<unknown, unknown>;
}

/** Any function, whatever its events and its result. */
export type AnyFunction = StepwellFunction<unknown, unknown>;

/** A run that has steps has passed the check: a deploy with other schemas does not stop it in the middle. */
function startChecked(input: RunInput, context: Parameters<AnyHandler>[0], spec: DurableSpec): unknown {
  const { handler, checkEvents } = spec;
  const checked = input.isReplaying() ? undefined : checkEvents?.(context.events);
  return checked === undefined ? handler(context) : checked.then(() => handler(context));
}

function contextOf(input: RunInput, ledger: Ledger, spec: DurableSpec): Parameters<AnyHandler>[0] {
  const [first, ...others] = input.events.map((stored, index) => toUserEvent(stored, input.data[index]));
  if (first === undefined) throw new TypeError(`Run ${input.runId} has no event.`);
  return {
    event: [first, ...others][input.main ?? 0] ?? first,
    events: [first, ...others],
    step: createStepTools(ledger, spec.app, spec.schemas),
    runId: input.runId,
    attempt: input.attempt,
    maxAttempts: input.maxAttempts,
    signal: input.signal,
    logger: replayAwareLogger(input, spec.logger),
    group,
  };
}
