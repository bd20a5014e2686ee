import type { Outcome, StepMemo } from "../../sdk/protocol/index.ts";
import { waitName } from "../aws/keys.ts";
import type { Held } from "./held.ts";

/**
 * Ends a step that has no outcome yet. What would bring another one is taken back first: until the outcome is there each holder finds the
 * step open, and does all of it again (L7). Whatever has been stored before counts.
 */
export async function closeStep(
  { deps: { world, clock }, run, memo }: Held,
  step: StepMemo,
  end: { readonly outcome: Outcome; readonly by: string },
): Promise<void> {
  await world.takeBack(run, step);
  if (step.wait?.via === "stepFunctions") await world.waits.stop(waitName(run.runId, step));
  const closed = await world.steps.resolve(run, step.key, { ...end, at: clock.now() });
  const stored = closed ?? (await world.steps.get(run, step.key));
  if (stored !== undefined) memo.set(step.key, stored.memo);
}
