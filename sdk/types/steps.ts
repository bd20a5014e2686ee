import type { AiTools } from "./ai.ts";
import type { EventName, EventOf, OutgoingEventOf } from "./events.ts";
import type { StepFetch } from "./fetch.ts";
import type { InputOf, Invocable, OutputOf } from "./functions.ts";
import type { Jsonify } from "./jsonify.ts";
import type { AnyEventType } from "./schemas.ts";

/** A step's id, unique by what it does; repeats get `:1`, `:2`, … 1 to 256 characters. `name` is for people. */
export type StepId = string | { readonly id: string; readonly name?: string };
/** Milliseconds, or text such as `"30s"`, `"5m"`, `"1h30m"`, `"2 days"`, `"1w"`. */
export type Duration = number | string;
/** A point in time: a `Date`, ISO text, milliseconds since the epoch, or a Temporal object. */
export type PointInTime = Date | string | number | { readonly epochMilliseconds: number };

/** What each wait for an event says: `Events` is what its `event` is. */
export interface WaitForEventBase<Events> {
  /**
   * The name to wait for, or an `eventType`, without wildcards; or a list of up to 10, of which the first to arrive counts. An entry of the list may have a
   * condition of its own.
   */
  readonly event: Events;
  /** How long to wait; up to 365 days. */
  readonly timeout: Duration;
  /**
   * Events that arrived so long before the step began count too, the earliest first: up to 7 days. Not the event that started the run, and
   * none that the run has been given already. The function has to say for which events, by its option `lookback`: arrivals are noted from
   * then on; else the step rejects with a `StepError` of code `STEPWELL_INVALID_STEP`. @default - only events after the step began
   */
  readonly lookback?: Duration;
}
/** At most one of `match` and `if`. */
export type EventCondition =
  | {
      /** A path such as `data.orderId` whose value must be the same in the trigger and in the arriving event. */
      readonly match?: string;
      readonly if?: never;
    }
  | {
      /** A CEL condition over `event` (the trigger) and `async` (the arriving event). */
      readonly if?: string;
      readonly match?: never;
    };
/** One of several events. Without a condition it has that of the wait. */
export type AwaitedEventOptions<Name> = { readonly event: Name } & EventCondition;
/** At most one of `match` and `if`: the condition of each event that has none of its own. */
export type WaitForEventOptions<Events> = WaitForEventBase<Events> & EventCondition;
/** One event, or several of which the first counts. */
export type AwaitedEvents<Name> = Name | readonly (Name | AwaitedEventOptions<Name>)[];
/** The names, and the types made by `eventType`, of what is awaited: each on its own, so that the result is their union. */
export type AwaitedName<Events> = Events extends string | AnyEventType
  ? Events
  : Events extends readonly (infer One)[]
    ? AwaitedName<One>
    : Events extends { readonly event: infer Name }
      ? Extract<Name, string | AnyEventType>
      : never;

/** What a run can wait for: names of the schemas, an `eventType`, and the engine's two that always go out. */
export type WaitableName<S> = EventName<S> | AnyEventType | "stepwell/function.failed" | "stepwell/function.cancelled";

/** Which function `step.invoke` calls, with what, and for how long it waits. */
export type InvokeOptions<F extends Invocable> = {
  /** The function, or a reference to it. */
  readonly function: F;
  readonly user?: object;
  /** How long to wait for the child; up to 365 days. @default - as long as the child takes, 365 days at most */
  readonly timeout?: Duration;
} & (Record<never, never> extends InputOf<F> ? { readonly data?: InputOf<F> } : { readonly data: InputOf<F> });

type InvokeData<Input> = Record<never, never> extends Input ? [data?: Input] : [data: Input];

/** What the body of `step.run` is called with, when the step has no input of its own. */
export interface StepContext {
  /**
   * Aborted when the run has been cancelled, is not this invocation's any more, or when the step has lost its race: hand it to `fetch`
   * and the like. Steps that have begun are waited for, whether they heed it or not.
   */
  readonly signal: AbortSignal;
  /**
   * Names this step of this run, for services that do what they are told once for each key. The same for every try, replay and takeover,
   * and another one for each step, repeat and run. 43 characters of A-Z, a-z, 0-9 and "-".
   *
   * @example
   * ```ts
   * await step.run("charge", ({ idempotencyKey }) => stripe.charges.create({ amount }, { idempotencyKey }));
   * ```
   */
  readonly idempotencyKey: string;
}

/** One or several events, as they are sent. */
export type OutgoingEvents<S> = OutgoingEventOf<S> | readonly OutgoingEventOf<S>[];

/** Ids of the events sent, in the order in which they were given. */
export interface SendResult {
  ids: string[];
}

/** Which signal `step.waitForSignal` waits for, and how long. */
export interface WaitForSignalOptions {
  /** The signal's name: 1 to 256 characters. It belongs to the app, and has one waiter at a time. */
  readonly signal: string;
  /** How long to wait; up to 365 days. */
  readonly timeout: Duration;
  /**
   * If another step waits for it: `"fail"` rejects with a `StepError` of code `STEPWELL_SIGNAL_CONFLICT`; `"replace"` takes the name over, and
   * the wait that had it ends with `null`.
   *
   * @default - "fail"
   */
  readonly onConflict?: "fail" | "replace";
}

/** A signal as it is sent. */
export interface OutgoingSignal {
  /** The name that somebody waits for. */
  readonly signal: string;
  /** Any JSON. @default - null */
  readonly data?: unknown;
  /** Whose runs it is for. @default - this app's */
  readonly appId?: string;
}

