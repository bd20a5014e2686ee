import { toUserEvent } from "../../sdk/execution/user-event.ts";
import { HOPS_MAX, RESERVED_EVENT_PREFIX, type StoredEvent } from "../../sdk/protocol/index.ts";
import { pathsOfEvent } from "../engine/lookback.ts";
import { emitsOf, matchTriggers, mayTrigger } from "../engine/match.ts";
import { admit } from "./admit.ts";
import { type Routed, type RouterDeps, together } from "./deps.ts";
import type { BusEvent } from "./ingest-message.ts";
import { resolveWaits } from "./resolve-waits.ts";

/** An event: stored once, then every function that it triggers is started, and every wait that it matches resolved. */
export async function routeEvent(deps: RouterDeps, incoming: BusEvent): Promise<Routed> {
  const { world, log } = deps;
  if (incoming.hops > HOPS_MAX) {
    log.error("an event went through too many functions and is dropped: does a function trigger itself?", {
      event: incoming.name,
      eventId: incoming.id,
      hops: incoming.hops,
    });
    return { send: [] };
  }
  const [apps, known] = await Promise.all([
    world.registry.apps(incoming.env),
    world.listeners.paths(incoming.env, incoming.name),
  ]);
  const paths = pathsOfEvent(incoming.name, apps, known);
  const isAwaited = mayTrigger(apps, incoming.name) || paths.length > 0;
  // Lifecycle events are stored only when somebody has a use for them.
  if (!isAwaited && incoming.name.startsWith(RESERVED_EVENT_PREFIX)) return { send: [] };
  const event = await store(deps, incoming);
  if (!isAwaited) {
    nothing(deps, incoming);
    return { send: [] };
  }
  const userEvent = toUserEvent(event, await world.payloads.load(event.data));
  const emits = emitsOf(apps);
  const matches = matchTriggers(apps, userEvent);
  const admitted = await Promise.all(matches.map((match) => admit(deps, { match, event, emits }, userEvent)));
  const resolved = await resolveWaits(deps, { apps, paths, event, userEvent });
  if (matches.length + resolved.send.length === 0) nothing(deps, incoming);
  return together([...admitted, resolved]);
}

/** The likeliest mistake of somebody who sends an event: its name. */
function nothing({ log }: RouterDeps, { name, id }: BusEvent): void {
  log.debug("an event started no function, and nothing waited for it", { event: name, eventId: id });
}

async function store({ world, clock }: RouterDeps, event: BusEvent): Promise<StoredEvent> {
  const data =
    "json" in event.data ? await world.payloads.store(`events/${event.env}/${event.id}`, event.data.json) : event.data;
  return world.events.put({ ...event, data, arrivedAt: clock.now() });
}
