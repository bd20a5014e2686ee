import type { Op } from "../../sdk/execution/index.ts";
import { RACE_LOST } from "../../sdk/execution/racing.ts";
import type { Outcome, StepMemo } from "../../sdk/protocol/index.ts";
import { waitName } from "../aws/index.ts";
import type { Held } from "./held.ts";

/**
 * Closes steps that have lost their race, so that nothing wakes the run for them: sleeps, waits, invokes, and steps between two tries.
 * What would bring their outcome is taken back first: until the outcome is there each replay finds them open, and does all of it again (L7).
 */
export async function closeLosers(held: Held, lost: readonly Op[]): Promise<boolean> {
  const open = lost.flatMap(({ key }) => held.memo.get(key) ?? []).filter(({ outcome }) => outcome === undefined);
  await Promise.all(open.map((step) => close(held, step)));
  return open.length > 0;
}

async function close({ deps: { world, clock }, run, memo }: Held, step: StepMemo): Promise<void> {
  await world.takeBack(run, step);
  if (step.wait?.via === "stepFunctions") await world.waits.stop(waitName(run.runId, step));
  const closed = await world.steps.resolve(run, step.key, { outcome: LOST, by: "race", at: clock.now() });
  const stored = closed ?? (await world.steps.get(run, step.key));
  if (stored !== undefined) memo.set(step.key, stored.memo);
}

const LOST: Outcome = {
  ok: false,
  error: { name: "StepwellError", code: "STEPWELL_RACE_LOST", message: RACE_LOST },
};