/** What is known of a signal once it is on its way. */
export interface SendSignalResult {
  /** The signal's own id, by which the engine tells a repeated delivery. */
  id: string;
}

/** A signal as it was received. */
export interface ReceivedSignal<Data> {
  signal: string;
  data: Data;
}

/**
 * The step tools of one run. Each call is one durable operation: done once, remembered, and handed back on every replay. Bad
 * arguments reject with a `StepwellError`; they are not retried.
 */
export interface StepTools<S> {
  /**
   * Runs `body` once and remembers its result, which must be JSON and at most 4 MB. An error is retried by the function's
   * `retries`; out of retries it rejects with a `StepError` that has the original's name and message.
   *
   * The body is called with the input that follows it. Without any it gets `{ signal, idempotencyKey }`: the first tells of the run's
   * cancellation, the second is the same for each try.
   *
   * @example
   * ```ts
   * const user = await step.run("fetch-user", () => db.users.find(event.data.userId));
   * const page = await step.run("fetch-page", async ({ signal }) => (await fetch(event.data.url, { signal })).text());
   * const label = await step.run("print", printLabel, user.name, user.address);
   * ```
   */
  run<Output>(id: StepId, body: (context: StepContext) => Output): Promise<Jsonify<Awaited<Output>>>;
  run<First, Rest extends readonly unknown[], Output>(
    id: StepId,
    body: (first: First, ...rest: Rest) => Output,
    first: First,
    ...rest: Rest
  ): Promise<Jsonify<Awaited<Output>>>;

  /**
   * Pauses the run, without cost while it sleeps: up to 365 days.
   *
   * @example
   * ```ts
   * await step.sleep("cool-off", "3d");
   * ```
   */
  sleep(id: StepId, duration: Duration): Promise<void>;

  /**
   * Pauses the run until a point in time, up to 365 days ahead. One that is past wakes at once.
   *
   * @example
   * ```ts
   * await step.sleepUntil("until-launch", new Date("2027-01-01T09:00:00Z"));
   * ```
   */
  sleepUntil(id: StepId, time: PointInTime): Promise<void>;

  /**
   * Pauses the run until an event arrives, or resolves with `null` when `timeout` is over. Only events after this step began count. Of a
   * list of events the first to arrive counts: `name` of the result tells which it was.
   *
   * @example
   * ```ts
   * const paid = await step.waitForEvent("payment", { event: "shop/order.paid", match: "data.orderId", timeout: "7d" });
   * if (paid === null) return { status: "expired" };
   *
   * const answer = await step.waitForEvent("answer", {
   *   event: ["shop/order.approved", { event: "shop/order.rejected", if: "async.data.final" }],
   *   match: "data.orderId",
   *   timeout: "7d",
   * });
   * ```
   */
  waitForEvent<const Events extends AwaitedEvents<WaitableName<S>>>(
    id: StepId,
    options: WaitForEventOptions<Events>,
  ): Promise<EventOf<S, AwaitedName<Events>> | null>;

  /**
   * Pauses the run until somebody sends the signal, or resolves with `null` when `timeout` is over. Unlike an event a signal goes to one wait
   * alone, and is dropped if nobody waits for it then.
   *
   * @example
   * ```ts
   * const signal = await step.waitForSignal<{ approved: boolean }>("approval", {
   *   signal: `approval/${event.data.orderId}`,
   *   timeout: "7d",
   * });
   * if (signal?.data.approved) await step.run("ship", () => ship(event.data.orderId));
   * ```
   */
  // biome-ignore lint/suspicious/noExplicitAny: nothing is known of a signal's data unless the caller says so, as of an event's without a schema
  waitForSignal<Data = any>(id: StepId, options: WaitForSignalOptions): Promise<ReceivedSignal<Jsonify<Data>> | null>;

  /**
   * Sends a signal to the run that waits for it, once, even if this run is retried.
   *
   * @example
   * ```ts
   * await step.sendSignal("approve", { signal: `approval/${orderId}`, data: { approved: true } });
   * ```
   */
  sendSignal(id: StepId, signal: OutgoingSignal): Promise<SendSignalResult>;

  /**
   * Calls another function with `data` as its event's data, and waits for its result. Rejects with a `StepError` when it fails, is
   * cancelled, is unknown, or is not done in time.
   *
   * @example
   * ```ts
   * const invoice = await step.invoke("bill", { function: createInvoice, data: { orderId }, timeout: "1h" });
   * ```
   */
  invoke<F extends Invocable>(id: StepId, target: F, ...data: InvokeData<InputOf<F>>): Promise<OutputOf<F>>;
  invoke<F extends Invocable>(id: StepId, options: InvokeOptions<F>): Promise<OutputOf<F>>;

  /**
   * Sends one or several events, once, even if the run is retried.
   *
   * @example
   * ```ts
   * await step.sendEvent("announce", { name: "shop/order.shipped", data: { orderId } });
   * ```
   */
  sendEvent(id: StepId, events: OutgoingEvents<S>): Promise<SendResult>;

  /**
   * A request as a step, with the arguments and the result of `fetch`: made once, and its response remembered (status, headers, and up to 4 MB
   * as JSON of body). Any response is a result, whatever its status; a request that gets none is tried again by the function's `retries`.
   * The step is named by the host: `fetch api.example.com`.
   *
   * @example
   * ```ts
   * const response = await step.fetch("https://api.example.com/charges", { method: "POST", body, idempotencyKey: true });
   * if (response.status === 402) return { status: "declined" };
   * const charge = await response.json();
   * ```
   */
  readonly fetch: StepFetch;

  /** Calls of models, with what they were asked and what they have used. */
  readonly ai: AiTools;
}
