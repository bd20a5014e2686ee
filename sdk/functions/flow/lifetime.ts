import { badInput, quote } from "../../errors/index.ts";
import { parseDuration } from "../../expressions/index.ts";
import { CANCEL_ON_MAX, type CancelOn, type FlowManifest, type Singleton } from "../../protocol/index.ts";
import { isEventType } from "../../schemas/index.ts";
import { checkCondition, checkKey, checkMatch } from "../conditions.ts";
import { checkEventName, WAITABLE_LIFECYCLE_EVENTS } from "../event-name.ts";
import { CODE, checkFields } from "./fields.ts";

/** `singleton`: one run at a time, and no queue. */
export function checkSingleton(value: unknown, where: string): Singleton {
  const { mode, key } = checkFields(value, ["mode", "key?"], where);
  if (mode !== "skip" && mode !== "cancel") {
    throw badInput(CODE, `${where}.mode`, `must be "skip" or "cancel", got ${quote(mode)}.`);
  }
  return { mode, ...(key !== undefined && { key: checkKey(key, `${where}.key`) }) };
}

/** `timeouts`: nothing when neither is given. */
export function checkTimeouts(value: unknown, where: string): FlowManifest["timeouts"] {
  const { start, finish } = checkFields(value, ["start?", "finish?"], where);
  if (start === undefined && finish === undefined) return undefined;
  return {
    ...(start !== undefined && { startMs: checkTimeout(start, `${where}.start`) }),
    ...(finish !== undefined && { finishMs: checkTimeout(finish, `${where}.finish`) }),
  };
}

/** `cancelOn`: one event, or a list of them. */
export function checkCancelOn(value: unknown, where: string): readonly CancelOn[] {
  if (!Array.isArray(value)) return [checkCancelEvent(value, where)];
  if (value.length === 0 || value.length > CANCEL_ON_MAX) {
    const text = `a function is cancelled by 1 to ${CANCEL_ON_MAX} events, this list has ${value.length}.`;
    throw badInput(CODE, where, text);
  }
  return value.map((event, index) => checkCancelEvent(event, `${where}[${index}]`));
}

function checkCancelEvent(value: unknown, where: string): CancelOn {
  const given = checkFields(value, ["event", "if?", "match?", "timeout?"], where);
  if (given.match !== undefined && given.if !== undefined) {
    throw badInput(CODE, where, "give `match` or `if`, not both. What `match` says can be a part of `if`.");
  }
  const name = isEventType(given.event) ? given.event.name : given.event;
  return {
    event: checkEventName(name, CODE, `${where}.event`, WAITABLE_LIFECYCLE_EVENTS),
    ...(given.match !== undefined && { match: checkMatch(given.match, `${where}.match`) }),
    ...(given.if !== undefined && { if: checkCondition(given.if, ["event", "async"], `${where}.if`) }),
    ...(given.timeout !== undefined && { timeoutMs: checkTimeout(given.timeout, `${where}.timeout`) }),
  };
}

function checkTimeout(value: unknown, where: string): number {
  const ms = parseDuration(value, where);
  if (ms > 0) return ms;
  throw badInput("STEPWELL_INVALID_DURATION", where, `must be longer than zero, got ${quote(value)}.`);
}
