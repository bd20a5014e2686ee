import { expect, it } from "vitest";
import { STOP } from "../../sim/workloads/flow/generate.ts";
import { model } from "../../sim/workloads/flow/model.ts";
import { type Arrival, GO, type Outcome, type Rules } from "../../sim/workloads/flow/rules.ts";
import { order } from "./document.ts";

/** Arrivals at so many seconds, each of which works for two. */
const at = (...seconds: readonly number[]): readonly Arrival[] =>
  seconds.map((second, i) => arrival(`e${i}`, second, { ts: second }));

const arrival = (
  id: string,
  second: number,
  more: { ts?: number; works?: number; name?: string; data?: object } = {},
) => ({
  id,
  name: more.name ?? GO,
  at: second * 1_000,
  ts: (more.ts ?? second) * 1_000,
  parts: [(more.works ?? 2) * 1_000],
  data: { ...more.data },
});

/** Who began when, in seconds, and what became of the others. */
const story = (rules: Rules, arrivals: readonly Arrival[]) => model(rules, arrivals, order).outcomes.map(told);

const told = ({ events, status, reason, bodies, endedAt = 0 }: Outcome): string => {
  const [first] = bodies;
  const began = first === undefined ? "" : ` at ${first[0] / 1_000}`;
  const ended = status === "cancelled" ? ` until ${endedAt / 1_000}` : "";
  return `${events.join("+")} ${reason ?? status}${began}${ended}`;
};

/** Worked out by hand from docs/flow-control.md: the model is judged before it judges. */
it.each<[name: string, rules: Rules, arrivals: readonly Arrival[], expected: readonly string[]]>([
  [
    "idempotency: 24 hours, to the millisecond",
    { idempotency: "order" },
    [0, 86_399, 86_400].map((second, i) => arrival(`e${i}`, second, { data: { order: 1 } })),
    ["e0 completed at 0", "e1 idempotency", "e2 completed at 86400"],
  ],
  [
    "rateLimit: all at once, then one each interval; what is dropped counts for nothing",
    { rateLimit: { limit: 2, period: 20_000 } },
    at(0, 1, 2, 9, 10, 11, 40, 40, 40),
    [
      "e0 completed at 0",
      "e1 completed at 1",
      "e2 rateLimit",
      "e3 rateLimit",
      "e4 completed at 10",
      "e5 rateLimit",
      "e6 completed at 40",
      "e7 completed at 40",
      "e8 rateLimit",
    ],
  ],
  [
    "debounce: the latest by its sender's time, and no later than the timeout",
    { debounce: { period: 10_000, timeout: 25_000 } },
    [arrival("e0", 0), arrival("e1", 8, { ts: 99 }), arrival("e2", 16), arrival("e3", 24), arrival("e4", 30)],
    ["e0 debounce", "e1 completed at 25", "e2 debounce", "e3 debounce", "e4 completed at 40"],
  ],
  [
    "debounce with collect: all of them, the latest last",
    { debounce: { period: 10_000, collect: true } },
    [arrival("e0", 0), arrival("e1", 8, { ts: 99 }), arrival("e2", 16)],
    ["e0+e2+e1 completed at 26"],
  ],
  [
    "batchEvents: by size or by time",
    { batchEvents: { maxSize: 3, timeout: 10_000 } },
    at(0, 1, 2, 3, 12),
    ["e0+e1+e2 completed at 2", "e3+e4 completed at 13"],
  ],
  [
    "singleton: skips while one is there",
    { singleton: { mode: "skip" } },
    at(0, 1, 3),
    ["e0 completed at 0", "e1 singleton", "e2 completed at 3"],
  ],
  [
    "singleton: cancels the older one, whose body is waited for",
    { singleton: { mode: "cancel" } },
    at(0, 1, 4),
    ["e0 cancelled at 0 until 2", "e1 completed at 1", "e2 completed at 4"],
  ],
  [
    "throttle: a burst, and then evenly",
    { throttle: { limit: 1, period: 10_000, burst: 1 } },
    at(0, 0, 0, 5),
    ["e0 completed at 0", "e1 completed at 0", "e2 completed at 10", "e3 completed at 20"],
  ],
  [
    "concurrency: in the order of their times",
    { concurrency: [{ limit: 1 }] },
    [arrival("e0", 0, { works: 10 }), arrival("e1", 2), arrival("e2", 3, { ts: 1 })],
    ["e0 completed at 0", "e1 completed at 12", "e2 completed at 10"],
  ],
  [
    "priority: seconds by which a run is older",
    { concurrency: [{ limit: 1 }], priority: "seconds" },
    [arrival("e0", 0, { works: 10 }), arrival("e1", 2), arrival("e2", 4, { data: { seconds: 3 } })],
    ["e0 completed at 0", "e1 completed at 12", "e2 completed at 10"],
  ],
  [
    "two limits: who waits for one of them does not hold up the other",
    { concurrency: [{ limit: 1, key: "user" }, { limit: 2 }] },
    ["ann", "ann", "bob"].map((user, i) => arrival(`e${i}`, i, { works: 10, data: { user } })),
    ["e0 completed at 0", "e1 completed at 10", "e2 completed at 2"],
  ],
  [
    "cancelOn: by the same value, within its time",
    { concurrency: [{ limit: 1 }], cancelOn: { event: STOP, match: "order", timeout: 5_000 } },
    [
      ...[0, 1, 2].map((order) => arrival(`e${order}`, order, { works: 10, data: { order } })),
      arrival("s1", 6, { name: STOP, data: { order: 1 } }),
      arrival("s2", 8, { name: STOP, data: { order: 2 } }),
    ],
    ["e0 completed at 0", "e1 cancelled until 6", "e2 completed at 10"],
  ],
  [
    "timeouts: of the start while it is queued, of the end from its first body",
    { concurrency: [{ limit: 1 }], timeouts: { start: 15_000, finish: 8_000 } },
    [arrival("e0", 0, { works: 10 }), arrival("e1", 1, { works: 7 }), arrival("e2", 2)],
    ["e0 cancelled at 0 until 10", "e1 completed at 10", "e2 cancelled until 17"],
  ],
])("%s", (_, rules, arrivals, expected) => {
  expect(story(rules, arrivals)).toEqual(expected);
});
