import { badInput, isRecord, quote } from "../../sdk/errors/index.ts";
import { withAddresses, withEngineNames } from "./expressions.ts";
import { INNGEST_PREFIX, isLifecycle, toEngineName, toInngestEvent } from "./names.ts";

/** Step tools, or a client: whatever has methods by name. */
type Tools = Readonly<Record<string, unknown>>;
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
  };
}

function waitForEvent(wait: Tool, id: unknown, given: unknown, app: string): Promise<unknown> {
  if (!isRecord(given)) return wait(id, given);
  return rejecting(() => {
    const { event } = given;
    const condition = withEngineNames(given.if);
    const lifecycle = isLifecycle(event);
    const where = `step.waitForEvent "${String(id)}": if`;
    const options = {
      ...given,
      event: typeof event === "string" ? toEngineName(event) : event,
      ...(condition !== undefined && { if: lifecycle ? withAddresses(condition, "async", app, where) : condition }),
    };
    const waiting = wait(id, withDuration(options));
    // Only then: another turn of the code's own is a turn later on every replay, and costs nothing; but none is best.
    return lifecycle ? waiting.then(toInngestEvent) : waiting;
  });
}

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
