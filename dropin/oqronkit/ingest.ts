import { badInput, isRecord, quote, refuseUnknownKeys } from "../../sdk/errors/index.ts";
import type { DurableFunction } from "../../sdk/execution/index.ts";
import { FunctionReference, OPTIONS } from "../../sdk/functions/index.ts";
import {
  type AnyEvents,
  type BatchEventsOptions,
  type Context,
  type Duration,
  type EventOf,
  type FunctionOptions,
  type Jsonify,
  Stepwell,
} from "../../sdk/index.ts";
import { idFrom } from "../id.ts";
import { underOwnNames } from "../own-names.ts";
import { appClient, register } from "./registry.ts";

type Event = EventOf<AnyEvents, string>;
type Triggers = { readonly event: string }[];
type Elsewhere = "id" | "name" | "batchEvents" | "timeouts";

/** What a handler is called with: Stepwell's context, with `step.invoke(id, fn, data)` among its tools. */
export type IngestContext = Context<AnyEvents, Event>;

/** Options of `ingest`; those that are not described here are those of Stepwell's `createFunction`. */
export interface IngestOptions<Result = unknown> extends Omit<FunctionOptions<AnyEvents, Triggers>, Elsewhere> {
  /** Any text, unique in the app. It names the function for ever; its id follows from it: `user/signup` is `user-signup`. */
  readonly name: string;
  /** The event that starts it, or up to 10; wildcards as `user.*`. */
  readonly event: string | readonly string[];
  readonly handler: (context: IngestContext) => Result;
  /** Most time from a run's first execution to its end: milliseconds or a duration. Then it is cancelled. @default - no limit */
  readonly timeout?: Duration;
  /** One run for many events, which the handler gets in `events`. @default - each event starts a run */
  readonly batch?: BatchEventsOptions;
}

/** What `ingest` takes beside the options of `createFunction`, and what that calls them. */
const OWN = ["name", "event", "handler", "timeout", "batch"];
const SHARED = Object.keys(OPTIONS).filter((name) => !["id", "triggers", "batchEvents", "timeouts"].includes(name));
const KNOWN = [...new Set([...OWN, ...SHARED])];

/**
 * A function that `ingest` has made: hand it to `startLocal` or `serve`, and call it with `step.invoke(id, fn, data)`.
 *
 * @example
 * ```ts
 * const functions: IngestFunction[] = [sendWelcome, onboard];
 * ```
 */
export class IngestFunction<Output = unknown> extends FunctionReference<Record<string, unknown>, Output> {
  /** As it was given. */
  readonly name: string;
  readonly #options: IngestOptions;

  constructor(options: IngestOptions) {
    super(idFrom(options.name) as string, undefined);
    this.name = options.name;
    this.#options = options;
    // Whatever is wrong with the options comes out here, and not when the app is served. The app's name does not matter for that.
    this.#define(new Stepwell({ id: "app" }));
  }

  /** Everything that has to be registered and run: this function as one of the app, and those of its `onFailure` and `onCancel`. */
  durables(): DurableFunction[] {
    return this.#define(appClient()).durables();
  }

  #define(client: Stepwell) {
    const { name, event, handler, timeout, batch, ...options } = this.#options;
    const triggers: Triggers = [event].flat().map((each) => ({ event: each }));
    const shape = {
      ...options,
      id: this.id,
      name,
      triggers,
      ...(timeout !== undefined && { timeouts: { finish: timeout } }),
      ...(batch !== undefined && { batchEvents: batch }),
    };
    return underOwnNames(
      () => client.createFunction(shape, handler),
      [
        [/^createFunction( "[^"]*")?/, `ingest "${name}"`],
        [": batchEvents", ": batch"],
        [": timeouts.finish", ": timeout"],
        [/: triggers\[\d\]: event/, ": event"],
      ],
    );
  }
}

/**
 * Defines a durable function and registers it, as OqronKit's factories do: loading its module is enough for `serve()` to serve it.
 *
 * @throws StepwellError `STEPWELL_INVALID_FUNCTION` and the others of Stepwell's `createFunction`, naming the option;
 *   `STEPWELL_DUPLICATE_FUNCTION` when another function's name leads to the same id
 * @example
 * ```ts
 * export const onSignup = ingest({
 *   name: "user/signup",
 *   event: "user.created",
 *   timeout: "30m",
 *   handler: async ({ event, step }) => {
 *     const customer = await step.run("create-customer", () => billing.create(event.data.email));
 *     await step.sleep("grace", "1h");
 *     return step.invoke("welcome", sendWelcome, { customerId: customer.id });
 *   },
 * });
 * ```
 */
export function ingest<Result>(options: IngestOptions<Result>): IngestFunction<Jsonify<Awaited<Result>>> {
  checkShape(options);
  const fn = new IngestFunction<Jsonify<Awaited<Result>>>(options);
  register(fn);
  return fn;
}

/** What has to be there before Stepwell's own checks can speak of the options by their names. */
function checkShape(options: unknown): void {
  const code = "STEPWELL_INVALID_FUNCTION";
  if (!isRecord(options)) throw badInput(code, "ingest", `takes { name, event, handler }, got ${quote(options)}.`);
  const { name, event, handler } = options;
  if (typeof name !== "string") throw badInput(code, "ingest: name", `must be a text, got ${quote(name)}.`);
  const where = `ingest "${name}"`;
  refuseUnknownKeys(options, KNOWN, code, where);
  if (typeof event !== "string" && !Array.isArray(event)) {
    throw badInput(code, `${where}: event`, `must be an event's name, or a list of them, got ${quote(event)}.`);
  }
  if (typeof handler !== "function")
    throw badInput(code, `${where}: handler`, `must be a function, got ${quote(handler)}.`);
}
