import { toUserEvent, type UserEvent } from "../../sdk/execution/index.ts";
import type { RunAddress, StoredEvent } from "../../sdk/protocol/index.ts";
import type { AppWorld } from "../aws/app-world.ts";
import { type EventRef, isSame } from "../engine/bucket.ts";
import { timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";

export interface LoadedEvent {
  readonly event: StoredEvent;
  readonly data: unknown;
}

/** What a run was started by. */
export interface RunEvents {
  /** As the handler gets them: a batch's as they came, a debounce's by their time. */
  readonly all: readonly LoadedEvent[];
  /** The place of the one that is the handler's `event`. */
  readonly main: number;
  /** Until when the list of a run that has several is kept, in milliseconds. */
  readonly listedUntil?: number;
}

/** Events of one run that are loaded at the same time. */
const LOADS_AT_ONCE = 25;

/** Loads a run's events; `given`: the message brought the one. Undefined: not all of them are stored any more. */
export async function loadRunEvents(
  world: AppWorld,
  run: RunAddress,
  header: RunHeader,
  given?: StoredEvent,
): Promise<RunEvents | undefined> {
  const main: EventRef = { id: header.eventId, at: header.eventAt ?? timeOf(run.runId) };
  if (header.batch !== true) {
    const loaded = await load(world, run.env, main, given);
    return loaded && { all: [loaded], main: 0 };
  }
  const list = await world.runEvents.get(run);
  if (list === undefined) return undefined;
  const { events, keptUntil: listedUntil } = list;
  const all: LoadedEvent[] = [];
  for (let i = 0; i < events.length; i += LOADS_AT_ONCE) {
    const part = events.slice(i, i + LOADS_AT_ONCE);
    const loaded = await Promise.all(part.map((ref) => load(world, run.env, ref)));
    all.push(...loaded.filter((one) => one !== undefined));
  }
  if (all.length < events.length) return undefined;
  return {
    all,
    main: Math.max(
      0,
      events.findIndex((ref) => isSame(ref, main)),
    ),
    listedUntil,
  };
}

/** The run's events as users see them, and the handler's `event` among them. */
export function userEventsOf({ all, main }: RunEvents): { readonly event: UserEvent; readonly events: UserEvent[] } {
  const events = all.map(({ event, data }) => toUserEvent(event, data));
  const event = events[main];
  if (event === undefined) throw new TypeError("A run has no event.");
  return { event, events };
}

async function load(
  world: AppWorld,
  env: string,
  { id, at }: EventRef,
  given?: StoredEvent,
): Promise<LoadedEvent | undefined> {
  const event = given ?? (await world.events.get(env, id, at));
  return event && { event, data: await world.payloads.load(event.data) };
}
