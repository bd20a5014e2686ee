import { anthropic, openai } from "../../sdk/ai/index.ts";
import { badInput, isRecord, quote } from "../../sdk/errors/index.ts";
import { isEventType } from "../../sdk/schemas/event-type.ts";
import { withAddresses, withEngineNames } from "./expressions.ts";
import { INNGEST_PREFIX, isLifecycle, toEngineEvent, toInngestEvent } from "./names.ts";

const CODE = "STEPWELL_INVALID_STEP";

/** Step tools, or a client: whatever has methods by name. */
type Tools = Readonly<Record<string, unknown>>;
/** What makes a model for `step.ai.infer`. */
export const models = { openai, anthropic };

type Tool = (id: unknown, ...rest: unknown[]) => Promise<unknown>;

/** Step tools that take what Inngest's take: its names of the engine's events, a `Date` as a timeout, events made by an event type. */
export function toInngestSteps<S extends object>(step: S, app: string): S {
  const tools = step as unknown as Tools;
  const tool = (name: string) => tools[name] as Tool;
  return {
    ...step,
    waitForEvent: (id: unknown, options: unknown) => waitForEvent(tool("waitForEvent"), id, options, app),
    waitForSignal: (id: unknown, options: unknown) => tool("waitForSignal")(id, withDuration(options)),
    invoke: (id: unknown, options: unknown, ...data: unknown[]) => tool("invoke")(id, withDuration(options), ...data),
    sendEvent: (id: unknown, events: unknown) =>
      rejecting(() => tool("sendEvent")(id, toOutgoing(events, "step.sendEvent"))),
    ai: { ...(tools.ai as object), models },
  };
}

function waitForEvent(wait: Tool, id: unknown, given: unknown, app: string): Promise<unknown> {
  if (!isRecord(given)) return wait(id, given);
  return rejecting(() => {
    const where = `step.waitForEvent "${String(isRecord(id) ? id.id : id)}"`;
    const entries = [given.event].flat();
    const lifecycle = entries.some((entry) => isLifecycle(hasOptions(entry) ? entry.event : entry));
    const events = entries.map((entry) => toEngineEntry(entry, app, where));
    const condition = toEngineCondition(given.if, lifecycle, app, where);
    const event = Array.isArray(given.event) ? events : events[0];
    const waiting = wait(id, withDuration({ ...given, event, ...(condition !== undefined && { if: condition }) }));
    if (!lifecycle) return waiting;
    const renamed = waiting.then(toInngestEvent);
    // A wait that nobody awaits may fail; that is no unhandled rejection of the process.
    renamed.catch(() => {});
    return renamed;
  });
}

/** Whether it is `{ event, if? }`, and neither a name nor an event type. */
const hasOptions = (entry: unknown): entry is { readonly event?: unknown; readonly if?: unknown } =>
  isRecord(entry) && !isEventType(entry);

function toEngineEntry(entry: unknown, app: string, where: string): unknown {
  if (!hasOptions(entry)) return toEngineEvent(entry, CODE, `${where}: event`);
  const event = toEngineEvent(entry.event, CODE, `${where}: event`);
  const condition = toEngineCondition(entry.if, isLifecycle(entry.event), app, where);
  return { ...entry, event, ...(condition !== undefined && { if: condition }) };
}

const toEngineCondition = (given: unknown, lifecycle: boolean, app: string, where: string): unknown =>
  lifecycle ? withAddresses(withEngineNames(given), "async", app, `${where}: if`) : withEngineNames(given);

/** A point in time as a timeout becomes the time until then. It counts when the wait begins: later replays take what was written then. */
function withDuration(options: unknown): unknown {
  if (!isRecord(options) || !(options.timeout instanceof Date)) return options;
  return { ...options, timeout: Math.max(0, options.timeout.getTime() - Date.now()) };
}

/** Events to send. Inngest's own names are refused, as they are there. */
export function toOutgoing(events: unknown, where: string): unknown {
  for (const event of Array.isArray(events) ? events : [events]) {
    if (!isRecord(event) || typeof event.name !== "string" || !event.name.startsWith(INNGEST_PREFIX)) continue;
    const text = `names that begin with "${INNGEST_PREFIX}" are the engine's own; got ${quote(event.name)}.`;
    throw badInput("STEPWELL_INVALID_EVENT", `${where}: name`, text);
  }
  return events;
}

/** As everywhere: errors of a step tool reject, they never throw. */
function rejecting(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return ask();
  } catch (error) {
    return Promise.reject(error);
  }
}
