import { type Op, retryWishOf } from "../../sdk/execution/index.ts";
import { type Outcome, type StepMemo, serializeError } from "../../sdk/protocol/index.ts";
import { decideRetry } from "../engine/retry.ts";
import { holdBack } from "./back-off.ts";
import type { Held } from "./held.ts";
import { operations } from "./operations/index.ts";
import { errorOutcome, stepJson, stepOutcome } from "./values.ts";

/** One try of a step with a body: the step as it is to be stored, with its outcome or the time of its next try. */
export async function tryStep(held: Held, op: Op): Promise<StepMemo> {
  const before = held.memo.get(op.key) ?? held.newStep(op);
  const step: StepMemo = { ...withoutBackoff(before), fence: held.fence, attempts: held.triesOf(op.key) };
  if (step.attempts >= held.fn.retry.attempts) return crashed(step, held.deps.clock.now());
  held.deps.log.debug("step started", { stepId: step.id, attempt: step.attempts });
  try {
    const json = stepJson(await operations[step.kind].execute?.(held, op, step), step.id);
    return ended(held, step, await stepOutcome(held.deps.world.payloads, held.run, step.key, json));
  } catch (error) {
    await holdBack(held, error);
    return failed(held, step, error);
  }
}

function failed(held: Held, step: StepMemo, error: unknown): StepMemo {
  const { clock, random, log } = held.deps;
  const attempts = step.attempts + 1;
  const decision = decideRetry(attempts, retryWishOf(error), held.fn.retry, clock.now(), random);
  const fields = { stepId: step.id, attempt: step.attempts, error: serializeError(error) };
  if (!decision.retry) {
    log.error("step failed for good", fields);
    return ended(held, { ...step, attempts: step.attempts }, errorOutcome(error, step.id));
  }
  log.warn("step failed, will be tried again", { ...fields, retryAt: decision.at });
  // The log has its stack: in the item it would make this write, and the one that replaces it, twice as dear.
  const { stack: _, ...lastError } = serializeError(error, step.id);
  return { ...step, attempts, until: decision.at, lastError };
}

/** The end of a step that may not be tried again, since its tries are used up: by crashes, for who fails is told so at once. */
export const crashed = (step: StepMemo, now: number): StepMemo => ({
  ...step,
  attempts: step.attempts + 1,
  endedAt: now,
  outcome: crashOutcome(step),
  by: "runner",
});

/** `attempts` counts failed tries; the one that brought the outcome makes it tries in all. */
const ended = (held: Held, step: StepMemo, outcome: Outcome): StepMemo => ({
  ...step,
  attempts: step.attempts + 1,
  endedAt: held.deps.clock.now(),
  outcome,
  by: "runner",
});

const crashOutcome = (step: StepMemo): Outcome => ({
  ok: false,
  error: {
    name: "StepwellError",
    code: "STEPWELL_STEP_CRASHED",
    stepId: step.id,
    message:
      `The invocation that ran the step "${step.id}", or was about to, ended without a result ${times(step.attempts)}: it was killed, ran ` +
      "out of memory, stood still, or passed the function's timeout. Look at the Lambda's log for these times; give the function more time or memory.",
  },
});

const times = (count: number): string => (count === 1 ? "once" : `${count} times`);

function withoutBackoff({ until: _until, lastError: _error, ...step }: StepMemo): StepMemo {
  return step;
}
