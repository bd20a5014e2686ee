import { toUserEvent } from "../../sdk/execution/user-event.ts";
import type { LookBackMessage } from "../../sdk/protocol/index.ts";
import { countsFrom } from "../engine/listeners.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { claim, concerns } from "./resolve-waits.ts";

/** Events that are looked at for one listener, the earliest first: each is read, and the whole is to fit an invocation. */
const LOOKS_MAX = 1_000;

/**
 * A wait's listener is there now, and events had arrived before it was, or before the wait itself if it looks back: the earliest one that it waits for resolves it, as if it had come
 * now (L7). Whoever else has resolved the wait meanwhile is first, and stays it.
 */
export async function lookBack(deps: RouterDeps, message: LookBackMessage): Promise<Routed> {
  const { world, log } = deps;
  const listener = await world.listeners.get(message.listener);
  if (listener === undefined || listener.kind === "cancel") return { send: [] };
  const apps = await world.registry.apps(listener.env);
  let looks = 0;
  for await (const { id, at } of world.arrivals.since(listener, countsFrom(listener.since))) {
    const event = await world.events.get(listener.env, id, at);
    if (event === undefined) continue;
    if (++looks > LOOKS_MAX) {
      log.warn("a wait looks back no further: too many events of its key have arrived", {
        runId: listener.runId,
        looks,
      });
      break;
    }
    const userEvent = toUserEvent(event, await world.payloads.load(event.data));
    if (await concerns(deps, listener, event, userEvent)) return claim(deps, { apps, event }, listener);
  }
  return { send: [] };
}
