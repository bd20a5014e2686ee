import type { Skipped } from "../engine/types.ts";
import type { Candidate } from "./admit.ts";
import type { RouterDeps } from "./deps.ts";

/**
 * Leaves the record of an event that starts no run of a function, unless there is a run already: then an earlier delivery has let the
 * event through, and that counts (undefined). Returns what stands.
 */
export async function standsSkipped(
  { world, clock, log }: RouterDeps,
  { run, event }: Pick<Candidate, "run" | "event">,
  refusal: Skipped,
): Promise<Skipped | undefined> {
  const record = { eventId: event.id, queuedAt: clock.now(), skipped: refusal };
  let header = await world.runs.header(run);
  if (header === undefined && !(await world.runs.putSkipped(run, record))) header = await world.runs.header(run);
  const skipped = header === undefined ? refusal : header.skipped;
  // What a debounce has superseded was let through here.
  if (skipped === undefined || skipped.reason === "debounce") return undefined;
  const { reason, key, runId: because } = skipped;
  const { functionId, runId } = run;
  log.info("an event started no run of a function", { functionId, eventId: event.id, runId, reason, key, because });
  return skipped;
}
