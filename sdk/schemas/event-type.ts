import type { StandardSchemaV1 } from "@standard-schema/spec";
import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { checkEventName, checkEventPattern } from "../functions/event-name.ts";
import type {
  AnyCreatedEvent,
  AnyEventType,
  CreatedName,
  CreateInput,
  CreateOptions,
  DataOf,
  EventSchema,
  EventShape,
  ShapeOf,
} from "../types/index.ts";
import { checkSubjects } from "./check.ts";
import { checkEventSchema, type FieldSchemas } from "./standard.ts";

const CODE = "STEPWELL_INVALID_OPTION";

/** On event types and the events that they create; shared by all copies of this package. */
const FIELD_SCHEMAS: unique symbol = Symbol.for("stepwell.event-type.schemas") as never;

/** Options of an `eventType`. */
export interface EventTypeOptions<Schema extends EventSchema | undefined = EventSchema | undefined> {
  /** A Standard Schema of the data, or `{ data, user? }`. @default - any data */
  readonly schema?: Schema;
  /** The `v` of events that it creates. 1 to 128 characters. @default - none */
  readonly version?: string;
}

/**
 * One kind of event: its name, and what is known of its data. Made by `eventType`.
 *
 * @example
 * ```ts
 * const kinds: EventType[] = [orderPlaced, orderPaid];
 * ```
 */
export class EventType<Name extends string = string, E extends EventShape = EventShape>
  implements AnyEventType<Name, E>
{
  /** For the compiler only; never there at run time. */
  declare readonly "~event": E;
  readonly name: Name;
  /** The name again: so that it is a trigger as it is. */
  readonly event: Name;
  declare readonly version?: string;
  readonly [FIELD_SCHEMAS]: FieldSchemas | undefined;

  constructor(name: Name, schemas: FieldSchemas | undefined, version: string | undefined) {
    this.name = name;
    this.event = name;
    if (version !== undefined) this.version = version;
    this[FIELD_SCHEMAS] = schemas;
  }

  /**
   * An event of this kind, for `send` and `step.sendEvent`. They check it, since a schema may be asynchronous; `validate()` does so before.
   *
   * @throws StepwellError `STEPWELL_INVALID_EVENT` if this is a wildcard, for options that are wrong or unknown
   * @example
   * ```ts
   * await stepwell.send(orderPlaced.create({ orderId: "o1" }, { id: "order-o1" }));
   * ```
   */
  create(...[data, options]: CreateInput<E>): CreatedEvent<Name, E> {
    const where = `eventType(${JSON.stringify(this.name)}).create`;
    checkEventName(this.name, "STEPWELL_INVALID_EVENT", where);
    const version = this.version === undefined ? {} : { v: this.version };
    const fields = { ...version, ...checkCreateOptions(options, where) };
    return new CreatedEvent(this.name as CreatedName<Name>, data as DataOf<E>, fields, this[FIELD_SCHEMAS]);
  }
}

/**
 * An event that an `EventType` has created: what `send` takes, and remembers its schema.
 *
 * @example
 * ```ts
 * const events: CreatedEvent[] = orders.map((order) => orderPlaced.create({ orderId: order.id }));
 * ```
 */
export class CreatedEvent<Name extends string = string, E extends EventShape = EventShape> implements AnyCreatedEvent {
  readonly name: CreatedName<Name>;
  readonly data: DataOf<E>;
  declare readonly id?: string;
  declare readonly ts?: number;
  declare readonly v?: string;
  declare readonly user?: object;
  /** Goes along when the event is spread into another object. */
  declare readonly [FIELD_SCHEMAS]?: FieldSchemas;

  constructor(name: CreatedName<Name>, data: DataOf<E>, options: CreateOptions, schemas: FieldSchemas | undefined) {
    this.name = name;
    this.data = data;
    Object.assign(this, options);
    if (schemas !== undefined) this[FIELD_SCHEMAS] = schemas;
  }

  /** Asks the schema now, and not only when the event is sent. @throws EventSchemaError */
  async validate(): Promise<void> {
    const { name, data = {}, user, [FIELD_SCHEMAS]: schemas } = this;
    if (schemas === undefined) return;
    const where = `the event ${JSON.stringify(name)}`;
    await checkSubjects([{ where, alternatives: [schemas], event: { data, user }, strict: true }]);
  }
}

/**
 * Names a kind of event and its data once: as a trigger, in `send` by `.create(data)`, in `step.waitForEvent` and in `cancelOn`. The client's
 * own schemas need not know it.
 *
 * Its schema is asked at run time, when an event is sent and when one arrives, and transforms nothing (see `EventSchemas`).
 *
 * @throws StepwellError `STEPWELL_INVALID_EVENT` for a name that no event can have; `STEPWELL_INVALID_OPTION` for a wrong option
 * @example
 * ```ts
 * const orderPlaced = eventType("shop/order.placed", { schema: z.object({ orderId: z.string() }) });
 *
 * stepwell.createFunction({ id: "confirm", triggers: [orderPlaced] }, async ({ event }) => event.data.orderId);
 * await stepwell.send(orderPlaced.create({ orderId: "o1" }));
 * ```
 */
export function eventType<const Name extends string, Schema extends EventSchema | undefined = undefined>(
  name: Name,
  options?: EventTypeOptions<Schema>,
): EventType<Name, ShapeOf<Schema>> {
  checkEventPattern(name, "STEPWELL_INVALID_EVENT", "eventType: name");
  const where = `eventType(${JSON.stringify(name)})`;
  const { schema, version } = checkTypeOptions(options, where);
  return new EventType(name, schema, version);
}

/**
 * A schema for the compiler only: it lets everything pass.
 *
 * @example
 * ```ts
 * const orderPlaced = eventType("shop/order.placed", { schema: staticSchema<{ orderId: string }>() });
 * ```
 */
export const staticSchema = <Data extends Record<string, unknown>>(): StandardSchemaV1<Data> => ({
  "~standard": { version: 1, vendor: "stepwell", validate: (value) => ({ value: value as Data }) },
});

/** Holds for those of a second copy of this package too. */
export const isEventType = (value: unknown): value is EventType =>
  isRecord(value) && FIELD_SCHEMAS in value && typeof value.event === "string";

/** The schemas that an event type, or an event that one has created, brings along. */
export const ownSchemas = (value: object): FieldSchemas | undefined =>
  (value as { [FIELD_SCHEMAS]?: FieldSchemas })[FIELD_SCHEMAS];

function checkTypeOptions(options: unknown = {}, where: string): { schema?: FieldSchemas; version?: string } {
  if (!isRecord(options)) {
    throw badInput(CODE, where, `the second argument must be { schema?, version? }, got ${quote(options)}.`);
  }
  refuseUnknownKeys(options, ["schema", "version"], CODE, where);
  const { schema, version } = options;
  if (version !== undefined && (typeof version !== "string" || version === "")) {
    throw badInput(CODE, `${where}: version`, `must be a text that is not empty, got ${quote(version)}.`);
  }
  return {
    ...(schema !== undefined && { schema: checkEventSchema(schema, `${where}: schema`) }),
    ...(version !== undefined && { version }),
  };
}

function checkCreateOptions(options: unknown = {}, where: string): CreateOptions {
  if (!isRecord(options)) {
    throw badInput(CODE, where, `the second argument must be { id?, ts?, v?, user? }, got ${quote(options)}.`);
  }
  // What they hold is looked at when the event is sent, as that of any event.
  refuseUnknownKeys(options, ["id", "ts", "v", "user"], CODE, where);
  return options;
}
