import type { AnyClient } from "../client/client.ts";
import type { AnyFunction } from "../functions/function.ts";
import type { SerializedError, StepKind } from "../protocol/index.ts";
import type { AnyEventOf, AnyEvents, Context, SendResult } from "../types/index.ts";

/** A value, now or later. */
export type MaybePromise<T> = T | Promise<T>;

/** What a hook may return that changes nothing. */
type Nothing = undefined | ReturnType<() => void>;

/** What a middleware is made of. */
export interface MiddlewareOptions<Added extends object> {
  /** For people and for errors: 1 to 256 characters. */
  readonly name: string;
  /**
   * Gives the hooks. Called once for the client, or once for each function that lists the middleware, when it is first needed; called
   * again only if it has failed.
   */
  readonly init: (args: MiddlewareInitArgs) => MaybePromise<MiddlewareHooks<Added>>;
}

/** What a middleware is initialized with. */
export interface MiddlewareInitArgs {
  readonly client: AnyClient;
  /** The function that lists the middleware; absent for one of the client. */
  readonly fn?: AnyFunction;
}

/** The two lives that a middleware can look into. */
export interface MiddlewareHooks<Added extends object = object> {
  /** Called each time the handler begins: once an invocation, and again for another try. */
  readonly onFunctionRun?: (args: FunctionRunArgs) => MaybePromise<FunctionRunHooks<Added>>;
  /** Called for each `client.send`, each try of `step.sendEvent`, and for the data of `step.invoke`. */
  readonly onSendEvent?: () => MaybePromise<SendEventHooks>;
}

type AnyContext = Context<AnyEvents, AnyEventOf<AnyEvents>>;

/** The handler's context, with what the middleware before has added. */
export type MiddlewareContext = AnyContext & Readonly<Record<string, unknown>>;

/** What is known of a run when `onFunctionRun` is called for one of its invocations. */
export interface FunctionRunArgs {
  readonly ctx: Pick<AnyContext, "event" | "runId">;
  readonly fn: AnyFunction;
  /** Results that the run has already, as they are stored, in the order in which the code asked. */
  readonly steps: readonly StepData[];
  /** What the invocation was called with: the Lambda's event and context. */
  readonly reqArgs: readonly unknown[];
}

/** What `transformInput` of a run is called with: the context that the handler is to get. */
export interface TransformInputArgs extends Omit<FunctionRunArgs, "ctx"> {
  readonly ctx: MiddlewareContext;
}

/** A result of a step, as it is stored. Sleeps have none. */
export interface StepData {
  /** The id with its repeat number. */
  readonly id: string;
  /** For people; the id if the step has none. */
  readonly name: string;
  readonly kind: StepKind;
  /** JSON. Of a step that has not failed. */
  readonly data?: unknown;
  /** Of a failed one. */
  readonly error?: SerializedError;
}

/** What `transformInput` may change. Fields of `ctx` are laid over the handler's; elements of `steps` over those given, by their place. */
export interface TransformedInput<Added extends object> {
  readonly ctx?: Added;
  readonly steps?: readonly Partial<Pick<StepData, "data" | "error">>[];
}

/** What a step's body or the handler has come to. An `error` is as it was thrown. */
export interface RunResult {
  readonly data?: unknown;
  readonly error?: unknown;
}

/** A step whose body is being tried. */
export interface TriedStep extends Pick<StepData, "id" | "name" | "kind"> {
  /** Failed tries of this step before this one. */
  readonly attempt: number;
  /** The same for each try of this step, and for no other step: derived from the run's id and the step's. */
  readonly key: string;
}

/** One beginning of the handler. All hooks may be async, and are waited for. */
export interface FunctionRunHooks<Added extends object = object> {
  /**
   * Before the handler begins, with all results that are there; then with each further result on its way to the code, on its own. What it
   * returns as `ctx` counts the first time.
   */
  readonly transformInput?: (args: TransformInputArgs) => MaybePromise<TransformedInput<Added> | Nothing>;
  readonly beforeMemoization?: () => MaybePromise<void>;
  /** The code has got everything that was there when it began. */
  readonly afterMemoization?: () => MaybePromise<void>;
  /** Before the first code that has not run before. */
  readonly beforeExecution?: () => MaybePromise<void>;
  /** The handler has ended, or rests. */
  readonly afterExecution?: () => MaybePromise<void>;
  /** Around the body of a step: call `next` once, and return what it returns. */
  readonly wrapStepHandler?: (args: { readonly step: TriedStep; readonly next: () => Promise<unknown> }) => unknown;
  /** After each try of a step's body, and, without `step`, at the handler's end: what it returns is laid over the result. */
  readonly transformOutput?: (args: {
    readonly result: RunResult;
    readonly step?: TriedStep;
  }) => MaybePromise<{ readonly result?: RunResult } | Nothing>;
  /** The run has ended for good, with this: after it is written. At most once; not at all if the process dies in between. */
  readonly finished?: (args: { readonly result: RunResult }) => MaybePromise<void>;
  /** The invocation has done with the run, for now or for good: the place to flush. */
  readonly beforeResponse?: () => MaybePromise<void>;
}

/** An event on its way out. */
export interface EventPayload {
  readonly name: string;
  readonly data?: unknown;
  readonly id?: string;
  readonly ts?: number;
  readonly user?: unknown;
  readonly v?: string;
}

/** One send. */
export interface SendEventHooks {
  /** Before it. Returned `payloads` are sent instead; a payload that is left out is not sent. */
  readonly transformInput?: (args: {
    readonly payloads: readonly EventPayload[];
    /** The run that sends by a step; absent for `client.send`. */
    readonly ctx?: MiddlewareContext;
  }) => MaybePromise<{ readonly payloads?: readonly EventPayload[] } | Nothing>;
  /** After it. What it returns is laid over the result. Not called for `step.invoke`. */
  readonly transformOutput?: (args: {
    readonly result: SendResult;
    readonly payloads: readonly EventPayload[];
  }) => MaybePromise<{ readonly result?: object } | Nothing>;
}
