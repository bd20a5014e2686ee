import type { Over } from "../middleware/middleware.ts";
import type { Context } from "./context.ts";
import type { EventName, EventOf, LifecycleEvents } from "./events.ts";
import type { Invocable, OutputOf } from "./functions.ts";
import type { AnyEventType } from "./schemas.ts";
import type { StepTools } from "./steps.ts";

/** Anything that carries a client's schemas: the client. */
export interface Typed<S> {
  readonly "~events": S;
}
type SchemasOf<Client extends Typed<unknown>> = Client["~events"];
/** What the client's middleware adds to the context. */
type AddedOf<Client> = Client extends { readonly "~adds": infer Added } ? Added : Record<never, never>;

/**
 * A client's events by name, as handlers get them.
 *
 * @example
 * ```ts
 * type OrderPlaced = GetEvents<typeof stepwell>["shop/order.placed"];
 * ```
 */
export type GetEvents<Client extends Typed<unknown>> = {
  [Name in EventName<SchemasOf<Client>>]: EventOf<SchemasOf<Client>, Name>;
};

/**
 * What a handler for that event is called with: a name, or the type of an `eventType`.
 *
 * @example
 * ```ts
 * const ship = async ({ event, step }: GetFunctionInput<typeof stepwell, "shop/order.placed">) => { … };
 * const bill = async ({ event, step }: GetFunctionInput<typeof stepwell, typeof orderPaid>) => { … };
 * ```
 */
export type GetFunctionInput<
  Client extends Typed<unknown>,
  Name extends EventName<SchemasOf<Client>> | AnyEventType | keyof LifecycleEvents<unknown> = EventName<
    SchemasOf<Client>
  >,
> = Over<Context<SchemasOf<Client>, EventOf<SchemasOf<Client>, Name>>, AddedOf<Client>>;

/** What a function returns, as `step.invoke` hands it on. */
export type GetFunctionOutput<F extends Invocable> = OutputOf<F>;

/** The step tools of a client's functions: for helpers that take `step`. */
export type GetStepTools<Client extends Typed<unknown>> = StepTools<SchemasOf<Client>>;
