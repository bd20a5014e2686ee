import { badInput, quote } from "../../errors/index.ts";
import { BATCH_SIZE_MAX, type BatchEvents, type Debounce } from "../../protocol/index.ts";
import { checkCondition, checkKey } from "../conditions.ts";
import { checkCount } from "../numbers.ts";
import { CODE, checkFields, checkPeriod } from "./fields.ts";

/** `debounce`: one run once events have stopped coming. */
export function checkDebounce(value: unknown, where: string): Debounce {
  const { period, timeout, key, collect } = checkFields(value, ["period", "timeout?", "key?", "collect?"], where);
  const periodMs = checkPeriod(period, `${where}.period`);
  if (collect !== undefined && typeof collect !== "boolean") {
    throw badInput(CODE, `${where}.collect`, `must be true or false, got ${quote(collect)}.`);
  }
  return {
    periodMs,
    // Shorter than the period, it would be the period.
    ...(timeout !== undefined && { timeoutMs: checkPeriod(timeout, `${where}.timeout`, periodMs) }),
    ...(key !== undefined && { key: checkKey(key, `${where}.key`) }),
    ...(collect === true && { collect }),
  };
}

/** `batchEvents`: one run for many events. */
export function checkBatchEvents(value: unknown, where: string): BatchEvents {
  const given = checkFields(value, ["maxSize", "timeout", "key?", "if?"], where);
  return {
    maxSize: checkCount(given.maxSize, 1, BATCH_SIZE_MAX, `${where}.maxSize`),
    timeoutMs: checkPeriod(given.timeout, `${where}.timeout`),
    ...(given.key !== undefined && { key: checkKey(given.key, `${where}.key`) }),
    ...(given.if !== undefined && { if: checkCondition(given.if, ["event"], `${where}.if`) }),
  };
}
