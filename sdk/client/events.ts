import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { OutgoingEvent } from "../execution/contract.ts";
import { checkEventName } from "../functions/event-name.ts";
import { EVENT_ID_CHARS_MAX } from "../protocol/index.ts";
import { checkEventBytes, jsonText } from "./json.ts";

const CODE = "STEPWELL_INVALID_EVENT";
const FIELDS = ["name", "data", "id", "ts", "user", "v"];
/** The largest time that a `Date` can hold, in milliseconds. */
const TIME_MS_MAX = 8.64e15;

/**
 * One event or several, as users give them, checked and copied. All are checked before any is used: a send with a bad event
 * sends nothing.
 */
export function checkEvents(given: unknown, where: string): OutgoingEvent[] {
  if (!Array.isArray(given)) return [checkEvent(given, where)];
  return given.map((event, index) => checkEvent(event, `${where}: events[${index}]`));
}

function checkEvent(event: unknown, where: string): OutgoingEvent {
  if (!isRecord(event)) throw badInput(CODE, where, `an event must be an object { name, data }, got ${quote(event)}.`);
  const name = checkEventName(event.name, CODE, `${where}: name`);
  const at = `${where} "${name}"`;
  refuseUnknownKeys(event, FIELDS, CODE, at);
  const { data = {}, id, ts, user, v } = event;
  if (!isRecord(data)) throw badInput(CODE, `${at}: data`, `must be an object, got ${quote(data)}.`);
  if (user !== undefined && !isRecord(user))
    throw badInput(CODE, `${at}: user`, `must be an object, got ${quote(user)}.`);
  const dataText = jsonText(data, "data", CODE, at);
  const userText = user === undefined ? undefined : jsonText(user, "user", CODE, at);
  checkEventBytes([name, dataText], userText, at);
  return {
    name,
    data: JSON.parse(dataText) as unknown,
    ...(userText !== undefined && { user: JSON.parse(userText) as unknown }),
    ...(id !== undefined && { id: checkText(id, EVENT_ID_CHARS_MAX, `${at}: id`) }),
    ...(ts !== undefined && { ts: checkTime(ts, `${at}: ts`) }),
    ...(v !== undefined && { v: checkText(v, EVENT_ID_CHARS_MAX, `${at}: v`) }),
  };
}

function checkText(value: unknown, charsMax: number, where: string): string {
  if (typeof value === "string" && value !== "" && value.length <= charsMax) return value;
  throw badInput(CODE, where, `must be a string of 1 to ${charsMax} characters, got ${quote(value)}.`);
}

function checkTime(value: unknown, where: string): number {
  if (typeof value === "number" && Math.abs(value) <= TIME_MS_MAX) return value;
  throw badInput(CODE, where, `must be a time in milliseconds since the epoch, got ${quote(value)}.`);
}
