import type { AnyFunction, EventName, Typed } from "../../../sdk/index.ts";
import type { Over } from "../../../sdk/middleware/index.ts";
import type { FunctionInvokedEvent, InngestEventName, InngestLifecycleEvents, ScheduledTimerEvent } from "./events.ts";
import type { InngestContext } from "./functions.ts";
import type { InngestStepTools } from "./steps.ts";
import type { EventOfName } from "./triggers.ts";

type Schemas<Client extends Typed<unknown>> = Client["~events"];
/** What the client's middleware adds to the context. */
type Added<Client> = Client extends { readonly "~adds": infer Fields } ? Fields : Record<never, never>;

/**
 * A client's events by name, as handlers get them; with `true` those of the engine too.
 *
 * @example
 * ```ts
 * type UserCreated = GetEvents<typeof inngest>["app/user.created"];
 * ```
 */
export type GetEvents<Client extends Typed<unknown>, WithInternal extends boolean = false> = {
  [Name in EventName<Schemas<Client>>]: EventOfName<Schemas<Client>, Name>;
} & (WithInternal extends true
  ? InngestLifecycleEvents<Schemas<Client>> & { "inngest/scheduled.timer": ScheduledTimerEvent }
  : unknown);

/**
 * What a handler for that event is called with.
 *
 * @example
 * ```ts
 * const sync = async ({ event, step }: GetFunctionInput<typeof inngest, "app/user.created">) => { … };
 * ```
 */
export type GetFunctionInput<
  Client extends Typed<unknown>,
  Name extends InngestEventName<Schemas<Client>> = EventName<Schemas<Client>>,
> = Over<
  InngestContext<
    Schemas<Client>,
    EventOfName<Schemas<Client>, Name> | FunctionInvokedEvent<EventOfName<Schemas<Client>, Name>["data"]>,
    EventOfName<Schemas<Client>, Name>
  >,
  Added<Client>
>;

/** A handler's context, with fields of other types in their place, or beside it: what middleware adds. */
export type Context<
  Client extends Typed<unknown>,
  Name extends InngestEventName<Schemas<Client>> = EventName<Schemas<Client>>,
  Overrides extends object = Record<never, never>,
> = Omit<GetFunctionInput<Client, Name>, keyof Overrides> & Overrides;

/** The step tools of a client's functions: for helpers that take `step`. The second parameter is there for code that names an event. */
export type GetStepTools<Client extends Typed<unknown>, _Name extends string = string> = InngestStepTools<
  Schemas<Client>
>;

/** Types of functions, as `InngestFunction.Any`. */
export declare namespace InngestFunction {
  /** Any function, whatever its events and its result. */
  type Any = AnyFunction;
}
