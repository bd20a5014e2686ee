import { badInput, isRecord, quote } from "../../sdk/errors/index.ts";
import {
  type AnyFunction,
  type Jsonify,
  type OutgoingEvents,
  type OutgoingSignal,
  type SendResult,
  type SendSignalResult,
  Stepwell,
  type StepwellFunction,
} from "../../sdk/index.ts";
import type { AddedBy, Middlewares, Over } from "../../sdk/middleware/index.ts";
import { idFrom } from "../id.ts";
import { underOwnNames } from "../own-names.ts";
import { toEngineShape } from "./definition.ts";
import { CLIENT_OPTIONS, keepWorking } from "./options.ts";
import { toOutgoing } from "./steps.ts";
import type {
  AnyInngestEvents,
  ClientOptions,
  FunctionOptions,
  Handler,
  InvocationDataOf,
  TriggersOf,
} from "./types/index.ts";

/** A Stepwell client, but for what its functions' handlers are called with. */
const Client = Stepwell as unknown as new <S, M extends Middlewares>(
  options: unknown,
) => Omit<Stepwell<S, M>, "createFunction" | "send" | "sendSignal">;

/**
 * Inngest's client over Stepwell: the same names and call shapes (of v3 and v4), so that function code moves by changing its import.
 * Options that mean nothing here are accepted or refused as the table of `docs/migrating-from-inngest.md` says.
 *
 * Ids may be any text, as there: `Sync User` becomes the id `sync-user`. Two functions of one id are an error of `serve`.
 *
 * @throws StepwellError `STEPWELL_INVALID_CLIENT` for options that are wrong or unknown; `STEPWELL_UNSUPPORTED`, with the reason, for those
 *   of Inngest that are refused
 * @example
 * ```ts
 * import { Inngest } from "stepwell/inngest";
 *
 * const inngest = new Inngest({ id: "my-app" });
 * export const sync = inngest.createFunction({ id: "sync-user" }, { event: "user/created" }, async ({ event, step }) => {
 *   await step.run("sync", () => crm.sync(event.data.id));
 * });
 * ```
 */
export class Inngest<S = AnyInngestEvents, const M extends Middlewares = readonly []> extends Client<S, M> {
  readonly #functions: AnyFunction[] = [];

  constructor(options: ClientOptions<S, M>) {
    super(toEngineOptions(options));
  }

  /** The functions that this client has made so far: `serve({ client: inngest, functions: inngest.funcs })`. */
  get funcs(): readonly AnyFunction[] {
    return [...this.#functions];
  }

  /**
   * Defines a durable function, by `(options, trigger, handler)` or by `({ triggers, ...options }, handler)`. Checks what Stepwell's own
   * `createFunction` checks. A function without triggers can be invoked, and nothing else starts it.
   *
   * @example
   * ```ts
   * inngest.createFunction({ id: "alert" }, { event: "inngest/function.failed" }, async ({ event }) => page(event.data.error.message));
   * ```
   */
  createFunction<const T extends TriggersOf<S>, Result, const F extends Middlewares = readonly []>(
    options: FunctionOptions<S, T, AddedBy<M>, F>,
    trigger: T,
    handler: Handler<S, T, Result, Over<AddedBy<M>, AddedBy<F>>>,
  ): StepwellFunction<InvocationDataOf<S, T>, Jsonify<Awaited<Result>>>;
  createFunction<Result, const T extends TriggersOf<S> = readonly [], const F extends Middlewares = readonly []>(
    options: FunctionOptions<S, T, AddedBy<M>, F> & { readonly triggers?: T },
    handler: Handler<S, T, Result, Over<AddedBy<M>, AddedBy<F>>>,
  ): StepwellFunction<InvocationDataOf<S, T>, Jsonify<Awaited<Result>>>;
  createFunction(...shape: readonly unknown[]): StepwellFunction<never, never> {
    const define = Stepwell.prototype.createFunction as (
      ...shape: readonly unknown[]
    ) => StepwellFunction<never, never>;
    const fn = define.apply(this, [...toEngineShape(shape, this.id)]);
    this.#functions.push(fn);
    return fn;
  }

  /**
   * Sends one or several events, as Stepwell's `send`. Another `env` than the client's is refused: events belong to the environment that
   * the app is deployed to.
   */
  async send(events: OutgoingEvents<S>, options?: { readonly env?: string }): Promise<SendResult> {
    checkEnv(options, this.environment, "send");
    const send = Stepwell.prototype.send as (events: unknown) => Promise<SendResult>;
    return send.call(this, toOutgoing(events, "send"));
  }

  /** Sends a signal to the run that waits for it, as Stepwell's `sendSignal`. Another `env` than the client's is refused, as by `send`. */
  async sendSignal({ env, ...signal }: OutgoingSignal & { readonly env?: string }): Promise<SendSignalResult> {
    checkEnv(env === undefined ? undefined : { env }, this.environment, "sendSignal");
    const send = Stepwell.prototype.sendSignal as (signal: OutgoingSignal) => Promise<SendSignalResult>;
    return send.call(this, signal);
  }
}

function toEngineOptions(given: unknown): unknown {
  const kept = keepWorking(given, CLIENT_OPTIONS, "new Inngest");
  if (!isRecord(kept)) return checked(kept);
  const { env = process.env.INNGEST_ENV, experimentalCheckpointing, ...options } = kept;
  const translated = {
    ...(experimentalCheckpointing !== undefined && { checkpointing: experimentalCheckpointing }),
    ...options,
    id: idFrom(options.id),
    ...(env !== undefined && env !== "" && { environment: idFrom(env) }),
  };
  return checked(translated);
}

/** Options, once a client of Stepwell's own has taken them. */
function checked(options: unknown): unknown {
  underOwnNames(
    () => new Stepwell(options as never),
    [
      ["new Stepwell", "new Inngest"],
      [": environment", ": env"],
      ["environment, ", "env, "],
    ],
  );
  return options;
}

function checkEnv(options: { readonly env?: string } | undefined, own: string, where: string): void {
  if (options?.env === undefined || idFrom(options.env) === own) return;
  const text = `the client's environment is "${own}", and events belong to the environment that an app is deployed to; got ${quote(options.env)}.`;
  throw badInput("STEPWELL_UNSUPPORTED", `${where}: env`, text);
}
