import { AsyncLocalStorage } from "node:async_hooks";
import { StepwellError } from "../protocol/index.ts";
import { withLogContext } from "./log-context.ts";

interface Frame {
  /** What runs: no step may be asked for in it. */
  readonly inside: string;
  /** What to do instead. */
  readonly instead: (innerId: string) => string;
  refused?: StepwellError;
}

const body = new AsyncLocalStorage<Frame>();

/**
 * Runs a step's body, so that a step asked for inside it is known to be nested. The body fails then whatever it does about the
 * refusal: one that nobody awaited would be lost.
 */
export async function insideStep<T>(stepId: string, run: () => T): Promise<Awaited<T>> {
  const instead = (innerId: string) =>
    `return from "${stepId}" first and ask for "${innerId}" after it, or call the inner code directly without a step.`;
  const frame: Frame = { inside: `the body of the step "${stepId}"`, instead };
  return within(frame, () => withLogContext({ stepId }, run));
}

/** The same for a hook of a middleware: the code waits for it, so nobody would run the step. */
export const insideMiddleware = <T>(hook: string, run: () => T): Promise<Awaited<T>> =>
  within(
    { inside: hook, instead: (innerId) => `call the code of "${innerId}" directly, or ask for it in the handler.` },
    run,
  );

async function within<T>(frame: Frame, run: () => T): Promise<Awaited<T>> {
  const result = await body.run(frame, run);
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
    `The step "${innerId}" was asked for inside ${frame.inside}. Steps cannot be nested: ${frame.instead(innerId)}`,
  );
  return frame.refused;
}
