import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { parseCron } from "../expressions/index.ts";
import { TRIGGERS_MAX, type TriggerManifest } from "../protocol/index.ts";
import { isEventType } from "../schemas/index.ts";
import { checkCondition } from "./conditions.ts";
import { checkEventPattern, TRIGGERING_LIFECYCLE_EVENTS } from "./event-name.ts";

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
  return list.map((trigger, index) =>
    checkTrigger(
      isEventType(trigger) ? { event: trigger } : trigger,
      Array.isArray(given) ? `${where}[${index}]` : where,
    ),
  );
}

function checkTrigger(trigger: unknown, where: string): TriggerManifest {
  if (!isRecord(trigger)) {
    throw badInput(CODE, where, `must be { event, if? }, an eventType, or { cron }; got ${quote(trigger)}.`);
  }
  refuseUnknownKeys(trigger, ["event", "if", "cron"], CODE, where);
  if ((trigger.event === undefined) === (trigger.cron === undefined)) {
    throw badInput(CODE, where, "must have exactly one of `event` and `cron`. Give two triggers for both.");
  }
  return trigger.cron === undefined ? checkEventTrigger(trigger, where) : checkCronTrigger(trigger, where);
}

function checkEventTrigger(trigger: Record<string, unknown>, where: string): TriggerManifest {
  const name = isEventType(trigger.event) ? trigger.event.name : trigger.event;
  const event = checkEventPattern(name, CODE, `${where}: event`, TRIGGERING_LIFECYCLE_EVENTS);
  if (trigger.if === undefined) return { kind: "event", event };
  return { kind: "event", event, if: checkCondition(trigger.if, ["event"], `${where}: if`) };
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
