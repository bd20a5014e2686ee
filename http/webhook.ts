import { createHash } from "node:crypto";
import { badInput, checkId, isRecord, quote, refuseUnknownKeys } from "../sdk/errors/index.ts";
import { EVENT_ID_CHARS_MAX } from "../sdk/protocol/index.ts";
import type { OutgoingEvents } from "../sdk/types/index.ts";
import { unauthorized } from "./auth.ts";
import { parseJson } from "./body.ts";

const CODE = "STEPWELL_INVALID_OPTION";

/** What a provider has posted. */
export interface Delivery {
  /** The webhook's name. */
  readonly webhook: string;
  readonly headers: Headers;
  readonly url: URL;
  /** The body as it came: what signatures are over. */
  readonly raw: Uint8Array;
  /** The same as text. */
  readonly text: string;
  /** When it came, in milliseconds since the epoch. */
  readonly now: number;
  /** The body, if it is JSON; else the request is answered with 400. The type is taken as given. */
  json<T = unknown>(): T;
  /** The fields of a form. */
  form(): URLSearchParams;
}

/** How a provider's deliveries are told from forged ones, and from each other. */
export interface WebhookSource {
  /** Whether it comes from the provider; `"none"` takes what anybody posts, and is said in the log once. */
  readonly verify: ((delivery: Delivery) => boolean | Promise<boolean>) | "none";
  /** The provider's own id of a delivery, the same when it is delivered again: then its events have the same ids, and start nothing twice. */
  readonly deliveryId?: (delivery: Delivery) => string | undefined;
}

/** A webhook: who it comes from, and which events it means. */
export interface Webhook<S> extends WebhookSource {
  /** The events to send; `null` for a delivery that means none. */
  readonly transform: (
    delivery: Delivery,
  ) => OutgoingEvents<S> | null | undefined | Promise<OutgoingEvents<S> | null | undefined>;
}

/** @throws StepwellError `STEPWELL_INVALID_OPTION` with the option's path */
export function checkWebhooks(webhooks: unknown = {}): Map<string, Webhook<unknown>> {
  if (!isRecord(webhooks))
    throw badInput(CODE, "httpDoor: webhooks", `must be an object of webhooks by name, got ${quote(webhooks)}.`);
  return new Map(
    Object.entries(webhooks).map(([name, webhook]) => [
      // It is a part of an address.
      checkId(name, CODE, "httpDoor: webhooks"),
      checkWebhook(name, webhook),
    ]),
  );
}

function checkWebhook(name: string, webhook: unknown): Webhook<unknown> {
  const where = `httpDoor: webhooks.${name}`;
  if (!isRecord(webhook)) throw badInput(CODE, where, `must be { verify, transform }, got ${quote(webhook)}.`);
  refuseUnknownKeys(webhook, ["verify", "transform", "deliveryId"], CODE, where);
  const { verify, transform, deliveryId } = webhook;
  if (typeof verify !== "function" && verify !== "none")
    throw badInput(CODE, `${where}.verify`, `must be a function, or "none", got ${quote(verify)}.`);
  if (typeof transform !== "function")
    throw badInput(CODE, `${where}.transform`, `must be a function, got ${quote(transform)}.`);
  if (deliveryId !== undefined && typeof deliveryId !== "function")
    throw badInput(CODE, `${where}.deliveryId`, `must be a function, got ${quote(deliveryId)}.`);
  return webhook as unknown as Webhook<unknown>;
}

export function deliveryOf(request: Request, webhook: string, body: Buffer, now: number): Delivery {
  const text = body.toString("utf8");
  return {
    webhook,
    headers: request.headers,
    url: new URL(request.url),
    raw: body,
    text,
    now,
    json: <T>() => parseJson(body) as T,
    form: () => new URLSearchParams(text),
  };
}

/** The events that a delivery means, with their ids. @throws Refusal 401 for a forged one */
export async function eventsOf(webhook: Webhook<unknown>, delivery: Delivery): Promise<readonly unknown[]> {
  if (webhook.verify !== "none" && (await webhook.verify(delivery)) !== true)
    throw unauthorized("It was not signed by the provider of this webhook.");
  const events: unknown = await webhook.transform(delivery);
  if (events === null || events === undefined) return [];
  const id = webhook.deliveryId?.(delivery);
  const list: readonly unknown[] = Array.isArray(events) ? events : [events];
  return id === undefined ? list : withIds(list, (index) => idOf(delivery.webhook, id, index));
}

/** Events, each with an id: its own, or the one of its place. */
export const withIds = (events: readonly unknown[], id: (index: number) => string): readonly unknown[] =>
  events.map((event, index) => (isRecord(event) && event.id === undefined ? { ...event, id: id(index) } : event));

function idOf(webhook: string, delivery: string, index: number): string {
  const id = `${webhook}-${delivery}-${index}`;
  return id.length <= EVENT_ID_CHARS_MAX ? id : createHash("sha256").update(id).digest("hex");
}
