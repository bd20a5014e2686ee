import type { InvokeRequest, Op } from "../../../sdk/execution/index.ts";
import { type EngineMessage, EVENT_INVOKED, type Outcome, type StepMemo } from "../../../sdk/protocol/index.ts";
import { invokeEventId } from "../../engine/run-id.ts";
import type { Held } from "../held.ts";
import { stepPayloadName } from "../values.ts";
import { armTimer, type Operation, runMessage } from "./operation.ts";

/** `step.invoke`: a child run, asked for through the router; its tail sends the result back (L6). */
export const invoke: Operation = {
  setUpAtOnce: true,
  prepare: async (_held, op) => ((await invocationOf(op)) === undefined ? "failed" : undefined),
  plan: (held, { request }) => {
    if (request.kind !== "invoke" || request.timeoutMs === undefined) return {};
    return { until: held.deps.clock.now() + request.timeoutMs };
  },
  setUp: async (held, op, step) => {
    if (op.request.kind !== "invoke") return;
    const { world } = held.deps;
    const invocation = await invocationOf(op);
    if (invocation === undefined) throw new Error(`The data of the step "${op.id}" could not be made ready.`);
    const { data, user } = invocation;
    const name = stepPayloadName(held.run, `${step.key}-input`);
    const message: EngineMessage = {
      v: 1,
      stepwell: true,
      kind: "invoke",
      parent: {
        env: held.run.env,
        app: held.run.app,
        functionId: held.run.functionId,
        runId: held.run.runId,
        stepKey: step.key,
      },
      target: op.request.target,
      eventId: invokeEventId(held.run.runId, step.key),
      data: await world.payloads.store(name, JSON.stringify(data ?? {})),
      ...(user !== undefined && { user: JSON.stringify(user) }),
      at: step.startedAt,
      hops: held.hops + 1,
    };
    await world.queue.sendToRouter(message);
    await armTimer(held, step, timeoutMessage(held, step, op.request.target));
  },
};

/** What the child gets, as middleware has it. */
async function invocationOf({ request }: Op): Promise<Pick<InvokeRequest, "data" | "user"> | undefined> {
  if (request.kind !== "invoke") return undefined;
  return request.hooks?.invoke === undefined ? request : request.hooks.invoke();
}

const timeoutMessage = (held: Held, step: StepMemo, target: { app: string; functionId: string }) =>
  runMessage(held, `timeout:${step.key}`, {
    kind: "resolve",
    stepKey: step.key,
    by: "timeout",
    outcome: invokeTimeout(step.id, `${target.app}/${target.functionId}`),
    at: step.until,
  });

export const invokeTimeout = (stepId: string, target: string): Outcome => ({
  ok: false,
  error: {
    name: "StepwellError",
    code: "STEPWELL_INVOKE_TIMEOUT",
    message:
      `The step "${stepId}" waited for the function "${target}" until its timeout. ` +
      `The child run goes on; raise the timeout of step.invoke, or look at that run (${EVENT_INVOKED}).`,
    stepId,
  },
});
