import { armTimer, bodyContext, type Operation, timerMessage } from "./operation.ts";

/** `step.run`: the user's code; and what is like it, a body that the SDK brings. While it backs off it is a timer. */
export const run: Operation = {
  execute: (held, op, step) => op.body?.(bodyContext(held, op, step)),
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
