/** What all waits have in common: a timeout, and who brings the run on when the wait is over. */
import { STEP_FUNCTIONS_WAIT_MS_MAX, type StepMemo, WAIT_TIMED_OUT } from "../../../sdk/protocol/index.ts";
import { stepKey, waitName } from "../../aws/keys.ts";
import type { Held } from "../held.ts";
import { armTimer, runMessage } from "./operation.ts";

/** How the timeout and the wake-up of a wait are done. */
export const viaOf = ({ deps: { binding } }: Held, timeoutMs: number): "table" | "stepFunctions" =>
  binding.waits === "table" || timeoutMs > STEP_FUNCTIONS_WAIT_MS_MAX ? "table" : "stepFunctions";

/**
 * After a set-up in the middle of which the step may have been resolved: whoever did it has not found all that is to be taken back. A process
 * that dies before this leaves that to the next.
 */
export async function takeBackIfOver({ deps: { world }, run }: Held, { key }: StepMemo): Promise<void> {
  const stored = await world.steps.get(run, key);
  if (stored?.memo.outcome !== undefined) await world.takeBack(run, stored.memo);
}

/** The timeout, and with Step Functions the token that whoever resolves the wait calls back. */
export async function callBack(held: Held, step: StepMemo): Promise<void> {
  const { world, binding, clock } = held.deps;
  const timeout = runMessage(held, `timeout:${step.key}`, {
    kind: "resolve",
    stepKey: step.key,
    by: "timeout",
    outcome: WAIT_TIMED_OUT,
    at: step.until,
  });
  if (step.wait?.via === "table") return armTimer(held, step, timeout);
  const seconds = Math.max(1, Math.ceil(((step.until ?? 0) - clock.now()) / 1_000));
  await world.waits.start(waitName(held.run.runId, step), {
    tableName: binding.tableName,
    ...stepKey(held.run, step.key),
    timeoutSeconds: seconds,
    queueUrl: binding.runQueueUrl,
    wake: JSON.stringify(runMessage(held, `wake:${step.key}`, { kind: "wake" })),
    timeout: JSON.stringify(timeout),
  });
}
