import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { AnyEvent, DataOf, EventShape, MayLackData } from "./events.ts";

/** Event shapes by name: what `fromRecord` takes. */
export type ShapesOf<R> = { readonly [Name in keyof R]: EventShape };

/** An event's data as a Standard Schema (zod, valibot, arktype, …), or one schema for each field. */
export type EventSchema = StandardSchemaV1 | { readonly data: StandardSchemaV1; readonly user?: StandardSchemaV1 };

/** An event of a union of types: what `fromUnion` takes. */
export type NamedEvent = { readonly name: string } & EventShape;

/** The events of a union, by name. */
export type FromUnion<U extends NamedEvent> = {
  [E in U as E["name"]]: Pick<E, Extract<keyof E, keyof EventShape>>;
};

/** The events of an object of schemas, by name. */
export type FromSchemas<T> = { -readonly [Name in keyof T]: FromSchema<T[Name]> };

/** What goes into a schema: that is what is sent, and what arrives. Nothing is transformed on the way. */
export type FromSchema<T> = T extends StandardSchemaV1
  ? { data: StandardSchemaV1.InferInput<T> }
  : { -readonly [Field in keyof T]: T[Field] extends StandardSchemaV1 ? StandardSchemaV1.InferInput<T[Field]> : never };

/** What an `eventType` without a schema knows of its event: nothing but the name. */
export type ShapeOf<Schema> = Schema extends EventSchema ? FromSchema<Schema> : AnyEvent;

/**
 * What the compiler knows of an event by its `eventType`; `E` is its shape. (It has no `event`: with it, the compiler would explain an
 * unknown name in a trigger by this.)
 */
export interface AnyEventType<Name extends string = string, E extends EventShape = EventShape> {
  readonly name: Name;
  /** For the compiler only; never there at run time. */
  readonly "~event": E;
}

declare const CREATED: unique symbol;
/** The name of an event that an `eventType` has created: one that a client's own schemas need not know. */
export type CreatedName<Name extends string = string> = Name & { readonly [CREATED]: true };

/** An event that an `eventType` has created, ready for `send`. */
export interface AnyCreatedEvent {
  readonly name: CreatedName;
  readonly data?: unknown;
  readonly user?: unknown;
  readonly id?: string;
  readonly ts?: number;
  readonly v?: string;
}

/** What `eventType(…).create` takes beside the data. */
export interface CreateOptions {
  /** 1 to 128 characters. An id seen again within 24 hours starts nothing again. @default - a new one */
  readonly id?: string;
  /** Milliseconds since the epoch. @default - when it is sent */
  readonly ts?: number;
  /** Your own version of the event's schema. @default - the event type's */
  readonly v?: string;
  /** Who it is about. Up to 32 KiB. @default - nobody */
  readonly user?: object;
}

/** The arguments of `eventType(…).create`: the data may be left out where nothing of it is required. */
export type CreateInput<E extends EventShape> =
  MayLackData<E> extends true
    ? [data?: DataOf<E> | undefined, options?: CreateOptions]
    : [data: DataOf<E>, options?: CreateOptions];
