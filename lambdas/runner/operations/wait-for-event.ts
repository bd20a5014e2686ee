import type { WaitForEventRequest } from "../../../sdk/execution/index.ts";
import { NULL_PAYLOAD, type Outcome, STEP_FUNCTIONS_WAIT_MS_MAX, type StepMemo } from "../../../sdk/protocol/index.ts";
import { listenerName, listenerPartition, stepKey, waitName } from "../../aws/keys.ts";
import { type ListenerKey, listenerKey } from "../../engine/listeners.ts";
import type { Held } from "../held.ts";
import { stepPayloadName } from "../values.ts";
import { armTimer, type Operation, runMessage } from "./operation.ts";

/** `step.waitForEvent`: the step item is written first, then its listener, then the callback machinery (L7). */
export const waitForEvent: Operation = {
  setUpAtOnce: true,
  plan: (held, { request }) => {
    if (request.kind !== "waitForEvent") return {};
    const key = listenerKey(request, held.trigger);
    const { binding, clock } = held.deps;
    const table = binding.waits === "table" || request.timeoutMs > STEP_FUNCTIONS_WAIT_MS_MAX;
    return {
      until: clock.now() + request.timeoutMs,
      wait: {
        event: request.event,
        listeners: key === undefined ? [] : [partitionOf(held, request.event, key)],
        via: table ? "table" : "stepFunctions",
      },
    };
  },
  setUp: async (held, op, step) => {
    if (op.request.kind !== "waitForEvent") return;
    const key = listenerKey(op.request, held.trigger);
    if (key === undefined) warnUnmatchable(held, step);
    else await listen(held, op.request, step, key);
    await callBack(held, step);
  },
};

export const WAIT_TIMED_OUT: Outcome = { ok: true, data: NULL_PAYLOAD };

const partitionOf = (held: Held, event: string, key: ListenerKey): string =>
  listenerPartition(held.run.env, held.run.app, event, key.match);

async function listen(held: Held, request: WaitForEventRequest, step: StepMemo, key: ListenerKey): Promise<void> {
  const { env, app, functionId, runId } = held.run;
  const { listeners, payloads } = held.deps.world;
  const name = stepPayloadName(held.run, `${step.key}-trigger`);
  const trigger = key.rest && (await payloads.store(name, JSON.stringify(key.rest.trigger)));
  // The path first: once the listener is stored, every event must find it.
  await listeners.addPath(env, request.event, { app, paths: key.paths });
  await listeners.put({
    v: 1,
    pk: partitionOf(held, request.event, key),
    sk: listenerName(runId, step),
    env,
    app,
    functionId,
    runId,
    stepKey: step.key,
    event: request.event,
    since: step.startedAt,
    until: step.until ?? step.startedAt,
    ...(key.rest && { if: key.rest.if }),
    ...(trigger && { trigger }),
  });
}

/** The timeout, and with Step Functions the token that an event calls back. */
async function callBack(held: Held, step: StepMemo): Promise<void> {
  const { world, binding, clock } = held.deps;
  const timeout = runMessage(held, `timeout:${step.key}`, {
    kind: "resolve",
    stepKey: step.key,
    by: "timeout",
    outcome: WAIT_TIMED_OUT,
  });
  if (step.wait?.via === "table") return armTimer(held, step, timeout);
  const seconds = Math.max(1, Math.ceil(((step.until ?? 0) - clock.now()) / 1_000));
  await world.waits.start(waitName(held.run.runId, step), {
    tableName: binding.tableName,
    ...stepKey(held.run, step.key),
    timeoutSeconds: seconds,
    queueUrl: binding.runQueueUrl,
    wake: JSON.stringify(runMessage(held, `wake:${step.key}`, { kind: "wake" })),
    timeout: JSON.stringify(timeout),
  });
}

function warnUnmatchable(held: Held, step: StepMemo): void {
  held.deps.log.warn("this wait can only time out: the triggering event has no value at the path that it compares", {
    stepId: step.id,
    event: step.wait?.event,
  });
}
