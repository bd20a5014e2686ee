import { randomBytes } from "node:crypto";
import type { Checkpointing } from "../execution/contract.ts";
import { createFunction, type StepwellFunction } from "../functions/index.ts";
import { type AddedBy, type MiddlewareStack, type Middlewares, type Over, stackOf } from "../middleware/index.ts";
import type { SchemaSource } from "../schemas/index.ts";
import type {
  AnyEvents,
  FunctionOptions,
  Handler,
  InvocationData,
  Jsonify,
  Logger,
  OutgoingEvents,
  OutgoingSignal,
  SendResult,
  SendSignalResult,
  TriggeredEvent,
  Triggers,
} from "../types/index.ts";
import { cancel } from "./cancel.ts";
import { createUlids } from "./ids.ts";
import { type ClientOptions, checkClientOptions } from "./options.ts";
import { send } from "./send.ts";
import { sendSignal } from "./signal.ts";

/** Any client, whatever its events. */
export type AnyClient = Pick<Stepwell, "id" | "environment" | "logger">;

/**
 * An app: the functions made with it, and the events that it sends. Throws a `StepwellError` of code `STEPWELL_INVALID_CLIENT`, naming the
 * option, for options that are wrong or unknown.
 *
 * @example
 * ```ts
 * const stepwell = new Stepwell({ id: "shop" });
 * const confirm = stepwell.createFunction({ id: "confirm" }, { event: "shop/order.placed" }, async ({ event, step }) => {
 *   await step.run("mail", () => sendMail(event.data.email));
 * });
 * ```
 */
export class Stepwell<S = AnyEvents, const M extends Middlewares = readonly []> {
  /** For the compiler only; never there at run time. */
  declare readonly "~events": S;
  /** For the compiler only: what middleware adds to the context of all handlers. */
  declare readonly "~adds": AddedBy<M>;
  readonly id: string;
  readonly environment: string;
  readonly logger: Logger | undefined;
  /** What checks events at run time. */
  readonly schemas: SchemaSource | undefined;
  readonly #checkpointing: Checkpointing;
  readonly #newId = createUlids({ now: Date.now, random: randomBytes });
  readonly #middleware: MiddlewareStack | undefined;

  constructor(options: ClientOptions<S, M>) {
    const { id, environment, logger, schemas, checkpointing, middleware } = checkClientOptions(options);
    this.id = id;
    this.environment = environment;
    this.logger = logger;
    this.schemas = schemas;
    this.#checkpointing = checkpointing;
    this.#middleware = stackOf(middleware, { client: this });
  }

  /**
   * Defines a durable function: what starts it, and what it does. The handler's types follow from the triggers.
   *
   * Options, triggers, expressions and crons are checked here; what is wrong throws a `StepwellError` that names it
   * (`STEPWELL_INVALID_FUNCTION`, `_INVALID_TRIGGER`, `_INVALID_CRON`, `_INVALID_EXPRESSION`, `_INVALID_DURATION`, `_UNSUPPORTED`).
   *
   * @example
   * ```ts
   * const ship = stepwell.createFunction(
   *   { id: "ship-order", retries: 2 },
   *   { event: "shop/order.paid", if: "event.data.total > 0" },
   *   async ({ event, step }) => {
   *     const label = await step.run("label", () => printLabel(event.data.orderId));
   *     await step.sleep("handling", "1d");
   *     return { label };
   *   },
   * );
   * ```
   */
  createFunction<const T extends Triggers<S>, Result, const F extends Middlewares = readonly []>(
    options: FunctionOptions<S, T, AddedBy<M>, F>,
    trigger: T,
    handler: Handler<S, TriggeredEvent<S, T>, Result, Over<AddedBy<M>, AddedBy<F>>>,
  ): StepwellFunction<InvocationData<S, T>, Jsonify<Awaited<Result>>>;
  createFunction<const T extends Triggers<S>, Result, const F extends Middlewares = readonly []>(
    options: FunctionOptions<S, T, AddedBy<M>, F> & { readonly triggers: T },
    handler: Handler<S, TriggeredEvent<S, T>, Result, Over<AddedBy<M>, AddedBy<F>>>,
  ): StepwellFunction<InvocationData<S, T>, Jsonify<Awaited<Result>>>;
  createFunction(...shape: readonly unknown[]): StepwellFunction<never, never> {
    const { id, logger, schemas } = this;
    const owner = {
      id,
      logger,
      schemas,
      checkpointing: this.#checkpointing,
      client: this,
      middleware: this.#middleware,
    };
    return createFunction(owner, shape) as StepwellFunction<never, never>;
  }

  /**
   * Sends one or several events, and resolves with their ids in the same order once the bus has accepted them all. Inside a
   * function prefer `step.sendEvent`, which sends once even if the run is retried.
   *
   * Data must be JSON and at most 32 MB. All events are checked before any is sent: `STEPWELL_INVALID_EVENT`,
   * `STEPWELL_EVENT_TOO_LARGE`. Then `STEPWELL_NO_ENGINE` if there is nowhere to send to, and `STEPWELL_SEND_FAILED`, naming the
   * events, for those that the bus did not accept after several tries.
   *
   * @example
   * ```ts
   * const { ids } = await stepwell.send({ name: "shop/order.placed", data: { orderId: "o1" } });
   * ```
   */
  async send(events: OutgoingEvents<S>): Promise<SendResult> {
    return send(this, events, this.#newId, this.#middleware);
  }

  /**
   * Sends a signal to the run that waits for it by `step.waitForSignal`, and resolves once it is on its way. Which run gets it, a moment
   * later, is not known here; one that nobody waits for is dropped, and the engine's log says so. Inside a function prefer
   * `step.sendSignal`, which sends once even if the run is retried.
   *
   * Data must be JSON and at most 32 MB. Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION`, naming the option, or
   * `STEPWELL_EVENT_TOO_LARGE`; `STEPWELL_NO_ENGINE` and `STEPWELL_SEND_FAILED` as `send`.
   *
   * @example
   * ```ts
   * await stepwell.sendSignal({ signal: `approval/${orderId}`, data: { approved: true } });
   * ```
   */
  async sendSignal(signal: OutgoingSignal): Promise<SendSignalResult> {
    return sendSignal(this, signal, this.#newId);
  }

  /**
   * Asks for the cancellation of a run of this app, and resolves once the request is on its way: it is carried out a moment later,
   * before the run's next step body at the latest. Has no effect on a run that has ended, or that there never was.
   *
   * @param options.reason for people: it is in the run's error, and in what `onCancel` gets. At most 256 characters
   * @throws StepwellError `STEPWELL_INVALID_OPTION` for what is no run's id; `STEPWELL_NO_ENGINE` and `STEPWELL_SEND_FAILED` as `send`
   * @example
   * ```ts
   * await stepwell.cancel(runId, { reason: "the customer withdrew" });
   * ```
   */
  async cancel(runId: string, options?: { readonly reason?: string }): Promise<void> {
    return cancel(this, runId, options, this.#newId);
  }
}
