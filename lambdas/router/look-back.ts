import { toUserEvent } from "../../sdk/execution/user-event.ts";
import type { LookBackMessage } from "../../sdk/protocol/index.ts";
import { countsFrom } from "../engine/listeners.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { claim, concerns } from "./resolve-waits.ts";

/**
 * A wait's listener is there now, and events had arrived before it was: the earliest one that it waits for resolves it, as if it had come
 * now (L7). Whoever else has resolved the wait meanwhile is first, and stays it.
 */
export async function lookBack(deps: RouterDeps, message: LookBackMessage): Promise<Routed> {
  const { world } = deps;
  const listener = await world.listeners.get(message.listener);
  if (listener === undefined || listener.kind === "cancel") return { send: [] };
  const apps = await world.registry.apps(listener.env);
  for await (const { id, at } of world.arrivals.since(listener, countsFrom(listener.since))) {
    const event = await world.events.get(listener.env, id, at);
    if (event === undefined) continue;
    const userEvent = toUserEvent(event, await world.payloads.load(event.data));
    if (await concerns(deps, listener, event, userEvent)) return claim(deps, { apps, event }, listener);
  }
  return { send: [] };
}
