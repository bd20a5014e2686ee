import type { WaitForEventRequest } from "../../../sdk/execution/index.ts";
import { NULL_PAYLOAD, type Outcome, STEP_FUNCTIONS_WAIT_MS_MAX, type StepMemo } from "../../../sdk/protocol/index.ts";
import { listenerName, listenerPartition, stepKey, waitName } from "../../aws/keys.ts";
import { countsFrom, type ListenerKey, listenerKey } from "../../engine/listeners.ts";
import type { StepListener } from "../../engine/types.ts";
import type { Held } from "../held.ts";
import { stepPayloadName } from "../values.ts";
import { armTimer, type Operation, runMessage } from "./operation.ts";

/**
 * `step.waitForEvent`: the step item is written first, then its listener, then the callback machinery (L7). Before all of them the match
 * paths of the wait are made known, so that every event that arrives after the step has begun leaves its mark: one that was routed before
 * the listener was there is found by that (`lookBack`).
 */
export const waitForEvent: Operation = {
  setUpAtOnce: true,
  prepare: async (held, { request }) => {
    const key = request.kind === "waitForEvent" ? listenerKey(request, held.trigger) : undefined;
    if (request.kind !== "waitForEvent" || key === undefined) return undefined;
    const { env, app } = held.run;
    await held.deps.world.listeners.addPath(env, request.event, { app, paths: key.paths });
    return undefined;
  },
  plan: (held, { request }) => {
    if (request.kind !== "waitForEvent") return {};
    const key = listenerKey(request, held.trigger);
    const { binding, clock } = held.deps;
    const table = binding.waits === "table" || request.timeoutMs > STEP_FUNCTIONS_WAIT_MS_MAX;
    const seen = seenLately(held, request.event);
    return {
      until: clock.now() + request.timeoutMs,
      wait: {
        event: request.event,
        listeners: key === undefined ? [] : [partitionOf(held, request.event, key)],
        ...(seen.length > 0 && { seen }),
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

/** Clocks differ, and bus time has seconds. In milliseconds. */
const SEEN_LATELY_MS = 5_000;
const BY_EVENT = "event:";

export const WAIT_TIMED_OUT: Outcome = { ok: true, data: NULL_PAYLOAD };

const partitionOf = (held: Held, event: string, key: ListenerKey): string =>
  listenerPartition(held.run.env, held.run.app, event, key.match);

async function listen(held: Held, request: WaitForEventRequest, step: StepMemo, key: ListenerKey): Promise<void> {
  const { env, app, functionId, runId } = held.run;
  const { listeners, payloads } = held.deps.world;
  const seen = step.wait?.seen;
  const name = stepPayloadName(held.run, `${step.key}-trigger`);
  const trigger = key.rest && (await payloads.store(name, JSON.stringify(key.rest.trigger)));
  const listener: StepListener = {
    v: 1,
    pk: partitionOf(held, request.event, key),
    sk: listenerName(runId, step),
    env,
    app,
    functionId,
    runId,
    stepKey: step.key,
    event: request.event,
    match: key.match,
    since: step.startedAt,
    until: step.until ?? step.startedAt,
    ...(key.rest && { if: key.rest.if }),
    ...(trigger && { trigger }),
    ...(seen && { seen }),
  };
  await listeners.put(listener);
  await lookBack(held, listener);
}

/** Events that were routed before the listener was stored have not found it: the router is to look at them again. */
async function lookBack({ deps: { world } }: Held, listener: StepListener): Promise<void> {
  const { pk, sk, since, seen = [] } = listener;
  for await (const { id } of world.arrivals.since(listener, countsFrom(since))) {
    if (seen.includes(id)) continue;
    return world.queue.sendToRouter({ v: 1, stepwell: true, kind: "lookBack", listener: { pk, sk } });
  }
}

/** Events of a name that the code has been given, as far as they are so late that they might be taken for one that comes after this. */
function seenLately({ deps, events, memo }: Held, name: string): readonly string[] {
  const from = deps.clock.now() - SEEN_LATELY_MS;
  const resolvedBy = [...memo.values()].filter(
    ({ wait, by, endedAt = 0 }) => wait?.event === name && by?.startsWith(BY_EVENT) && endedAt >= from,
  );
  const triggers = events.all.filter(({ event }) => event.name === name && event.at >= from);
  return [...triggers.map(({ event }) => event.id), ...resolvedBy.map(({ by = "" }) => by.slice(BY_EVENT.length))];
}

/** The timeout, and with Step Functions the token that an event calls back. */
async function callBack(held: Held, step: StepMemo): Promise<void> {
  const { world, binding, clock } = held.deps;
  const timeout = runMessage(held, `timeout:${step.key}`, {
    kind: "resolve",
    stepKey: step.key,
    by: "timeout",
    outcome: WAIT_TIMED_OUT,
    at: step.until,
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
