/** A throttled run starts when its place says so, whatever its message was told: a deploy may have moved it (engine/throttle.ts, T1). */
import {
  IN_PLACE_SLEEP_MS_MAX,
  type ReservedStart,
  type RunMessage,
  SQS_DELAY_SECONDS_MAX,
} from "../../sdk/protocol/index.ts";
import { startName } from "../aws/keys.ts";
import type { StoredPlace } from "../aws/place-store.ts";
import { paceOf, startVerdict } from "../engine/throttle.ts";
import type { RunnerDeps } from "./deps.ts";

/** Undefined: nothing holds the run back. Else its message is done with, or it comes back in a while. */
export async function heldBack(deps: RunnerDeps, message: RunMessage): Promise<"ack" | "keep" | undefined> {
  const { world, functions, clock } = deps;
  const pace = paceOf(functions.get(message.functionId)?.manifest.flow?.throttle);
  if (pace === undefined) return undefined;
  const name = await placeNameOf(deps, message);
  const place = name === undefined ? undefined : await world.places.get(message, name);
  if (place?.runId !== message.runId) return undefined;
  await until(deps, place.startsAt);
  const verdict = startVerdict(place, pace, clock.now());
  if (verdict === "go" || (await needsNoStart(deps, message))) return undefined;
  // It comes back as often as the visibility of its message lets it.
  if (verdict === "stale") return "keep";
  await waitOn(deps, message, place);
  return "ack";
}

/** A wake that is no part of the run's plan, such as an operator's, must not start it too early either. */
async function placeNameOf({ world }: RunnerDeps, message: RunMessage): Promise<string | undefined> {
  if (message.kind !== "start" && message.kind !== "wake") return undefined;
  if (message.reserved !== undefined) return message.reserved.place;
  if (message.kind === "start" || message.rearm !== true) return undefined;
  const header = await world.runs.header(message);
  return header?.startedAt === undefined ? header?.reserved : undefined;
}

/** A start comes up to a second early, since a queue's delay has whole seconds. No more is waited for in place. */
async function until({ clock }: RunnerDeps, startsAt: number): Promise<void> {
  const rest = startsAt - clock.now();
  if (rest <= 0 || rest > IN_PLACE_SLEEP_MS_MAX) return;
  await new Promise<void>((resolve) => clock.pause(startsAt, resolve));
}

/** The run has been started before its place was moved, or is to end. */
async function needsNoStart({ world }: RunnerDeps, message: RunMessage): Promise<boolean> {
  const header = await world.runs.header(message);
  return (
    header !== undefined &&
    (header.status !== "active" || header.startedAt !== undefined || header.cancel !== undefined)
  );
}

/** Another message takes the place of this one before it is acknowledged (L3). */
async function waitOn(
  { world, binding, clock }: RunnerDeps,
  message: RunMessage,
  { name, startsAt, rev }: StoredPlace,
) {
  const reserved: ReservedStart = { place: name, at: startsAt };
  const later = { ...message, reserved } as RunMessage;
  const seconds = Math.max(0, Math.floor((startsAt - clock.now()) / 1_000));
  if (seconds <= SQS_DELAY_SECONDS_MAX) await world.queue.sendToRun(binding.runQueueUrl, later, seconds);
  else await world.timer.schedule(startName(message.runId, rev), startsAt, later);
}
