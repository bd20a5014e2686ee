import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { EventShape } from "./events.ts";
import type { Simplify } from "./jsonify.ts";

type ShapesOf<R> = { readonly [Name in keyof R]: EventShape };

/** An event's data as a Standard Schema (zod, valibot, arktype, …), or one schema for each field. */
export type EventSchema = StandardSchemaV1 | { readonly data: StandardSchemaV1; readonly user?: StandardSchemaV1 };

type Named = { readonly name: string } & EventShape;
type FromUnion<U extends Named> = { [E in U as E["name"]]: Pick<E, Extract<keyof E, keyof EventShape>> };
type FromSchemas<T> = { -readonly [Name in keyof T]: FromSchema<T[Name]> };
type FromSchema<T> = T extends StandardSchemaV1
  ? { data: StandardSchemaV1.InferInput<T> }
  : { -readonly [Field in keyof T]: T[Field] extends StandardSchemaV1 ? StandardSchemaV1.InferInput<T[Field]> : never };

/**
 * The events that a client knows, for the compiler. Stack as many sources as you like; of two with the same name, the later counts.
 *
 * Types only for now: data is not checked against a schema at run time, so it has the type that goes *into* the schema.
 *
 * @example
 * ```ts
 * const schemas = new EventSchemas()
 *   .fromRecord<{ "shop/order.placed": { data: { orderId: string } } }>()
 *   .fromSchema({ "shop/order.paid": z.object({ orderId: z.string() }) });
 * const stepwell = new Stepwell({ id: "shop", schemas });
 * ```
 */
export class EventSchemas<S = Record<never, never>> {
  /** For the compiler only; never there at run time. */
  declare readonly "~events": S;

  /** Events from a record of names: `{ "app/user.created": { data: { id: string }; user?: … } }`. */
  fromRecord<R extends ShapesOf<R>>(): EventSchemas<Simplify<Omit<S, keyof R> & R>> {
    return new EventSchemas();
  }

  /** Events from a union of types, each with its literal `name`. */
  fromUnion<U extends Named>(): EventSchemas<Simplify<Omit<S, U["name"]> & FromUnion<U>>> {
    return new EventSchemas();
  }

  /** Events from Standard Schemas: of the data, or `{ data, user? }`. */
  fromSchema<const T extends Readonly<Record<string, EventSchema>>>(
    _schemas: T,
  ): EventSchemas<Simplify<Omit<S, keyof T> & FromSchemas<T>>> {
    return new EventSchemas();
  }
}
