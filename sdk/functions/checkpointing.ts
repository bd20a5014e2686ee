import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Checkpointing } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import { BUFFERED_STEPS_MAX, type Code } from "../protocol/index.ts";

const EACH_STEP: Checkpointing = { bufferedSteps: 1, maxIntervalMs: 0, maxRuntimeMs: Number.POSITIVE_INFINITY };
const MAX_INTERVAL_MS_DEFAULT = 10_000;

/** `checkpointing` of a client or a function. */
export function checkCheckpointing(value: unknown, code: Code, where: string): Checkpointing {
  if (value === undefined || value === true) return EACH_STEP;
  if (value === false) return { ...EACH_STEP, maxRuntimeMs: 0 };
  if (!isRecord(value)) {
    const text = `must be true, false or { bufferedSteps, maxInterval, maxRuntime }, got ${quote(value)}.`;
    throw badInput(code, where, text);
  }
  refuseUnknownKeys(value, ["bufferedSteps", "maxInterval", "maxRuntime"], code, where);
  const { bufferedSteps = 1, maxInterval = MAX_INTERVAL_MS_DEFAULT, maxRuntime } = value;
  return {
    bufferedSteps: checkBufferedSteps(bufferedSteps, code, `${where}.bufferedSteps`),
    maxIntervalMs: checkTime(maxInterval, code, `${where}.maxInterval`),
    maxRuntimeMs:
      maxRuntime === undefined ? EACH_STEP.maxRuntimeMs : checkTime(maxRuntime, code, `${where}.maxRuntime`),
  };
}

function checkBufferedSteps(value: unknown, code: Code, where: string): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= BUFFERED_STEPS_MAX)
    return value as number;
  throw badInput(code, where, `must be a whole number from 1 to ${BUFFERED_STEPS_MAX}, got ${quote(value)}.`);
}

function checkTime(value: unknown, code: Code, where: string): number {
  const ms = parseDuration(value, where);
  if (ms > 0) return ms;
  throw badInput(code, where, `must be longer than nothing, got ${quote(value)}.`);
}
