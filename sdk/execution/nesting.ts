import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../protocol/index.ts";

const body = new AsyncLocalStorage<string>();

/** Runs a step's body, so that a step asked for inside it is known to be nested. */
export const insideStep = <T>(stepId: string, run: () => T): T => body.run(stepId, run);

/** A step inside a step could not be replayed on its own; elsewhere that hangs, here it is an error that names both. */
export function nestedStepError(innerId: string): StepwellError | undefined {
  const outerId = body.getStore();
  if (outerId === undefined) return undefined;
  return new StepwellError(
    "STEPWELL_NESTED_STEP",
    `The step "${innerId}" was asked for inside the body of the step "${outerId}". Steps cannot be nested: ` +
      `return from "${outerId}" first and ask for "${innerId}" after it, or call the inner code directly without a step.`,
  );
}
