import { badInput, isRecord } from "../../sdk/errors/index.ts";
import { idFrom } from "../id.ts";
import { withAddresses, withEngineNames } from "./expressions.ts";
import { INVOKED, isLifecycle, toEngineName, toInngestEvent } from "./names.ts";
import { withSteps } from "./scope.ts";
import { toInngestSteps } from "./steps.ts";

type Given = Readonly<Record<string, unknown>>;
type AnyHandler = (context: Given) => unknown;

/** The arguments of Inngest's `createFunction`, in both call shapes, as Stepwell's own takes them. */
export function toEngineShape(shape: readonly unknown[], app: string): readonly unknown[] {
  const [options, ...rest] = shape;
  if (!isRecord(options)) return shape;
  const where = `createFunction "${String(options.id)}"`;
  const { experimentalCheckpointing, ...others } = options;
  const id = idFrom(options.id);
  const translated: Given = {
    ...others,
    id,
    ...(options.name === undefined && id !== options.id && { name: options.id }),
    ...(experimentalCheckpointing !== undefined && { checkpointing: experimentalCheckpointing }),
    ...(options.cancelOn !== undefined && { cancelOn: toEngineCancelOn(options.cancelOn, app, where) }),
    ...expressionsOf(options),
    ...(typeof options.onFailure === "function" && {
      onFailure: toEngineHandler(options.onFailure as AnyHandler, app),
    }),
    ...(typeof options.onCancel === "function" && { onCancel: toEngineHandler(options.onCancel as AnyHandler, app) }),
  };
  const triggers = (given: unknown) => toEngineTriggers(given, { app, id, where });
  const handler = rest.at(-1);
  const last = typeof handler === "function" ? toEngineHandler(handler as AnyHandler, app) : handler;
  if (rest.length === 2) return [translated, triggers(rest[0]), last];
  return [{ ...translated, triggers: triggers(options.triggers) }, ...rest.slice(0, -1), last];
}

/** A handler that gets its context as Inngest's do. */
const toEngineHandler =
  (handler: AnyHandler, app: string): AnyHandler =>
  (context) => {
    const step = toInngestSteps(context.step as object, app);
    const event = toInngestEvent(context.event);
    const events = (context.events as readonly unknown[]).map(toInngestEvent);
    return withSteps(step, () => handler({ ...context, event, events, step }));
  };

interface Place {
  readonly app: string;
  readonly id: unknown;
  readonly where: string;
}

/**
 * Triggers for the engine. Every function can be invoked, so a trigger that says no more than that is left out. Where it is the only one,
 * or there is none, it becomes one that no event can meet: the engine wants to know what starts a function.
 */
function toEngineTriggers(given: unknown, { app, id, where }: Place): unknown {
  if (given !== undefined && !isRecord(given) && !Array.isArray(given)) return given;
  const list: readonly unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given];
  const started = list.filter((trigger) => !(isRecord(trigger) && trigger.event === INVOKED));
  if (started.length === 0) return [{ event: `${app}/${String(id)}.invoked`, if: "false" }];
  const translated = started.map((trigger) => toEngineTrigger(trigger, app, where));
  return Array.isArray(given) ? translated : translated[0];
}

function toEngineTrigger(trigger: unknown, app: string, where: string): unknown {
  if (!isRecord(trigger) || typeof trigger.event !== "string") return trigger;
  const event = toEngineName(trigger.event);
  if (trigger.if === undefined) return { ...trigger, event };
  const condition = withEngineNames(trigger.if);
  if (!isLifecycle(event)) return { ...trigger, event, if: condition };
  return { ...trigger, event, if: withAddresses(condition, "event", app, `${where}: trigger: if`) };
}

function toEngineCancelOn(given: unknown, app: string, where: string): unknown {
  if (Array.isArray(given)) return given.map((one) => toEngineCancelOn(one, app, where));
  if (!isRecord(given) || typeof given.event !== "string") return given;
  const { timeout } = given;
  if (timeout instanceof Date) {
    const text =
      "must be a duration: a run is cancelled so long after its own event, and a Date is the same for all runs.";
    throw badInput("STEPWELL_INVALID_DURATION", `${where}: cancelOn.timeout`, text);
  }
  const condition = withEngineNames(given.if);
  if (condition === undefined) return { ...given, event: toEngineName(given.event) };
  const named = isLifecycle(given.event) ? withAddresses(condition, "async", app, `${where}: cancelOn.if`) : condition;
  return { ...given, event: toEngineName(given.event), if: named };
}

/** The other options that hold expressions. */
function expressionsOf({ idempotency, batchEvents, priority }: Given): Given {
  return {
    ...(idempotency !== undefined && { idempotency: withEngineNames(idempotency) }),
    ...(isRecord(batchEvents) &&
      batchEvents.if !== undefined && { batchEvents: { ...batchEvents, if: withEngineNames(batchEvents.if) } }),
    ...(isRecord(priority) && { priority: { ...priority, run: withEngineNames(priority.run) } }),
  };
}
