import type { AwaitedEvent, WaitForEventRequest } from "../../../sdk/execution/index.ts";
import { eventsOf, type Outcome, type StepMemo } from "../../../sdk/protocol/index.ts";
import { listenerName, listenerPartition } from "../../aws/keys.ts";
import { countsFrom, type ListenerKey, listenerKey } from "../../engine/listeners.ts";
import { isDeclared } from "../../engine/lookback.ts";
import type { StepListener } from "../../engine/types.ts";
import type { Held } from "../held.ts";
import { stepPayloadName } from "../values.ts";
import type { Operation } from "./operation.ts";
import { callBack, takeBackIfOver, viaOf } from "./wait.ts";

/**
 * `step.waitForEvent`: the step item is written first, then its listeners, then the callback machinery (L7). Before all of them the match
 * paths of the wait are made known, so that every event that arrives after the step has begun leaves its mark: one that was routed before
 * the listener was there is found by that (`lookBack`). Several events are several listeners of one step, which has one result.
 */
export const waitForEvent: Operation = {
  setUpAtOnce: true,
  prepare: async (held, { request }) => {
    if (request.kind !== "waitForEvent") return undefined;
    const { env, app } = held.run;
    const { listeners } = held.deps.world;
    await Promise.all(
      audible(held, request).map(({ event, key }) => listeners.addPath(env, event, { app, paths: key.paths })),
    );
    return undefined;
  },
  plan: (held, { request }) => {
    if (request.kind !== "waitForEvent") return {};
    const undeclared = undeclaredOf(held, request);
    if (undeclared !== undefined)
      return { outcome: notDeclared(request, undeclared), by: "runner", endedAt: held.deps.clock.now() };
    const names = [...new Set(request.events.map(({ event }) => event))];
    const [event = "", ...others] = names;
    const seen = names.flatMap((name) => seenLately(held, name, request.lookbackMs));
    return {
      until: held.deps.clock.now() + request.timeoutMs,
      wait: {
        event,
        ...(others.length > 0 && { events: names }),
        listeners: audible(held, request).map((awaited) => partitionOf(held, awaited)),
        ...(seen.length > 0 && { seen }),
        via: viaOf(held, request.timeoutMs),
      },
    };
  },
  setUp: async (held, { request }, step) => {
    if (request.kind !== "waitForEvent") return;
    const heard = audible(held, request);
    if (heard.length < request.events.length) warnUnmatchable(held, step, request, heard);
    const since = step.startedAt - (request.lookbackMs ?? 0);
    await Promise.all(heard.map((awaited, index) => listen(held, step, { ...awaited, since }, index)));
    await callBack(held, step);
    // One event may resolve the step while the listeners of the others are still being stored (see also `takeBackHalfSetUp`).
    if (heard.length > 1) await takeBackIfOver(held, step);
  },
};

/** Clocks differ, and bus time has seconds. In milliseconds. */
const SEEN_LATELY_MS = 5_000;
const BY_EVENT = "event:";

/** An event that can be told when it arrives. */
interface Audible extends AwaitedEvent {
  readonly key: ListenerKey;
}

const audible = ({ trigger }: Held, { events }: WaitForEventRequest): readonly Audible[] =>
  events.flatMap((awaited) => {
    const key = listenerKey(awaited, trigger);
    return key === undefined ? [] : [{ ...awaited, key }];
  });

const partitionOf = (held: Held, { event, key }: Audible): string =>
  listenerPartition(held.run.env, held.run.app, event, key.match);

async function listen(
  held: Held,
  step: StepMemo,
  awaited: Audible & { readonly since: number },
  index: number,
): Promise<void> {
  const { env, app, functionId, runId } = held.run;
  const { listeners, payloads } = held.deps.world;
  const { event, key } = awaited;
  const seen = step.wait?.seen;
  const name = stepPayloadName(held.run, `${step.key}-trigger${index > 0 ? `-${index}` : ""}`);
  const trigger = key.rest && (await payloads.store(name, JSON.stringify(key.rest.trigger)));
  const listener: StepListener = {
    v: 1,
    pk: partitionOf(held, awaited),
    sk: listenerName(runId, step, index),
    env,
    app,
    functionId,
    runId,
    stepKey: step.key,
    event,
    match: key.match,
    since: awaited.since,
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
function seenLately({ deps, events, memo }: Held, name: string, lookbackMs = 0): readonly string[] {
  const from = deps.clock.now() - lookbackMs - SEEN_LATELY_MS;
  const resolvedBy = [...memo.values()].filter(
    ({ wait, by, endedAt = 0 }) => eventsOf(wait).includes(name) && by?.startsWith(BY_EVENT) && endedAt >= from,
  );
  const triggers = events.all.filter(({ event }) => event.name === name && event.at >= from);
  return [...triggers.map(({ event }) => event.id), ...resolvedBy.map(({ by = "" }) => by.slice(BY_EVENT.length))];
}

/** An event whose arrivals nobody may have noted before this wait. */
function undeclaredOf(held: Held, request: WaitForEventRequest): Audible | undefined {
  const { lookback = [] } = held.fn.manifest;
  return request.lookbackMs === undefined
    ? undefined
    : audible(held, request).find(({ event, key }) => !isDeclared(lookback, event, key));
}

const notDeclared = ({ id }: { readonly id: string }, { event, match, if: condition }: Audible): Outcome => ({
  ok: false,
  error: {
    name: "StepwellError",
    code: "STEPWELL_INVALID_STEP",
    stepId: id,
    message:
      `step.waitForEvent "${id}": lookback: the function does not say that it looks back for this event, so its arrivals have not been noted. ` +
      `Give createFunction the option lookback: [${JSON.stringify({ event, match, if: condition })}].`,
  },
});

function warnUnmatchable(held: Held, step: StepMemo, { events }: WaitForEventRequest, heard: readonly Audible[]): void {
  const isHeard = ({ event, match, if: condition }: AwaitedEvent) =>
    heard.some((other) => other.event === event && other.match === match && other.if === condition);
  const what = heard.length === 0 ? "this wait can only time out" : "this wait cannot end by some of its events";
  held.deps.log.warn(`${what}: the triggering event has no value at the path that it compares`, {
    stepId: step.id,
    event: events
      .filter((awaited) => !isHeard(awaited))
      .map(({ event }) => event)
      .join(", "),
  });
}
