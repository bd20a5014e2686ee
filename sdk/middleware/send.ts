import { checkEvents } from "../client/events.ts";
import { checkEventBytes, jsonText } from "../client/json.ts";
import { isRecord, quote } from "../errors/index.ts";
import type { OutgoingEvent } from "../execution/index.ts";
import { EVENT_INVOKED } from "../protocol/index.ts";
import type { SendResult } from "../types/index.ts";
import { callHook, checkList, checkRecord, checkReturned, failed, type Hook } from "./hook.ts";
import { checkFunction, type ReadyMiddleware } from "./run-hooks.ts";
import type { EventPayload, MiddlewareContext, SendEventHooks } from "./types.ts";

interface Link {
  readonly name: string;
  readonly hooks: SendEventHooks;
}

/** What sends events, once middleware has had its say. */
export type Send = (events: readonly OutgoingEvent[]) => Promise<SendResult>;

/** One send through the middleware: their events on the way out in order, the result the other way round. */
export async function sendThrough(
  middleware: readonly ReadyMiddleware[],
  events: readonly OutgoingEvent[],
  send: Send,
  ctx?: MiddlewareContext,
): Promise<SendResult> {
  const links = await open(middleware);
  const changed = await transformInput(links, events, ctx);
  const payloads = changed === events ? events : checkEvents(changed, "onSendEvent: transformInput");
  let result = await send(payloads);
  for (const { at, hook } of hooksOf(links.toReversed(), "transformOutput")) {
    const returned = checkReturned(at, await callHook(at, () => hook({ result, payloads })), ["result", "payloads"]);
    result = { ...result, ...checkRecord(at, returned.result, "result") };
  }
  return result;
}

/** The data of an invocation through the middleware, as the one event that it starts the child with. */
export async function invokeThrough(
  middleware: readonly ReadyMiddleware[],
  { data, user }: Pick<OutgoingEvent, "data" | "user">,
  ctx?: MiddlewareContext,
): Promise<Pick<OutgoingEvent, "data" | "user">> {
  const payload: EventPayload = { name: EVENT_INVOKED, data, ...(user !== undefined && { user }) };
  const payloads = [payload];
  const links = await open(middleware);
  const changed = await transformInput(links, payloads, ctx);
  const names = links.map(({ name }) => name).join('", "');
  return changed === payloads ? { data, user } : checkInvocation(changed, names);
}

async function open(middleware: readonly ReadyMiddleware[]): Promise<readonly Link[]> {
  const links: Link[] = [];
  for (const { name, hooks } of middleware) {
    const { onSendEvent } = hooks;
    if (onSendEvent === undefined) continue;
    const at = { middleware: name, hook: "onSendEvent" };
    const opened = checkReturned(at, await callHook(at, () => onSendEvent()), ["transformInput", "transformOutput"]);
    for (const [hook, value] of Object.entries(opened)) checkFunction(at, value, hook);
    links.push({ name, hooks: opened as SendEventHooks });
  }
  return links;
}

async function transformInput(
  links: readonly Link[],
  given: readonly EventPayload[],
  ctx: MiddlewareContext | undefined,
): Promise<readonly EventPayload[]> {
  let payloads = given;
  for (const { at, hook } of hooksOf(links, "transformInput")) {
    const returned = await callHook(at, () => hook({ payloads, ...(ctx && { ctx }) }));
    const { payloads: changed } = checkReturned(at, returned, ["payloads", "ctx"]);
    if (changed !== undefined) payloads = checkList(at, changed, "payloads") as readonly EventPayload[];
  }
  return payloads;
}

function* hooksOf<K extends keyof SendEventHooks>(
  links: readonly Link[],
  hook: K,
): Generator<{ readonly at: Hook; readonly hook: NonNullable<SendEventHooks[K]> }> {
  for (const { name, hooks } of links) {
    const found = hooks[hook];
    if (found !== undefined) yield { at: { middleware: name, hook: `onSendEvent: ${hook}` }, hook: found };
  }
}

/** The engine reads an invocation's data as it reads an event's. */
function checkInvocation(changed: readonly EventPayload[], middleware: string): Pick<OutgoingEvent, "data" | "user"> {
  const at = { middleware, hook: "onSendEvent: transformInput" };
  const [payload] = changed;
  if (changed.length !== 1 || !isRecord(payload))
    throw failed(at, `has to give one payload for an invocation, got ${changed.length}`);
  const { data = {}, user } = payload;
  if (!isRecord(data)) throw failed(at, `has to give an object as \`data\`, got ${quote(data)}`);
  const dataText = jsonText(data, "data", "STEPWELL_INVALID_EVENT", at.hook);
  const userText = user === undefined ? undefined : jsonText(user, "user", "STEPWELL_INVALID_EVENT", at.hook);
  checkEventBytes([dataText], userText, at.hook);
  return {
    data: JSON.parse(dataText) as unknown,
    ...(userText !== undefined && { user: JSON.parse(userText) as unknown }),
  };
}
