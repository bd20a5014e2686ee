import type { WaitForSignalRequest } from "../../../sdk/execution/index.ts";
import { type Outcome, type StepMemo, WAIT_TIMED_OUT } from "../../../sdk/protocol/index.ts";
import type { Waiter, WaitingStep } from "../../aws/signal-store.ts";
import { closeStep } from "../close-step.ts";
import type { Held } from "../held.ts";
import { type Operation, runMessage } from "./operation.ts";
import { callBack, takeBackIfOver, viaOf } from "./wait.ts";

/**
 * `step.waitForSignal`. A name has one waiter, in an item of its own; whether that one still waits is said by its step.
 *
 * G1. The step is written before its name is taken, and its callback machinery is set up after that (L7).
 * G2. A name is taken from what was seen there: from nobody, from a step that is over or gone, or by a step that replaces another.
 * G3. Of two that replace each other the later one has the name, by the times of their steps: so a set-up that is repeated, by a process
 *     that takes over or that is late, takes nothing back.
 * G4. Who takes a name from a step that waits tells it, by a message that ends its wait with null; the name's item says whom, until it has.
 */
export const waitForSignal: Operation = {
  setUpAtOnce: true,
  plan: (held, { request }) => {
    if (request.kind !== "waitForSignal") return {};
    return {
      until: held.deps.clock.now() + request.timeoutMs,
      wait: { signal: request.signal, via: viaOf(held, request.timeoutMs) },
    };
  },
  setUp: async (held, { request }, step) => {
    if (request.kind !== "waitForSignal") return;
    const refusal = await takeName(held, request, step);
    if (refusal !== undefined) return closeStep(held, step, refusal);
    await callBack(held, step);
    // A repeated set-up may take the name again after a signal has come to the first one.
    if (step.fence < held.fence) await takeBackIfOver(held, step);
  },
};

interface Refusal {
  readonly outcome: Outcome;
  readonly by: string;
}

async function takeName(held: Held, request: WaitForSignalRequest, step: StepMemo): Promise<Refusal | undefined> {
  const { deps, run } = held;
  const { signals } = deps.world;
  const of = { ...run, signal: request.signal };
  const { functionId, runId } = run;
  const replaces = request.onConflict === "replace";
  const mine: Waiter = {
    functionId,
    runId,
    stepKey: step.key,
    since: step.startedAt,
    until: step.until ?? step.startedAt,
    ...(replaces && { replaces }),
  };
  for (;;) {
    const seen = await signals.waiter(of);
    if (seen !== undefined && isSame(seen, mine)) return tell(held, seen.over);
    if (seen === undefined || !(await isWaiting(held, seen))) {
      if (await signals.wait(of, mine, seen)) return undefined;
    } else if (seen.replaces && isLater(seen, mine)) return { outcome: WAIT_TIMED_OUT, by: "replaced" };
    else if (!replaces) return { outcome: conflict(step, request, seen), by: "runner" };
    else if (await signals.wait(of, { ...mine, over: addressOf(seen) }, seen)) return tell(held, seen);
  }
}

const isSame = (a: WaitingStep, b: WaitingStep): boolean => a.runId === b.runId && a.stepKey === b.stepKey;

const addressOf = ({ functionId, runId, stepKey }: WaitingStep): WaitingStep => ({ functionId, runId, stepKey });

/** Its name may be left though its wait is over: whoever ended it has yet to give it back. */
async function isWaiting({ deps: { world }, run }: Held, { runId, stepKey }: WaitingStep): Promise<boolean> {
  const step = await world.steps.get({ env: run.env, app: run.app, runId }, stepKey);
  return step !== undefined && step.memo.outcome === undefined;
}

function isLater(a: Waiter, b: Waiter): boolean {
  if (a.since !== b.since) return a.since > b.since;
  return `${a.runId}${a.stepKey}` > `${b.runId}${b.stepKey}`;
}

async function tell(held: Held, replaced: WaitingStep | undefined): Promise<undefined> {
  if (replaced === undefined) return;
  const { functionId, runId, stepKey } = replaced;
  const end = { kind: "resolve", stepKey, by: "replaced", outcome: WAIT_TIMED_OUT } as const;
  const message = runMessage(held, `replaced:${stepKey}`, { functionId, runId, ...end });
  await held.deps.world.queue.sendToRun(held.deps.binding.runQueueUrl, message);
}

const conflict = (step: StepMemo, { signal }: WaitForSignalRequest, { runId }: WaitingStep): Outcome => ({
  ok: false,
  error: {
    name: "StepwellError",
    code: "STEPWELL_SIGNAL_CONFLICT",
    stepId: step.id,
    message:
      `step.waitForSignal "${step.id}": the run ${runId} waits for the signal "${signal}" already, and a name has one waiter. ` +
      'Give each wait a name of its own, or take the name over with onConflict: "replace".',
  },
});
