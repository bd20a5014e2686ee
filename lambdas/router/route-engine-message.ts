import { toUserEvent } from "../../sdk/execution/user-event.ts";
import {
  type CronMessage,
  type EngineMessage,
  EVENT_CRON,
  EVENT_INVOKED,
  type FlushMessage,
  HOPS_MAX,
  type InvokeMessage,
  type Outcome,
  type ParentRef,
  type RegisteredApp,
  SQS_DELAY_SECONDS_MAX,
  StepwellError,
  type StoredEvent,
  serializeError,
  type TimerMessage,
} from "../../sdk/protocol/index.ts";
import { cronOf, emitsOf, findFunction, matchTriggers, mayTrigger } from "../engine/match.ts";
import { cronEventId } from "../engine/run-id.ts";
import type { Skipped } from "../engine/types.ts";
import { admit } from "./admit.ts";
import { flush } from "./bucket.ts";
import { cancelRun } from "./cancel-run.ts";
import { deliverSignal } from "./deliver-signal.ts";
import { type Outgoing, type Routed, type RouterDeps, together } from "./deps.ts";
import { lookBack } from "./look-back.ts";
import { repace } from "./repace.ts";
import { runOf } from "./start-run.ts";

/** A message of the engine to itself. */
export async function routeEngineMessage(deps: RouterDeps, message: EngineMessage): Promise<Routed> {
  switch (message.kind) {
    case "invoke":
      return startChild(deps, message);
    case "settle":
      return tellParent(deps, message.parent, "child", message.outcome);
    case "timer":
      return fireTimer(deps, message);
    case "flush":
      return flushBucket(deps, message);
    case "cron":
      return startCron(deps, message);
    case "cancel":
      return cancelRun(deps, message);
    case "lookBack":
      return lookBack(deps, message);
    case "signal":
      return deliverSignal(deps, message);
    case "repace":
      return repace(deps, message);
    default:
      throw new StepwellError(
        "STEPWELL_INVALID_MESSAGE",
        `A message of the engine has the unknown kind ${JSON.stringify((message as { kind: unknown }).kind)}.`,
      );
  }
}

/** Starts a child run; its id derives from the parent's step, so that asking twice is asking once. */
async function startChild(deps: RouterDeps, message: InvokeMessage): Promise<Routed> {
  const { world, clock } = deps;
  const { target, parent } = message;
  const { apps, match } = await lookUp(world, parent.env, target.app, target.functionId);
  if (match === undefined) return tellParent(deps, parent, "router", failure(notFound(message, apps)));
  if (message.hops > HOPS_MAX) return tellParent(deps, parent, "router", failure(tooManyHops(message)));
  const event = await world.events.put({
    v: 1,
    env: parent.env,
    id: message.eventId,
    name: EVENT_INVOKED,
    ts: message.at,
    at: message.at,
    arrivedAt: clock.now(),
    data: message.data,
    ...(message.user !== undefined && { user: message.user }),
    hops: message.hops,
  });
  const start = { match, event, emits: emitsOf(apps), parent };
  const child = await admit(deps, start);
  if (child.skipped !== undefined)
    return tellParent(deps, parent, "router", failure(notStarted(message, child.skipped)));
  return together([child, await tellListeners(deps, apps, { message, event, runId: runOf(start).runId })]);
}

/** `stepwell/function.invoked`, for the functions that it triggers; without any there is no such event. */
async function tellListeners(
  deps: RouterDeps,
  apps: readonly RegisteredApp[],
  { message, event, runId }: { message: InvokeMessage; event: StoredEvent; runId: string },
): Promise<Routed> {
  const { world, clock } = deps;
  if (!mayTrigger(apps, EVENT_INVOKED)) return { send: [] };
  const original = toUserEvent(event, await world.payloads.load(event.data));
  const data = { function_id: addressOf(message), run_id: runId, event: original, events: [original] };
  const invoked: StoredEvent = {
    ...event,
    id: `${runId}-invoked`,
    arrivedAt: clock.now(),
    data: await world.payloads.store(`events/${event.env}/${runId}-invoked`, JSON.stringify(data)),
    hops: event.hops + 1,
  };
  const matches = matchTriggers(apps, toUserEvent(invoked, data));
  if (matches.length === 0) return { send: [] };
  const stored = await world.events.put(invoked);
  return together(await Promise.all(matches.map((match) => admit(deps, { match, event: stored, emits: [] }))));
}

async function tellParent(deps: RouterDeps, parent: ParentRef, by: string, outcome: Outcome): Promise<Routed> {
  const { world } = deps;
  const { env, app: appName, functionId, runId, stepKey } = parent;
  const app = await world.registry.app(env, appName);
  if (app === undefined) throw notRegistered(appName, runId);
  const message = { v: 1, id: `resolve:${stepKey}`, env, app: appName, functionId, runId } as const;
  return { send: [{ queueUrl: app.queueUrl, message: { ...message, kind: "resolve", stepKey, by, outcome } }] };
}

