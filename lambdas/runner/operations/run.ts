import { armTimer, bodyContext, type Operation, timerMessage } from "./operation.ts";

/** `step.run`: the user's code; and what is like it, a body that the SDK brings. While it backs off it is a timer. */
export const run: Operation = {
  execute: (held, op) => op.body?.(bodyContext(held, op)),
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
