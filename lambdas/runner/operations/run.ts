import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.run`: the user's code. While it backs off it is a timer. */
export const run: Operation = {
  execute: ({ cancellation: { signal } }, op, { attempts: attempt }) => op.body?.({ signal, stepId: op.id, attempt }),
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
