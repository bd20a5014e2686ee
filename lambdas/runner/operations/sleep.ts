import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.sleep` and `step.sleepUntil`: a point in time, written down once. */
export const sleep: Operation = {
  plan: (held, { request }) => {
    if (request.kind !== "sleep") return {};
    return { until: "untilMs" in request ? request.untilMs : held.deps.clock.now() + request.forMs };
  },
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
