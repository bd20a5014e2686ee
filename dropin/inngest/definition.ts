import { badInput, isRecord } from "../../sdk/errors/index.ts";
import { EventType, isEventType, ownSchemas } from "../../sdk/schemas/event-type.ts";
import { idFrom } from "../id.ts";
import { withAddresses, withEngineNames } from "./expressions.ts";
import { INVOKED, isLifecycle, toEngineEvent, toInngestEvent } from "./names.ts";
import { withTools } from "./scope.ts";
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
  // A second argument that is missing is a mistake, and no function without triggers.
  if (rest.length === 2) return [translated, rest[0] === undefined ? undefined : triggers(rest[0]), last];
  return [{ ...translated, triggers: triggers(options.triggers) }, ...rest.slice(0, -1), last];
}

/** A handler that gets its context as Inngest's do. */
const toEngineHandler =
  (handler: AnyHandler, app: string): AnyHandler =>
  (context) => {
    const step = toInngestSteps(context.step as object, app);
    const event = toInngestEvent(context.event);
    const events = (context.events as readonly unknown[]).map(toInngestEvent);
    return withTools({ step, group: context.group }, () => handler({ ...context, event, events, step }));
  };

interface Place {
  readonly app: string;
  readonly id: unknown;
  readonly where: string;
}

/**
 * Triggers for the engine. Every function can be invoked; so a trigger that says only that, as well as none, becomes one that no event can
 * meet: it keeps the schema of the data, and the engine wants to know what starts a function.
 */
function toEngineTriggers(given: unknown, place: Place): unknown {
  if (given === undefined) return [whenInvoked(place)];
  if (!Array.isArray(given)) return toEngineTrigger(given, place);
  return given.length === 0 ? [whenInvoked(place)] : given.map((trigger) => toEngineTrigger(trigger, place));
}

function whenInvoked({ id }: Place, trigger: object = {}): unknown {
  const name = `invoke/${String(id)}`;
  const schemas = ownSchemas(trigger);
  return { event: schemas === undefined ? name : new EventType(name, schemas, undefined), if: "false" };
}

function toEngineTrigger(trigger: unknown, place: Place): unknown {
  if (isRecord(trigger) && trigger.event === INVOKED) return whenInvoked(place, trigger);
  if (!isRecord(trigger) || trigger.event === undefined) return trigger;
  const { app, where } = place;
  const event = toEngineEvent(trigger.event, "STEPWELL_INVALID_TRIGGER", `${where}: trigger: event`);
  if (isEventType(trigger)) return isLifecycle(trigger) ? { event } : trigger;
  const condition = withEngineNames(trigger.if);
  if (!isLifecycle(trigger.event)) return { ...trigger, event, if: condition };
  return { ...trigger, event, if: withAddresses(condition, "event", app, `${where}: trigger: if`) };
}

function toEngineCancelOn(given: unknown, app: string, where: string): unknown {
  if (Array.isArray(given)) return given.map((one) => toEngineCancelOn(one, app, where));
  if (!isRecord(given)) return given;
  const { timeout } = given;
  if (timeout instanceof Date) {
    const text =
      "must be a duration: a run is cancelled so long after its own event, and a Date is the same for all runs.";
    throw badInput("STEPWELL_INVALID_DURATION", `${where}: cancelOn.timeout`, text);
  }
  const event = toEngineEvent(given.event, "STEPWELL_INVALID_FUNCTION", `${where}: cancelOn.event`);
  const named = withEngineNames(given.if);
  const condition = isLifecycle(given.event) ? withAddresses(named, "async", app, `${where}: cancelOn.if`) : named;
  return { ...given, event, ...(condition !== undefined && { if: condition }) };
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
