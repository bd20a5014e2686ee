import { Stepwell } from "../../../sdk/index.ts";
import type { Field, Rules } from "./rules.ts";

const path = (field: Field): string => `event.data.${field}`;

/** An object's fields that are keys become expressions. */
const withKey = <R extends { readonly key?: Field }>(rule: R): R =>
  rule.key === undefined ? rule : { ...rule, key: path(rule.key) };

/** The rules of the model as options of `createFunction`. */
export function optionsOf(rules: Rules): object {
  const { idempotency, rateLimit, debounce, batchEvents, singleton, throttle, concurrency, priority, cancelOn } = rules;
  return {
    ...(idempotency && { idempotency: path(idempotency) }),
    ...(rateLimit && { rateLimit: withKey(rateLimit) }),
    ...(debounce && { debounce: withKey(debounce) }),
    ...(batchEvents && {
      batchEvents: { ...withKey(batchEvents), ...(batchEvents.if && { if: `${path(batchEvents.if)} == true` }) },
    }),
    ...(singleton && { singleton: withKey(singleton) }),
    ...(throttle && { throttle: withKey(throttle) }),
    ...(concurrency && { concurrency: concurrency.map(withKey) }),
    ...(priority && { priority: { run: path(priority) } }),
    ...(cancelOn && { cancelOn: [{ ...cancelOn, match: `data.${cancelOn.match}` }] }),
    ...(rules.timeouts && { timeouts: rules.timeouts }),
  };
}

/** Whether a function may have all of these: some contradict one another. */
export function areAllowed(rules: Rules): boolean {
  try {
    new Stepwell({ id: "any" }).createFunction({ id: "any", ...optionsOf(rules) }, { event: "any/any" }, () => {});
    return true;
  } catch {
    return false;
  }
}
