import type { CancelMessage } from "../../sdk/protocol/index.ts";
import { recordCancel } from "../aws/cancel-run.ts";
import type { Routed, RouterDeps } from "./deps.ts";

/** Cancels a run: records it, then wakes the run to carry it out. Doing it again changes nothing. */
export async function cancelRun(
  { world, clock }: RouterDeps,
  { cause, ...run }: Omit<CancelMessage, "kind">,
): Promise<Routed & { readonly ended: boolean }> {
  const recorded = await recordCancel(world, run, cause, clock.now());
  if (recorded.kind !== "wake") return { send: [], ended: recorded.kind === "ended" };
  const { queueUrl, message } = recorded;
  return { send: [{ queueUrl, message }], ended: false };
}
