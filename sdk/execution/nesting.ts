import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../protocol/index.ts";
import { withLogContext } from "./log-context.ts";

interface Frame {
  readonly stepId: string;
  refused?: StepwellError;
}

const body = new AsyncLocalStorage<Frame>();

/**
 * Runs a step's body, so that a step asked for inside it is known to be nested. The body fails then whatever it does about the
 * refusal: one that nobody awaited would be lost.
 */
export async function insideStep<T>(stepId: string, run: () => T): Promise<Awaited<T>> {
  const frame: Frame = { stepId };
  const result = await body.run(frame, () => withLogContext({ stepId }, run));
  if (frame.refused !== undefined) throw frame.refused;
  return result;
}

/** Whether the code runs in the body of a step. */
export const isInsideStep = (): boolean => body.getStore() !== undefined;

/** A step inside a step could not be replayed on its own; elsewhere that hangs, here it is an error that names both. */
export function nestedStepError(innerId: string): StepwellError | undefined {
  const frame = body.getStore();
  if (frame === undefined) return undefined;
  frame.refused = new StepwellError(
    "STEPWELL_NESTED_STEP",
    `The step "${innerId}" was asked for inside the body of the step "${frame.stepId}". Steps cannot be nested: ` +
      `return from "${frame.stepId}" first and ask for "${innerId}" after it, or call the inner code directly without a step.`,
  );
  return frame.refused;
}
