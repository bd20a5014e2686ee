import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import { parseDuration } from "../expressions/index.ts";
import { ATTEMPTS_DEFAULT, BACKOFF_MS_MAX, RETRIES_MAX, type RetryPolicy } from "../protocol/index.ts";
import { checkCount } from "./numbers.ts";

const CODE = "STEPWELL_INVALID_FUNCTION";

/** `retries` as a policy: a number counts the tries after the first, the object form counts all tries. */
export function checkRetries(retries: unknown, where: string): RetryPolicy {
  if (retries === undefined) return policy({});
  if (typeof retries === "number") return policy({ attempts: 1 + checkCount(retries, 0, RETRIES_MAX, where) });
  if (!isRecord(retries)) {
    const text = `must be a number from 0 to ${RETRIES_MAX} or { attempts, backoff, maxDelay }, got ${quote(retries)}.`;
    throw badInput(CODE, where, text);
  }
  refuseUnknownKeys(retries, ["attempts", "backoff", "maxDelay"], CODE, where);
  const { attempts, backoff, maxDelay } = retries;
  return policy({
    ...(attempts !== undefined && { attempts: checkCount(attempts, 1, RETRIES_MAX + 1, `${where}.attempts`) }),
    ...(backoff !== undefined && { backoff: checkBackoff(backoff, `${where}.backoff`) }),
    ...(maxDelay !== undefined && { maxDelayMs: parseDuration(maxDelay, `${where}.maxDelay`) }),
  });
}

const policy = (given: Partial<RetryPolicy>): RetryPolicy => ({
  attempts: ATTEMPTS_DEFAULT,
  backoff: "exponential",
  maxDelayMs: BACKOFF_MS_MAX,
  ...given,
});

function checkBackoff(value: unknown, where: string): RetryPolicy["backoff"] {
  if (value === "exponential" || value === "fixed") return value;
  throw badInput(CODE, where, `must be "exponential" or "fixed", got ${quote(value)}.`);
}
