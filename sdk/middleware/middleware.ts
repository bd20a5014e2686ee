import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { checkParts, type MiddlewareRuntime, RUNTIME } from "./option.ts";
import { MiddlewareStack } from "./stack.ts";
import type { MiddlewareOptions } from "./types.ts";

/** Nothing. */
type None = Record<never, never>;

/** Any middleware, whatever it adds. */
export type AnyMiddleware = StepwellMiddleware<object>;

/** Middleware in its order. */
export type Middlewares = readonly AnyMiddleware[];

/** What a list of middleware adds to the handler's context: of two with the same field, the later counts. */
export type AddedBy<M extends Middlewares> = M extends readonly [infer First, ...infer Rest extends Middlewares]
  ? Over<AddedByOne<First>, AddedBy<Rest>>
  : None;

type AddedByOne<M> = M extends { readonly "~adds": infer Added } ? Added : None;

/** The fields of `More` laid over those of `Base`. */
export type Over<Base, More> = [keyof More] extends [never] ? Base : Omit<Base, keyof More> & More;

/**
 * Looks into, and changes, what goes into and comes out of runs and sends: see the hooks. Listed by a client, it is there for all its
 * functions; listed by a function, for that one, after the client's.
 *
 * What `transformInput` returns as `ctx` is in the handler's context, and typed there. Throws a `StepwellError` of code
 * `STEPWELL_INVALID_OPTION` for a name or an `init` that are wrong. A hook that throws, or returns something else than it may, is a
 * `StepwellError` of code `STEPWELL_MIDDLEWARE_FAILED`, retried as an error of the code around.
 *
 * @example
 * ```ts
 * const clock = new StepwellMiddleware({
 *   name: "clock",
 *   init: () => ({
 *     onFunctionRun: ({ ctx, fn }) => ({
 *       transformInput: () => ({ ctx: { tenant: tenantOf(ctx.event) } }),
 *       finished: ({ result }) => metrics.count(fn.id, result.error === undefined),
 *     }),
 *   }),
 * });
 * const stepwell = new Stepwell({ id: "shop", middleware: [clock] });
 * ```
 */
export class StepwellMiddleware<Added extends object = None> {
  /** For the compiler only; never there at run time. */
  declare readonly "~adds": Added;
  readonly name: string;
  readonly init: MiddlewareOptions<Added>["init"];
  /** The code that runs middleware: an app without any does not have it in its bundle. */
  readonly [RUNTIME]: MiddlewareRuntime = { stack: (...given) => new MiddlewareStack(...given) };

  constructor(options: MiddlewareOptions<Added>) {
    const code = "STEPWELL_INVALID_OPTION";
    const where = "new StepwellMiddleware";
    if (!isRecord(options)) throw badInput(code, where, `takes { name, init }, got ${quote(options)}.`);
    refuseUnknownKeys(options, ["name", "init"], code, where);
    const { name, init } = checkParts(options, code, where);
    this.name = name;
    this.init = init as MiddlewareOptions<Added>["init"];
    Object.defineProperty(this, RUNTIME, { enumerable: false });
  }
}
