import type { UserEvent } from "../../sdk/execution/user-event.ts";
import { compileExpression, holds } from "../../sdk/expressions/index.ts";
import type { Outcome, RegisteredApp, RunAddress, RunMessage, StoredEvent } from "../../sdk/protocol/index.ts";
import { listenerPartition } from "../aws/keys.ts";
import type { StoredStep } from "../aws/step-item.ts";
import { countsFrom, matchOf } from "../engine/listeners.ts";
import type { CancelListener, Listener, ListenerPath, StepListener } from "../engine/types.ts";
import { cancelRun } from "./cancel-run.ts";
import type { Outgoing, Routed, RouterDeps } from "./deps.ts";

/** Waits claimed at the same time. */
const CLAIMS_AT_ONCE = 50;

interface Arrival {
  readonly apps: readonly RegisteredApp[];
  readonly paths: readonly ListenerPath[];
  readonly event: StoredEvent;
  readonly userEvent: UserEvent;
}

/**
 * Claims every wait that the event matches, and cancels every run. The listeners are found by key; the step decides who wins
 * (PROTOCOLS.md §4), and the run whether it can still be cancelled.
 */
export async function resolveWaits(deps: RouterDeps, arrival: Arrival): Promise<Routed> {
  const found = await Promise.all(arrival.paths.map((path) => listenersOf(deps, arrival, path)));
  const claims = await inTurns(found.flat(), (listener) =>
    listener.kind === "cancel" ? cancel(deps, arrival, listener) : claim(deps, arrival, listener),
  );
  return {
    send: claims.flatMap(({ send }) => send),
    after: async () => {
      await Promise.all(claims.map(({ after }) => after?.()));
    },
  };
}

/** Not all at once: one event may resolve thousands of waits, and Step Functions takes some hundred calls a second. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += CLAIMS_AT_ONCE)
    results.push(...(await Promise.all(items.slice(i, i + CLAIMS_AT_ONCE).map(work))));
  return results;
}

async function listenersOf(deps: RouterDeps, { event, userEvent }: Arrival, path: ListenerPath): Promise<Listener[]> {
  const match = matchOf(path.paths, userEvent);
  if (match === undefined) return [];
  const { env, name } = event;
  const { arrivals, listeners } = deps.world;
  // Noted first: whoever stores a listener from here on finds it.
  await arrivals.note({ env, app: path.app, event: name, match }, event);
  const matching: Listener[] = [];
  for await (const listener of listeners.find(listenerPartition(env, path.app, name, match)))
    if (await concerns(deps, listener, event, userEvent)) matching.push(listener);
  return matching;
}

/** Whether a listener that the event has found by its key waits for just this event. */
export async function concerns(
  deps: RouterDeps,
  listener: Listener,
  event: StoredEvent,
  userEvent: UserEvent,
): Promise<boolean> {
  if (event.at < countsFrom(listener.since)) return false;
  if (listener.kind === "cancel" && (isTrigger(listener, event) || event.at > listener.until)) return false;
  // Come again: the code has been given it before it waited.
  if (listener.kind === undefined && listener.seen?.includes(event.id)) return false;
  return passes(deps, listener, userEvent);
}

/** The event that started the run cancels it not as well. */
const isTrigger = ({ eventId, since }: CancelListener, { id, at }: StoredEvent): boolean =>
  eventId === id && since === at;

async function cancel(deps: RouterDeps, { event }: Arrival, listener: CancelListener): Promise<Routed> {
  const { env, app, functionId, runId } = listener;
  const cause = { by: "event", event: event.name, eventId: event.id } as const;
  const { send, ended } = await cancelRun(deps, { env, app, functionId, runId, cause });
  // Its tail has not found it: the function's cancelOn was another one then.
  return { send, ...(ended && { after: () => deps.world.listeners.delete(listener) }) };
}

async function passes({ world }: RouterDeps, listener: Listener, arriving: UserEvent): Promise<boolean> {
  if (listener.if === undefined) return true;
  const trigger = listener.trigger === undefined ? {} : await world.payloads.load(listener.trigger);
  return holds(compileExpression(listener.if, ["event", "async"], "if"), { event: trigger, async: arriving });
}

export async function claim(
  deps: RouterDeps,
  { apps, event }: Pick<Arrival, "apps" | "event">,
  listener: StepListener,
): Promise<Routed> {
  const { world, clock } = deps;
  const { stepKey } = listener;
  const by = `event:${event.id}`;
  const { arrivedAt: _, ...handed } = event;
  const data = await world.payloads.store(`waits/${listener.runId}/${stepKey}`, JSON.stringify(handed));
  const outcome: Outcome = { ok: true, data };
  const won = await world.steps.resolve(listener, stepKey, { outcome, by, at: clock.now() });
  const step = won ?? (await world.steps.get(listener, stepKey));
  // A lost race consumes nothing, but the listener is of no use any more. Ours already: this delivery is a repeat, go on.
  if (step === undefined || step.memo.by !== by) {
    return { send: [], after: () => world.listeners.delete(listener) };
  }
  const send = await wake(deps, apps, listener, step);
  // Called back: the listener goes at once, so that a repeat of a large fan-in has less to do.
  if (send.length === 0) await world.takeBack(listener, step.memo);
  return { send, ...(send.length > 0 && { after: () => world.takeBack(listener, step.memo) }) };
}

/** Calls back, or sends the wake itself when there is nobody to call back. */
export async function wake(
  deps: RouterDeps,
  apps: readonly RegisteredApp[],
  run: RunAddress,
  step: StoredStep,
): Promise<Outgoing[]> {
  const { world, log } = deps;
  // Without a token the machine has yet to register, or never will: a wake too many does no harm.
  const isCalledBack = step.token !== undefined && (await world.waits.succeed(step.token));
  if (isCalledBack) return [];
  const app = apps.find(({ manifest }) => manifest.app === run.app);
  if (app === undefined) {
    log.error("the app of a waiting run is not registered", { app: run.app, runId: run.runId });
    return [];
  }
  const { env, functionId, runId } = run;
  const message: RunMessage = {
    v: 1,
    id: `wake:${step.memo.key}`,
    env,
    app: run.app,
    functionId,
    runId,
    kind: "wake",
  };
  return [{ queueUrl: app.queueUrl, message }];
}
