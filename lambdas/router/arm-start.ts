import type { FlowManifest } from "../../sdk/protocol/index.ts";
import { startBy } from "../engine/cancel.ts";
import type { RouterDeps } from "./deps.ts";
import type { OutgoingStart } from "./start-run.ts";

/** Sees to it that a run which is queued now ends when its `timeouts.start` is over, if it has not been started `before` that. */
export async function armStart(
  { world, clock }: RouterDeps,
  { message, queueUrl }: OutgoingStart,
  timeouts: FlowManifest["timeouts"],
  before = Number.POSITIVE_INFINITY,
): Promise<void> {
  const by = startBy(timeouts, message.queuedAt);
  if (by !== undefined && by <= before) await world.armDeadline(message, "start", by, clock.now(), queueUrl);
}
