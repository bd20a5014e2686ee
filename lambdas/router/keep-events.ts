import { EVENT_RETENTION_MS, type RunAddress } from "../../sdk/protocol/index.ts";
import { renewedExpiry } from "../engine/retention.ts";
import type { RouterDeps } from "./deps.ts";

const DAY_MS = 86_400_000;

/** A run and the event that decides for it; of a batch there are others. */
export interface RunOfEvent {
  readonly run: RunAddress;
  readonly event: { readonly id: string; readonly at: number };
  readonly batch?: true | undefined;
}

/** Whether an event of that bus time may be gone when a run of it starts. */
export const mayBeGone = (at: number, startsAt: number): boolean => startsAt + DAY_MS > at + EVENT_RETENTION_MS;

/** A throttled run that starts when its events might be gone: they are kept until then, and of a batch the list of them too. */
export async function keepForStart({ world }: RouterDeps, { run, event, batch }: RunOfEvent, startsAt: number) {
  if (!mayBeGone(event.at, startsAt)) return;
  const until = startsAt + DAY_MS;
  const { events } = (batch && (await world.runEvents.get(run))) ?? { events: [event] };
  await Promise.all(events.map(({ id, at }) => world.events.keepUntil({ env: run.env, id, at }, until)));
  if (batch) await world.runEvents.keep(run, renewedExpiry(until, world.retentionMs));
}
