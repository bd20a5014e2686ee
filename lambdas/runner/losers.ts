import type { Op } from "../../sdk/execution/index.ts";
import { RACE_LOST } from "../../sdk/execution/racing.ts";
import type { Outcome } from "../../sdk/protocol/index.ts";
import { closeStep } from "./close-step.ts";
import type { Held } from "./held.ts";

/** Closes steps that have lost their race, so that nothing wakes the run for them: sleeps, waits, invokes, and steps between two tries. */
export async function closeLosers(held: Held, lost: readonly Op[]): Promise<boolean> {
  const open = lost.flatMap(({ key }) => held.memo.get(key) ?? []).filter(({ outcome }) => outcome === undefined);
  if (open.length === 0) return false;
  // The result that has decided the race is to last as long as what it leads to.
  await held.buffer.flush();
  await Promise.all(open.map((step) => closeStep(held, step, { outcome: LOST, by: "race" })));
  return true;
}

const LOST: Outcome = {
  ok: false,
  error: { name: "StepwellError", code: "STEPWELL_RACE_LOST", message: RACE_LOST },
};
