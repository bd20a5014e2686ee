import { RATE_MAX, type RateLimit, type Throttle } from "../../protocol/index.ts";
import { checkKey } from "../conditions.ts";
import { checkCount } from "../numbers.ts";
import { checkFields, checkPeriod } from "./fields.ts";

/** `throttle`: so many runs begin in a period; the others wait. */
export function checkThrottle(value: unknown, where: string): Throttle {
  const { burst = 0, ...rate } = checkFields(value, ["limit", "period", "burst?", "key?"], where);
  return { ...checkRate(rate, where), burst: checkCount(burst, 0, RATE_MAX, `${where}.burst`) };
}

/** `rateLimit`: so many events count in a period; the others are dropped. */
export function checkRateLimit(value: unknown, where: string): RateLimit {
  return checkRate(checkFields(value, ["limit", "period", "key?"], where), where);
}

const checkRate = ({ limit, period, key }: Readonly<Record<string, unknown>>, where: string): RateLimit => ({
  limit: checkCount(limit, 1, RATE_MAX, `${where}.limit`),
  periodMs: checkPeriod(period, `${where}.period`),
  ...(key !== undefined && { key: checkKey(key, `${where}.key`) }),
});
