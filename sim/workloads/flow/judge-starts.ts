import type { Case, Fate, Told } from "./judge.ts";
import { gatesOf } from "./overseer.ts";
import { isOff, keyOf } from "./rules.ts";

/** Since the first event of a key no more starts than the capacity, and one more for each interval. */
export function throttleProblems({ rules: { throttle }, fates, told }: Case): readonly string[] {
  if (throttle === undefined) return [];
  const every = throttle.period / throttle.limit;
  const capacity = throttle.limit + (throttle.burst ?? 0);
  const throttled = fates.filter(({ run, by }) => run.startedAt !== undefined && !isOff(keyOf(throttle.key, by)));
  return [...Map.groupBy(throttled, ({ by }) => keyOf(throttle.key, by))].flatMap(([key, group]) => {
    const from = Math.min(...group.flatMap(({ events }) => events.map(({ id }) => told.arrivedAt.get(id) ?? 0)));
    const starts = group.map(({ run }) => run.startedAt ?? 0).sort((a, b) => a - b);
    const tooMany = starts.some((start, i) => i + 1 > capacity + Math.floor((start - from + told.blurMs) / every));
    return tooMany ? [`the throttle of ${JSON.stringify(key)} was exceeded: ${starts.map((at) => at - from)}`] : [];
  });
}

/** A message may be on its way for so long, in milliseconds, before its run counts as one that waits. */
const GRACE_MS = 1_000;

interface Waiting {
  readonly fate: Fate;
  readonly gate: string;
  readonly since: number;
  readonly place: number;
}

/**
 * Nobody passes the queue: where nothing goes wrong, a run that has waited starts before all that come after it in the order of times less
 * priorities. Judged of runs that stand under one limit alone, and wait for nothing else.
 */
export function orderProblems(
  { calm }: Told,
  cases: readonly (Case & { readonly functionId: string })[],
): readonly string[] {
  if (!calm || cases.some(({ rules }) => (rules.concurrency?.length ?? 0) > 1)) return [];
  const waiting = cases.flatMap(({ functionId, rules, fates, told }) => {
    const { throttle, debounce, batchEvents, priority } = rules;
    if (throttle !== undefined || debounce !== undefined || batchEvents !== undefined) return [];
    return fates.flatMap((fate): Waiting[] => {
      const [gate] = gatesOf(functionId, rules, fate.by);
      if (gate === undefined || fate.run.startedAt === undefined) return [];
      const seconds = priority === undefined ? 0 : fate.by.data[priority];
      const lead = typeof seconds === "number" ? Math.max(-600, Math.min(600, seconds)) * 1_000 : 0;
      return [{ fate, gate: gate.name, since: told.arrivedAt.get(fate.by.id) ?? 0, place: fate.by.ts - lead }];
    });
  });
  return waiting.flatMap((one) => {
    const startedAt = one.fate.run.startedAt ?? 0;
    return waiting
      .filter(({ gate, place, since, fate }) => {
        const isFirst = place < one.place && since + GRACE_MS < startedAt;
        return gate === one.gate && isFirst && (fate.run.startedAt ?? 0) > startedAt;
      })
      .map(({ fate, gate }) => `${one.fate.by.id} has passed ${fate.by.id} in the queue of ${gate}`);
  });
}
