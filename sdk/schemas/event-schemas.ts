import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { checkEventName } from "../functions/event-name.ts";
import type { EventSchema, FromSchemas, FromUnion, NamedEvent, ShapesOf, Simplify } from "../types/index.ts";
import { checkEventSchema, type FieldSchemas } from "./standard.ts";

const CODE = "STEPWELL_INVALID_OPTION";
const WHERE = "EventSchemas.fromSchema";

/** Options of a source of schemas. */
export interface FromSchemaOptions {
  /** `false`: the schemas are there for the compiler only. @default true */
  readonly validate?: boolean;
}

/**
 * The events that a client knows. Stack as many sources as you like; of two with the same name, the later counts.
 *
 * A record and a union are for the compiler only. Schemas are asked at run time too: by `send` and `step.sendEvent` before anything is sent
 * (`STEPWELL_SCHEMA_MISMATCH`), and by a function before any of its code runs. They judge the JSON that travels and change nothing
 * about it: what a schema transforms or fills in, the handler does not see. So data has the type that goes *into* the schema, at both ends.
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
  readonly #schemas: ReadonlyMap<string, FieldSchemas>;

  /** Takes nothing: the sources are what `fromRecord`, `fromUnion` and `fromSchema` are called with. */
  constructor(schemas: ReadonlyMap<string, FieldSchemas> = new Map()) {
    this.#schemas = schemas;
  }

  /**
   * Events from a record of names: `{ "app/user.created": { data: { id: string }; user?: … } }`. Types are not there at run time: of a name
   * that had a schema before, the schema goes on being asked.
   */
  fromRecord<R extends ShapesOf<R>>(): EventSchemas<Simplify<Omit<S, keyof R> & R>> {
    return new EventSchemas(this.#schemas);
  }

  /** Events from a union of types, each with its literal `name`. */
  fromUnion<U extends NamedEvent>(): EventSchemas<Simplify<Omit<S, U["name"]> & FromUnion<U>>> {
    return new EventSchemas(this.#schemas);
  }

  /**
   * Events from Standard Schemas: of the data, or `{ data, user? }`.
   *
   * @throws StepwellError `STEPWELL_INVALID_OPTION`, `STEPWELL_INVALID_EVENT` for what is no schema or no event's name
   * @example
   * ```ts
   * new EventSchemas().fromSchema({ "shop/order.paid": z.object({ orderId: z.string() }) });
   * new EventSchemas().fromSchema(legacy, { validate: false });
   * ```
   */
  fromSchema<const T extends Readonly<Record<string, EventSchema>>>(
    schemas: T,
    options?: FromSchemaOptions,
  ): EventSchemas<Simplify<Omit<S, keyof T> & FromSchemas<T>>> {
    const { validate } = checkOptions(options);
    const all = new Map(this.#schemas);
    for (const [name, schema] of Object.entries(checkRecord(schemas))) {
      checkEventName(name, "STEPWELL_INVALID_EVENT", WHERE);
      const checked = checkEventSchema(schema, `${WHERE}: ${JSON.stringify(name)}`);
      if (validate) all.set(name, checked);
      else all.delete(name);
    }
    return new EventSchemas(all);
  }

  /** What checks events of that name; nothing for those that only the compiler knows. For the engine. */
  of(name: string): FieldSchemas | undefined {
    return this.#schemas.get(name);
  }
}

function checkRecord(schemas: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(schemas)) return schemas;
  throw badInput(CODE, WHERE, `takes an object of schemas by event name, got ${quote(schemas)}.`);
}

function checkOptions(options: unknown = {}): { readonly validate: boolean } {
  if (!isRecord(options))
    throw badInput(CODE, WHERE, `the second argument must be { validate? }, got ${quote(options)}.`);
  refuseUnknownKeys(options, ["validate"], CODE, WHERE);
  const { validate = true } = options;
  if (typeof validate === "boolean") return { validate };
  throw badInput(CODE, `${WHERE}: validate`, `must be true or false, got ${quote(validate)}.`);
}
