import { badInput, isRecord, quote } from "../../sdk/errors/index.ts";
import {
  type Code,
  EVENT_CANCELLED,
  EVENT_CRON,
  EVENT_FAILED,
  EVENT_FINISHED,
  EVENT_INVOKED,
} from "../../sdk/protocol/index.ts";
import { isEventType } from "../../sdk/schemas/event-type.ts";

/** Names that begin so are Inngest's own. */
export const INNGEST_PREFIX = "inngest/";
/** The event of a run that was invoked; as a trigger it says that a function is there to be invoked. */
export const INVOKED = "inngest/function.invoked";

/**
 * Names of the engine's own events.
 *
 * @example
 * ```ts
 * inngest.createFunction({ id: "log" }, { event: internalEvents.FunctionFailed }, async ({ event }) => event.data.error);
 * ```
 */
export const internalEvents = {
  FunctionFailed: "inngest/function.failed",
  FunctionCancelled: "inngest/function.cancelled",
  FunctionFinished: "inngest/function.finished",
  FunctionInvoked: INVOKED,
  ScheduledTimer: "inngest/scheduled.timer",
} as const;

const ENGINE_NAMES: ReadonlyMap<string, string> = new Map([
  [internalEvents.FunctionFailed, EVENT_FAILED],
  [internalEvents.FunctionCancelled, EVENT_CANCELLED],
  [internalEvents.FunctionFinished, EVENT_FINISHED],
  [internalEvents.FunctionInvoked, EVENT_INVOKED],
  [internalEvents.ScheduledTimer, EVENT_CRON],
]);
const INNGEST_NAMES: ReadonlyMap<string, string> = new Map([...ENGINE_NAMES].map(([theirs, ours]) => [ours, theirs]));
/** Those whose data tells of another function's run. */
const LIFECYCLE: readonly unknown[] = [EVENT_FAILED, EVENT_CANCELLED, EVENT_FINISHED];

/** The engine's name for one of Inngest's own events; any other name as it is. */
export const toEngineName = (name: string): string => ENGINE_NAMES.get(name) ?? name;

/** An event that function code listens to, by its name or its event type, as the engine calls it. @throws StepwellError of that code */
export function toEngineEvent(event: unknown, code: Code, where: string): unknown {
  const name = nameOf(event);
  if (typeof name !== "string" || !name.startsWith(INNGEST_PREFIX)) return event;
  const own = ENGINE_NAMES.get(name);
  if (own !== undefined) return own;
  const known = [...ENGINE_NAMES.keys()].join(", ");
  throw badInput(
    code,
    where,
    `of the names that begin with "${INNGEST_PREFIX}" there are ${known}; got ${quote(name)}.`,
  );
}

/** Whether such an event tells of another function's run. */
export function isLifecycle(event: unknown): boolean {
  const name = nameOf(event);
  return typeof name === "string" && LIFECYCLE.includes(toEngineName(name));
}

const nameOf = (event: unknown): unknown => (isEventType(event) ? event.name : event);

/** An event as code that comes from Inngest expects it: the engine's own events under Inngest's names, those inside of them too. */
export function toInngestEvent<E>(event: E): E {
  if (!isRecord(event) || typeof event.name !== "string") return event;
  const name = INNGEST_NAMES.get(event.name);
  if (name === undefined) return event;
  return { ...event, name, data: LIFECYCLE.includes(event.name) ? lifecycleData(event.data) : event.data };
}

function lifecycleData(data: unknown): unknown {
  if (!isRecord(data)) return data;
  const { function_id: address, event, events } = data;
  return {
    ...data,
    ...(typeof address === "string" && { function_id: address.replace("/", "-") }),
    ...(event !== undefined && { event: toInngestEvent(event) }),
    ...(Array.isArray(events) && { events: events.map(toInngestEvent) }),
  };
}