/** A schedule fires a minute early and within that minute: the queue's delay waits for the rest. */
async function fireTimer({ world, clock }: RouterDeps, { at, message }: TimerMessage): Promise<Routed> {
  const app = await world.registry.app(message.env, message.app);
  if (app === undefined) throw notRegistered(message.app, message.runId);
  const seconds = (at - clock.now()) / 1_000;
  // A runner waits for the rest of a throttled start.
  const isStart = (message.kind === "start" || message.kind === "wake") && message.reserved !== undefined;
  const rounded = isStart ? Math.floor(seconds) : Math.ceil(seconds);
  const delaySeconds = Math.min(SQS_DELAY_SECONDS_MAX, Math.max(0, rounded));
  return { send: [{ queueUrl: app.queueUrl, message, delaySeconds } satisfies Outgoing] };
}

/** The time of a debounce or a batch: comes back while its function is not registered, and is a dead letter in the end. */
async function flushBucket(deps: RouterDeps, message: FlushMessage): Promise<Routed> {
  const { apps, match } = await lookUp(deps.world, message.env, message.app, message.functionId);
  if (match === undefined)
    throw new Error(
      `The function "${message.app}/${message.functionId}" of the run ${message.runId} is not registered.`,
    );
  return flush(deps, message, { match, emits: emitsOf(apps) });
}

/** The run of a schedule: its id comes from the function and the nominal time, so twice is once. */
async function startCron(deps: RouterDeps, message: CronMessage): Promise<Routed> {
  const { world, clock, log } = deps;
  const at = Date.parse(message.at);
  if (Number.isNaN(at))
    throw new StepwellError("STEPWELL_INVALID_MESSAGE", `A schedule fired for the time "${message.at}".`);
  const { apps, match } = await lookUp(world, message.env, message.app, message.functionId);
  const cron = match && cronOf(match.fn, message.cron, at);
  if (match === undefined || cron === undefined) {
    log.warn("a schedule fired that no registered function has (any more)", { functionId: message.functionId });
    return { send: [] };
  }
  const event: StoredEvent = await world.events.put({
    v: 1,
    env: message.env,
    id: cronEventId(message, at),
    name: EVENT_CRON,
    ts: at,
    at,
    arrivedAt: clock.now(),
    data: { json: JSON.stringify({ cron }) },
    hops: 0,
  });
  return admit(deps, { match, event, emits: emitsOf(apps) });
}

/** A function, looked up afresh before it is said not to be there: a deploy may be seconds old. */
async function lookUp(world: RouterDeps["world"], env: string, app: string, functionId: string) {
  const known = await world.registry.apps(env);
  const match = findFunction(known, app, functionId);
  if (match !== undefined) return { apps: known, match };
  const apps = await world.registry.appsNow(env);
  return { apps, match: findFunction(apps, app, functionId) };
}

/** Not lost: the message comes back, and becomes a dead letter if the app does not. */
const notRegistered = (app: string, runId: string) =>
  new Error(`The app "${app}" of the run ${runId} is not registered.`);

const failure = (error: StepwellError): Outcome => ({ ok: false, error: serializeError(error) });

const addressOf = ({ target }: InvokeMessage) => `${target.app}/${target.functionId}`;

function notFound(message: InvokeMessage, apps: readonly RegisteredApp[]): StepwellError {
  const known = apps.flatMap(({ manifest }) => manifest.functions.map((fn) => `${manifest.app}/${fn.id}`));
  return new StepwellError(
    "STEPWELL_FUNCTION_NOT_FOUND",
    `step.invoke: there is no function "${addressOf(message)}" in the environment "${message.parent.env}". ` +
      `Registered are: ${known.join(", ") || "none"}. Add it to serve({ functions }) of its app and deploy that app.`,
  );
}

const notStarted = (message: InvokeMessage, { reason, key, runId }: Skipped) =>
  new StepwellError(
    "STEPWELL_RUN_SKIPPED",
    `step.invoke: "${addressOf(message)}" was not started: its ${reason} ${key === undefined ? "" : `for the key ${JSON.stringify(key)} `}` +
      `lets no run through now${runId === undefined ? "" : `, because of the run ${runId}`}.`,
  );

const tooManyHops = (message: InvokeMessage) =>
  new StepwellError(
    "STEPWELL_TOO_MANY_HOPS",
    `step.invoke of "${addressOf(message)}" is ${message.hops} functions deep; the limit is ${HOPS_MAX}. Does a function invoke itself?`,
  );
