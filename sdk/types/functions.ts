import type { AddedBy, Middlewares, Over } from "../middleware/middleware.ts";
import type { CancelContext, Context, FailureContext } from "./context.ts";
import type { FlowOptions } from "./flow.ts";
import type { AwaitedEventOptions, WaitableName } from "./steps.ts";
import type { TriggeredEvent } from "./triggers.ts";

/** Middleware adds nothing. */
type None = Record<never, never>;

/** What the compiler knows of a function: the data it is invoked with, and what it returns. */
export interface FunctionTypes<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/** Anything that `step.invoke` can call: a function, or a reference to one. */
export interface Invocable<Input = unknown, Output = unknown> {
  /** The app's client id; absent in a reference to a function of the same app. */
  readonly app?: string;
  readonly id: string;
  readonly "~types": FunctionTypes<Input, Output>;
}

/** What a function takes as its data. */
export type InputOf<F extends Invocable> = F["~types"]["input"];
/** What a function resolves to, as JSON hands it on. */
export type OutputOf<F extends Invocable> = F["~types"]["output"];

/** The body of a durable function. */
export type Handler<S, E, Result = unknown, Added = None> = (context: Over<Context<S, E>, Added>) => Result;

/** Retries in full: see each field. */
export interface RetryOptions {
  /** Tries in all, the first included: 1 to 21. @default 5 */
  readonly attempts?: number;
  /** `exponential`: 1 s · 2ⁿ with full jitter; `fixed`: 1 s each time. @default "exponential" */
  readonly backoff?: "exponential" | "fixed";
  /** Longest delay between two tries: milliseconds, or a duration such as `"10m"`. @default "1h" */
  readonly maxDelay?: number | string;
}

/**
 * When the results of steps are written down.
 *
 * - `true`: each before the code gets it, and the run goes on in the same invocation. A crash repeats the body that it struck, and no other.
 * - `false`: the same, and each step has an invocation of its own: for steps that need a Lambda's whole time or memory. It costs a
 *   lease, a message and an invocation a step.
 * - an object: several together, and for a time, as its fields say
 */
export type CheckpointingOption = boolean | CheckpointingOptions;

/**
 * Fewer, larger checkpoints. The code gets results before they are written, so that a crash may repeat as many bodies as are buffered,
 * perhaps with other results. What the engine does for the code (waits, sleeps, sent events, invokes, the end of the run) never depends on
 * results that a crash may change: they are written first.
 *
 * Written together, results of up to 1 KB cost 4 write units in all, and 2 more for each further KB: it pays from five steps on.
 *
 * @example
 * ```ts
 * stepwell.createFunction({ id: "import", checkpointing: { bufferedSteps: 25 } }, { event: "shop/import" }, handler);
 * ```
 */
export interface CheckpointingOptions {
  /** How many results may be written together: 1 to 100. @default 1 */
  readonly bufferedSteps?: number;
  /** How long a result may wait for others: milliseconds, or a duration. @default "10s" */
  readonly maxInterval?: number | string;
  /**
   * How long after its beginning an invocation starts no further step, and another one goes on: milliseconds, or a duration. At least one
   * step is done in each. @default - as long as the Lambda has time
   */
  readonly maxRuntime?: number | string;
}

/** An event, with the condition of the wait that looks back for it. */
type LookbackEntry<Name> = Name | AwaitedEventOptions<Name>;

/** Options of a durable function whose triggers are `T`; its client's middleware adds `Added` to the context, its own is `F`. */
export interface FunctionOptions<S, T, Added = None, F extends Middlewares = readonly []> extends FlowOptions<S> {
  /** 1 to 64 of `a-z 0-9 - _`, unique in the app. It names the function for ever: runs in progress are found by it. */
  readonly id: string;
  /** For people. @default - the id */
  readonly name?: string;
  /** For people; kept in the code only. */
  readonly description?: string;
  /**
   * Retries of each step, and of the code between steps: a number counts the tries after the first (0 to 20), the object form
   * counts all tries. @default 4
   */
  readonly retries?: number | RetryOptions;
  /** Steps that one run may ask for: up to 10,000. @default 1000 */
  readonly maxSteps?: number;
  /**
   * Where steps run that are asked for at the same time (`Promise.all`): `inline` in the run's own invocation, up to 100 at once; `fanout`
   * each in an invocation of its own, up to 100 at once, with the memory and the time of a whole Lambda each. The run goes on once all of
   * them have their results. A step that is alone always runs in the run's invocation. Not together with `concurrency`. @default "inline"
   *
   * @example
   * ```ts
   * const render = client.createFunction({ id: "render", parallelism: "fanout" }, { event: "video/uploaded" }, ({ event, step }) =>
   *   Promise.all(event.data.scenes.map((scene) => step.run(`scene-${scene.id}`, () => renderScene(scene)))),
   * );
   * ```
   */
  readonly parallelism?: "inline" | "fanout";
  /** Runs once a run has failed for good, as a durable function of its own with steps and retries: `<id>-failure`. */
  readonly onFailure?: (context: Over<FailureContext<S, TriggeredEvent<S, T>>, Over<Added, AddedBy<F>>>) => unknown;
  /**
   * Runs once a run has been cancelled, by whatever: as a durable function of its own with steps and retries, `<id>-cancel`. The steps
   * of the cancelled run are not undone by themselves.
   */
  readonly onCancel?: (context: Over<CancelContext<S, TriggeredEvent<S, T>>, Over<Added, AddedBy<F>>>) => unknown;
  /**
   * Events that a `step.waitForEvent` with `lookback` may find although they arrived before it began: names, each with the `match` or the `if`
   * of the wait, up to 10. From its deploy on the arrival of each such event is noted, one write for each entry.
   *
   * @default - what the handler's own text says of its waits, as far as they are plain literals on the spot: not those in another function,
   * by a variable, or of several events
   *
   * @example
   * ```ts
   * lookback: [{ event: "shop/order.paid", match: "data.orderId" }]
   * ```
   */
  readonly lookback?: LookbackEntry<WaitableName<S>> | readonly LookbackEntry<WaitableName<S>>[];
  /** Middleware of this function alone, after the client's. */
  readonly middleware?: F;
  /** No effect: see `parallelism`. With either, one invocation goes on with the run once the parallel steps have ended. */
  readonly optimizeParallelism?: boolean;
  /** How often finished steps are written down, and how long one invocation goes on. @default - what the client says */
  readonly checkpointing?: CheckpointingOption;
}
