import { EVENT_RETENTION_MS } from "../../sdk/protocol/index.ts";
import { renewedExpiry } from "../engine/retention.ts";
import type { RunCandidate } from "./admit-run.ts";
import type { RouterDeps } from "./deps.ts";

const DAY_MS = 86_400_000;

/** A throttled run that starts when its events might be gone: they are kept until then, and of a batch the list of them too. */
export async function keepForStart({ world }: RouterDeps, { event, run, batch }: RunCandidate, startsAt: number) {
  const until = startsAt + DAY_MS;
  if (until <= event.at + EVENT_RETENTION_MS) return;
  const { events } = (batch && (await world.runEvents.get(run))) ?? { events: [event] };
  await Promise.all(events.map(({ id, at }) => world.events.keepUntil({ env: run.env, id, at }, until)));
  if (batch) await world.runEvents.keep(run, renewedExpiry(until, world.retentionMs));
}
