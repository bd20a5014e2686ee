import type { BodyContext, Op } from "../../../sdk/execution/index.ts";
import type { RunMessage, StepMemo } from "../../../sdk/protocol/index.ts";
import { waitName } from "../../aws/keys.ts";
import type { Held } from "../held.ts";

/** How the runner carries out one kind of step. A new step tool is one of these, a request in the ledger's contract, and its tool. */
export interface Operation {
  /** For a step with a body: does it. Its value is the step's result, a throw is a failed try. */
  readonly execute?: (held: Held, op: Op, step: StepMemo) => unknown;
  /**
   * What has to be there before the step is: from then on it has begun. Repeating it is harmless. "failed": the handler has failed by it, and
   * the step is not asked for any more.
   */
  readonly prepare?: (held: Held, op: Op) => Promise<"failed" | undefined>;
  /** For a step that waits: what is known when it is first asked for, perhaps already that it cannot be. */
  readonly plan?: (held: Held, op: Op) => Partial<Pick<StepMemo, "until" | "wait" | "outcome" | "by" | "endedAt">>;
  /** Sets up everything that will bring the outcome from outside. Repeating it is harmless. */
  readonly setUp: (held: Held, op: Op, step: StepMemo) => Promise<void>;
  /** Whether that has to be there at once, and not only when the run suspends. */
  readonly setUpAtOnce?: true;
}

/** What the body of a step is called with. The key derives from run and step, so that each try has the same. */
export function bodyContext(
  { cancellation: { signal }, run }: Held,
  { id, key, race }: Op,
  { attempts }: StepMemo,
): BodyContext {
  return {
    signal: race === undefined ? signal : AbortSignal.any([signal, race]),
    idempotencyKey: `${run.runId}-${key}`,
    stepId: id,
    attempt: attempts,
  };
}

/** A message about a step. Its id derives from what it is about, so that repeats are the same message. */
export function runMessage<T extends object>(held: Held, about: string, body: T): RunMessage {
  const { env, app, functionId, runId } = held.run;
  return { v: 1, id: about, env, app, functionId, runId, ...body } as unknown as RunMessage;
}

/** Sends `message` at the step's `until`. */
export async function armTimer(held: Held, step: StepMemo, message: RunMessage): Promise<void> {
  if (step.until === undefined) return;
  const { world, clock, binding } = held.deps;
  await world.timer.arm(waitName(held.run.runId, step), step.until, clock.now(), binding.runQueueUrl, message);
}

/** The message of a timer that is over by the clock alone: a sleep, a backoff. */
export const timerMessage = (held: Held, step: StepMemo): RunMessage =>
  runMessage(held, `timer:${step.key}:${step.attempts}`, {
    kind: "wake",
    timer: { stepKey: step.key, at: step.until ?? 0 },
  });
