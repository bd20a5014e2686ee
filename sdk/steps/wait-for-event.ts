import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { AwaitedEvent, Ledger, WaitForEventRequest } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import { checkCondition, checkMatch } from "../functions/conditions.ts";
import { checkEventName, WAITABLE_LIFECYCLE_EVENTS } from "../functions/event-name.ts";
import { EVENT_FINISHED, EVENT_INVOKED, EVENTS_PER_WAIT_MAX, LOOKBACK_MS_MAX } from "../protocol/index.ts";
import { checkAwaited, isEventType, type SchemaSource } from "../schemas/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

const CODE = "STEPWELL_INVALID_STEP";
const CONDITIONS = ["match", "if"];

export const waitForEvent =
  (ledger: Ledger, schemas?: SchemaSource): StepTools<AnyEvents>["waitForEvent"] =>
  (id, options) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.waitForEvent");
      const asked = ledger.ask({ ...step, kind: "waitForEvent", ...checkWait(options, where) });
      return checkAwaited(asked, { event: [options.event].flat().map(typeOrName), schemas, where });
    });

/** Of an event, or an entry of a list. */
const typeOrName = (entry: unknown): unknown => (isRecord(entry) && !isEventType(entry) ? entry.event : entry);

function checkWait(options: unknown, where: string): Omit<WaitForEventRequest, "kind"> {
  if (!isRecord(options)) {
    throw badInput(
      CODE,
      where,
      `the second argument must be { event, timeout, match? or if? }, got ${quote(options)}.`,
    );
  }
  refuseUnknownKeys(options, ["event", "timeout", "lookback", ...CONDITIONS], CODE, where);
  if (options.timeout === undefined) {
    throw badInput(CODE, where, 'a `timeout` is required, such as "7d"; 365 days at most.');
  }
  return {
    events: checkEvents(options, where),
    timeoutMs: parseDuration(options.timeout, `${where}: timeout`),
    ...(options.lookback !== undefined && { lookbackMs: checkLookback(options.lookback, `${where}: lookback`) }),
  };
}

function checkLookback(lookback: unknown, where: string): number {
  const ms = parseDuration(lookback, where);
  if (ms <= LOOKBACK_MS_MAX) return ms;
  throw badInput("STEPWELL_INVALID_DURATION", where, `may be ${LOOKBACK_MS_MAX / 86_400_000} days at most.`);
}

/** One event or several; a condition of the whole wait is that of each event that has none of its own. */
function checkEvents(options: Record<string, unknown>, where: string): readonly AwaitedEvent[] {
  const { event: given } = options;
  const common = checkConditions(options, where);
  if (!Array.isArray(given)) return [{ event: checkName(given, `${where}: event`), ...common }];
  if (given.length === 0 || given.length > EVENTS_PER_WAIT_MAX) {
    throw badInput(CODE, `${where}: event`, `a list has 1 to ${EVENTS_PER_WAIT_MAX} events, this one ${given.length}.`);
  }
  return given.map((entry, index) => checkEntry(entry, common, `${where}: event[${index}]`));
}

function checkEntry(entry: unknown, common: Omit<AwaitedEvent, "event">, where: string): AwaitedEvent {
  if (!isRecord(entry) || isEventType(entry)) return { event: checkName(entry, where), ...common };
  refuseUnknownKeys(entry, ["event", ...CONDITIONS], CODE, where);
  const event = checkName(entry.event, `${where}: event`);
  const own = checkConditions(entry, where);
  return { event, ...(own.match === undefined && own.if === undefined ? common : own) };
}

function checkConditions(options: Record<string, unknown>, where: string): Omit<AwaitedEvent, "event"> {
  if (options.match !== undefined && options.if !== undefined) {
    throw badInput(CODE, where, "give `match` or `if`, not both. What `match` says can be a part of `if`.");
  }
  return {
    ...(options.match !== undefined && { match: checkMatch(options.match, `${where}: match`) }),
    ...(options.if !== undefined && { if: checkCondition(options.if, ["event", "async"], `${where}: if`) }),
  };
}

function checkName(given: unknown, where: string): string {
  const name = isEventType(given) ? given.name : given;
  if (name === EVENT_FINISHED || name === EVENT_INVOKED) {
    const text = `${name} goes out only to functions that it triggers. Use step.invoke, or make it a function's trigger.`;
    throw badInput(CODE, where, text);
  }
  return checkEventName(name, CODE, where, WAITABLE_LIFECYCLE_EVENTS);
}
