import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { isReserved, isWildcard, parseCron } from "../expressions/index.ts";
import { TRIGGERS_MAX, type TriggerManifest } from "../protocol/index.ts";
import { checkCondition } from "./conditions.ts";
import { checkEventName, TRIGGERING_LIFECYCLE_EVENTS } from "./event-name.ts";

const CODE = "STEPWELL_INVALID_TRIGGER";

/** One trigger or a list of them, checked: names, expressions and cron texts. */
export function checkTriggers(given: unknown, where: string): TriggerManifest[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (given === undefined || list.length === 0) {
    throw badInput(
      CODE,
      where,
      'a function needs a trigger: { event: "app/thing.happened" } or { cron: "0 9 * * *" }.',
    );
  }
  if (list.length > TRIGGERS_MAX) {
    throw badInput(CODE, where, `a function has at most ${TRIGGERS_MAX} triggers, this one has ${list.length}.`);
  }
  return list.map((trigger, index) => checkTrigger(trigger, Array.isArray(given) ? `${where}[${index}]` : where));
}

function checkTrigger(trigger: unknown, where: string): TriggerManifest {
  if (!isRecord(trigger)) {
    throw badInput(CODE, where, `must be { event, if? } or { cron }, got ${quote(trigger)}.`);
  }
  refuseUnknownKeys(trigger, ["event", "if", "cron"], CODE, where);
  if ((trigger.event === undefined) === (trigger.cron === undefined)) {
    throw badInput(CODE, where, "must have exactly one of `event` and `cron`. Give two triggers for both.");
  }
  return trigger.cron === undefined ? checkEventTrigger(trigger, where) : checkCronTrigger(trigger, where);
}

function checkEventTrigger(trigger: Record<string, unknown>, where: string): TriggerManifest {
  const event = checkTriggerName(trigger.event, `${where}: event`);
  if (trigger.if === undefined) return { kind: "event", event };
  return { kind: "event", event, if: checkCondition(trigger.if, ["event"], `${where}: if`) };
}

function checkTriggerName(name: unknown, where: string): string {
  if (typeof name !== "string" || !name.includes("*")) {
    return checkEventName(name, CODE, where, TRIGGERING_LIFECYCLE_EVENTS);
  }
  if (isWildcard(name) && !isReserved(name)) return name;
  const text = isReserved(name)
    ? `the engine's own events are listened to by their full names: ${TRIGGERING_LIFECYCLE_EVENTS.join(", ")}.`
    : `a wildcard stands at the end, after "/" or ".", as in "app/*" or "app/user.*".`;
  throw badInput(CODE, where, `${quote(name)} is refused: ${text}`);
}

function checkCronTrigger(trigger: Record<string, unknown>, where: string): TriggerManifest {
  if (trigger.if !== undefined)
    throw badInput(CODE, where, "`if` belongs to event triggers; a cron has no event to ask.");
  if (typeof trigger.cron !== "string") {
    throw badInput("STEPWELL_INVALID_CRON", `${where}: cron`, `must be a string, got ${quote(trigger.cron)}.`);
  }
  // The text as it was written: it is in the event, and tells triggers of two zones apart.
  return { kind: "cron", ...parseCron(trigger.cron, `${where}: cron`), cron: trigger.cron };
}
