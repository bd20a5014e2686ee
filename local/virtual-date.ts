import { AsyncLocalStorage } from "node:async_hooks";
import type { Clock } from "../sdk/protocol/clock.ts";

const clocks = new AsyncLocalStorage<Clock>();
let patched = false;

/** Inside `fn`, and in whatever it starts, `Date` reads `clock`. Everywhere else it stays the real one. */
export function runWithVirtualDate<T>(clock: Clock, fn: () => T): T {
  patchDate();
  return clocks.run(clock, fn);
}

/**
 * Replaces the global `Date` once by a proxy that asks the asynchronous context for a clock. A proxy, not a subclass: `instanceof`,
 * `Date()` as a function, static methods and `new.target` of subclasses keep working, for dates made before and after.
 */
export function patchDate(): void {
  if (patched) return;
  patched = true;
  const Real = Date;
  const now = () => clocks.getStore()?.now() ?? Real.now();
  globalThis.Date = new Proxy(Real, {
    construct(target, args, newTarget) {
      const clock = args.length === 0 ? clocks.getStore() : undefined;
      return Reflect.construct(target, clock === undefined ? args : [clock.now()], newTarget);
    },
    apply: () => new Real(now()).toString(),
    get: (target, key, receiver) => (key === "now" ? now : Reflect.get(target, key, receiver)),
  });
  // `new Date().constructor` must be the same `Date` that code compares it with.
  Object.defineProperty(Real.prototype, "constructor", { value: globalThis.Date, writable: true, configurable: true });
}
