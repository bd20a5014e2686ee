import type { EventName, EventOf, OutgoingEventOf } from "./events.ts";
import type { InputOf, Invocable, OutputOf } from "./functions.ts";
import type { Jsonify } from "./jsonify.ts";
import type { AnyEventType } from "./schemas.ts";

/** A step's id, unique by what it does; repeats get `:1`, `:2`, … 1 to 256 characters. `name` is for people. */
export type StepId = string | { readonly id: string; readonly name?: string };
/** Milliseconds, or text such as `"30s"`, `"5m"`, `"1h30m"`, `"2 days"`, `"1w"`. */
export type Duration = number | string;
/** A point in time: a `Date`, ISO text, milliseconds since the epoch, or a Temporal object. */
export type PointInTime = Date | string | number | { readonly epochMilliseconds: number };

/** What each wait for an event says. */
export interface WaitForEventBase<Name> {
  /** The name to wait for, or an `eventType`; no wildcards. */
  readonly event: Name;
  /** How long to wait; up to 365 days. */
  readonly timeout: Duration;
}
/** At most one of `match` and `if`. */
export type WaitForEventOptions<Name> = WaitForEventBase<Name> &
  (
    | {
        /** A path such as `data.orderId` whose value must be the same in the trigger and in the arriving event. */
        readonly match?: string;
        readonly if?: never;
      }
    | {
        /** A CEL condition over `event` (the trigger) and `async` (the arriving event). */
        readonly if?: string;
        readonly match?: never;
      }
  );

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
   * Aborted when the run has been cancelled, or is not this invocation's any more: hand it to `fetch` and the like. Steps that have
   * begun are waited for, whether they heed it or not.
   */
  readonly signal: AbortSignal;
}

/** One or several events, as they are sent. */
export type OutgoingEvents<S> = OutgoingEventOf<S> | readonly OutgoingEventOf<S>[];

/** Ids of the events sent, in the order in which they were given. */
export interface SendResult {
  ids: string[];
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
   * The body is called with the input that follows it. Without any it gets `{ signal }`, which tells of the run's cancellation.
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
   * Pauses the run until an event arrives, or resolves with `null` when `timeout` is over. Only events after this step began count.
   *
   * @example
   * ```ts
   * const paid = await step.waitForEvent("payment", { event: "shop/order.paid", match: "data.orderId", timeout: "7d" });
   * if (paid === null) return { status: "expired" };
   * ```
   */
  waitForEvent<const Name extends WaitableName<S>>(
    id: StepId,
    options: WaitForEventOptions<Name>,
  ): Promise<EventOf<S, Name> | null>;

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
}
