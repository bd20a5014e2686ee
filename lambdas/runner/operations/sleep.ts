import { type Outcome, WAIT_MS_MAX } from "../../../sdk/protocol/index.ts";
import type { Held } from "../held.ts";
import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.sleep` and `step.sleepUntil`: a point in time, written down once. */
export const sleep: Operation = {
  plan: (held, { request }) => {
    if (request.kind !== "sleep") return {};
    return "untilMs" in request
      ? planUntil(held, request.id, request.untilMs)
      : { until: held.deps.clock.now() + request.forMs };
  },
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};

/** The refusal is written down too: on replay the date may have come within the limit. */
function planUntil(held: Held, id: string, until: number): ReturnType<NonNullable<Operation["plan"]>> {
  const now = held.deps.clock.now();
  return until - now <= WAIT_MS_MAX ? { until } : { outcome: tooFar(id, until), by: "runner", endedAt: now };
}

const tooFar = (stepId: string, until: number): Outcome => ({
  ok: false,
  error: {
    name: "StepwellError",
    code: "STEPWELL_INVALID_DURATION",
    stepId,
    message:
      `step.sleepUntil "${stepId}": ${new Date(until).toISOString()} is more than ${WAIT_MS_MAX / 86_400_000} days ahead. ` +
      "Sleep for a shorter time, and repeat it.",
  },
});
