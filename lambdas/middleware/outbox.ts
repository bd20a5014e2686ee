import { StepwellError } from "../../sdk/protocol/index.ts";

/** What is needed of a client: `new Stepwell(…)`. */
export interface OutboxClient {
  send(events: never): Promise<{ readonly ids: readonly string[] }>;
}

/** Options of `outbox`. */
export interface OutboxOptions<Client extends OutboxClient, Event = unknown> {
  readonly client: Client;
  /**
   * The same text for each delivery of the same request, such as a message's id or an `Idempotency-Key`: events without an id get theirs from it,
   * so that a request that is delivered twice sends once. At most 100 characters. @default - ids are new each time
   */
  readonly idempotencyKey?: (event: Event, context: object) => string | undefined;
}

type EventsOf<Client extends OutboxClient> = Parameters<Client["send"]>[0];

/** What is in the context of a handler with `outbox`. */
export interface OutboxContext<Client extends OutboxClient> {
  readonly stepwell: {
    /** Takes one or several events, to be sent when the handler has ended well. */
    send(events: EventsOf<Client>): void;
  };
}

/** The part of a request of middy's that we have; spelled out, so that our types do not lead into middy's. */
export interface OutboxRequest {
  readonly event: unknown;
  readonly context: object;
}

/** The part of a middy middleware that we have. */
export interface OutboxMiddleware {
  before(request: OutboxRequest): void;
  after(request: OutboxRequest): Promise<void>;
}

/**
 * Middleware of middy for Lambda handlers of your own (an API, a queue): `context.stepwell.send` collects events, and they are sent at once when
 * the handler has ended well. One that throws has sent nothing; and if the send fails, so does the invocation.
 *
 * The Lambda has to know the engine: `engine.grantSend(fn)`. Throws a `StepwellError` of code `STEPWELL_INVALID_OPTION` for wrong options; the
 * handler throws what `client.send` throws.
 *
 * @example
 * ```ts
 * import middy from "@middy/core";
 *
 * export const handler = middy(async (event, { stepwell }) => {
 *   const order = await orders.create(JSON.parse(event.body));
 *   stepwell.send({ name: "shop/order.placed", data: { orderId: order.id } });
 *   return { statusCode: 201 };
 * }).use(outbox({ client, idempotencyKey: (event: ApiEvent) => event.headers["idempotency-key"] }));
 * ```
 */
export const outbox = <Client extends OutboxClient, Event = unknown>(
  options: OutboxOptions<Client, Event>,
): OutboxMiddleware => {
  const { client, idempotencyKey } = checkOptions(options);
  const held = new WeakMap<object, object[]>();

  const outboxBefore = ({ context }: OutboxRequest) => {
    const events: object[] = [];
    held.set(context, events);
    const send = (given: object | readonly object[]) => {
      events.push(...(Array.isArray(given) ? given : [given]));
    };
    Object.assign(context, { stepwell: { send } });
  };

  const outboxAfter = async ({ event, context }: OutboxRequest) => {
    const events = held.get(context) ?? [];
    held.delete(context);
    if (events.length === 0) return;
    const key = idempotencyKey?.(event as Event, context);
    const named = key === undefined ? events : events.map((one, index) => ({ id: `${key}-${index}`, ...one }));
    await client.send(named as never);
  };

  return { before: outboxBefore, after: outboxAfter };
};

function checkOptions<Options extends OutboxOptions<OutboxClient, never>>(options: Options): Options {
  const { client, idempotencyKey }: Partial<Options> = options ?? {};
  if (typeof client?.send !== "function") throw refused("client", "must be a client: `new Stepwell({ … })`");
  if (idempotencyKey === undefined || typeof idempotencyKey === "function") return options;
  throw refused("idempotencyKey", "must be a function of the event");
}

const refused = (option: string, what: string) =>
  new StepwellError("STEPWELL_INVALID_OPTION", `outbox: ${option}: ${what}.`);
