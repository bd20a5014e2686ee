import type { FlowManifest, TriggerManifest } from "../../protocol/index.ts";
import { checkKey } from "../conditions.ts";
import { checkBatchEvents, checkDebounce } from "./buckets.ts";
import { checkConcurrency, checkPriority } from "./concurrency.ts";
import { refuseConflicts } from "./conflicts.ts";
import { checkCancelOn, checkSingleton, checkTimeouts } from "./lifetime.ts";
import { checkRateLimit, checkThrottle } from "./rates.ts";

type Checks = { readonly [Name in keyof FlowManifest]-?: (value: unknown, where: string) => FlowManifest[Name] };

/** How each option is checked. A new one is a function, and a line here, in `OPTIONS` and in the manifest. */
const CHECKS: Checks = {
  idempotency: checkKey,
  rateLimit: checkRateLimit,
  debounce: checkDebounce,
  batchEvents: checkBatchEvents,
  singleton: checkSingleton,
  throttle: checkThrottle,
  concurrency: checkConcurrency,
  priority: checkPriority,
  timeouts: checkTimeouts,
  cancelOn: checkCancelOn,
};

/** Flow control and lifetime of a function, checked; `undefined` when no such option is given. */
export function checkFlow(
  options: Readonly<Record<string, unknown>>,
  triggers: readonly TriggerManifest[],
  where: string,
): FlowManifest | undefined {
  const checked = Object.entries(CHECKS).flatMap(([name, check]) => {
    const value = options[name] === undefined ? undefined : check(options[name], `${where}: ${name}`);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (checked.length === 0) return undefined;
  const flow: FlowManifest = Object.fromEntries(checked);
  refuseConflicts(flow, triggers, where);
  return flow;
}
