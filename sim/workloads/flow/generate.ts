import type { Draw } from "../../draw.ts";
import { type Arrival, GO, type Option, type Rules } from "./rules.ts";

/** The event that cancels. */
export const STOP = "flow/stop";

const SECOND = 1_000;

/** How the options are drawn. Intervals of tokens are whole seconds, so that queues, which delay by these, are never late. */
const RULES: { readonly [O in Option]: (draw: Draw) => NonNullable<Rules[O]> } = {
  idempotency: () => "order",
  rateLimit: (draw) => {
    const limit = draw.number(1, 3);
    return { limit, period: limit * draw.number(5, 40) * SECOND, ...draw.maybe({ key: "user" }) };
  },
  debounce: (draw) => ({
    period: draw.number(5, 20) * SECOND,
    ...draw.maybe({ key: "user" }),
    ...draw.maybe({ timeout: draw.number(20, 40) * SECOND }),
    ...draw.maybe({ collect: true }),
  }),
  batchEvents: (draw) => ({
    maxSize: draw.number(2, 4),
    timeout: draw.number(5, 40) * SECOND,
    ...draw.maybe({ key: "user" }),
    ...draw.maybe({ if: "small" }),
  }),
  singleton: (draw) => ({ mode: draw.oneOf(["skip", "cancel"]), ...draw.maybe({ key: "user" }) }),
  throttle: (draw) => {
    const limit = draw.number(1, 2);
    const period = limit * draw.number(5, 20) * SECOND;
    return { limit, period, burst: draw.number(0, 2), ...draw.maybe({ key: "user" }) };
  },
  concurrency: (draw) => [
    { limit: draw.number(1, 2), ...draw.maybe({ key: "user" }) },
    ...(draw.chance(0.3) ? [{ limit: 1, key: "order" }] : []),
  ],
  priority: () => "seconds",
  cancelOn: (draw) => ({ event: STOP, match: "order", ...draw.maybe({ timeout: draw.number(10, 60) * SECOND }) }),
  timeouts: (draw) => ({ start: draw.number(10, 40) * SECOND, finish: draw.number(15, 60) * SECOND }),
};

export const OPTIONS = Object.keys(RULES) as readonly Option[];

export const rulesOf = (draw: Draw, options: readonly Option[]): Rules =>
  Object.fromEntries(options.map((option) => [option, RULES[option](draw)]));

/** Bursts and single events with gaps of up to so many seconds, some of which have no key or one of an odd kind, and some of which cancel. */
export function arrivalsOf(draw: Draw, count: number, rules: Rules, gapMax = 30): readonly Arrival[] {
  let at = 0;
  // A timer that is set when a run comes to rest is late by the fraction of a second at which it does.
  const grain = rules.timeouts?.finish === undefined ? 1 : SECOND;
  const takes = (from: number, to: number) =>
    Math.ceil((draw.number(from, to) * SECOND - draw.number(0, 999)) / grain) * grain;
  return Array.from({ length: count }, (_, i) => {
    if (draw.chance(0.6)) at += draw.number(1, gapMax) * SECOND;
    const parts = [takes(2, 15), ...(draw.chance(0.3) ? [draw.number(3, 30) * SECOND, takes(2, 10)] : [])];
    const user = draw.oneOf<unknown>(["ann", "bob", 7, false, null]);
    return {
      id: `e${String(i).padStart(2, "0")}`,
      name: rules.cancelOn !== undefined && i > 0 && draw.chance(0.25) ? STOP : GO,
      at,
      ts: at + draw.number(-20, 20) * SECOND,
      parts,
      data: {
        parts,
        order: draw.oneOf(["o1", "o2", "o3", "o4", "o5", "o6"]),
        small: draw.chance(0.8),
        seconds: draw.oneOf<unknown>([0, 30, -30, 900, "soon"]),
        ...(draw.chance(0.9) && { user }),
      },
    };
  });
}
