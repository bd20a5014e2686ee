import type { RunHeader } from "../../lambdas/engine/types.ts";
import type { StoredEvent } from "../../sdk/protocol/index.ts";
import type { Item } from "../laws/audit.ts";
import { type Arrival, GO, isLater, isOff, keyOf, type Rules } from "./model.ts";
import type { Story } from "./story.ts";
import type { Witness } from "./witness.ts";

/** The table's items of flow control, as the engine lays them out: here and nowhere else. */
const layout = {
  isEvent: ({ pk, sk }: Item) => pk.includes("#event#") && sk === "event",
  /** The events of a run that has several. */
  eventsOf: (runId: string, all: readonly Item[]) =>
    all.find(({ pk, sk }) => pk.endsWith(`#run#${runId}`) && sk === "events")?.ids as readonly string[] | undefined,
  isSlots: ({ pk }: Item) => pk.includes("#slots#"),
  isBacklog: ({ pk }: Item) => pk.includes("#backlog#"),
  isBucket: ({ pk }: Item) => pk.includes("#bucket#"),
  isOpen: (bucket: Item) => bucket.ids !== undefined && bucket.closed === undefined,
  isLockOf: ({ pk }: Item, { singleton }: RunHeader) => singleton !== undefined && pk.endsWith(`#lock#${singleton}`),
};

/** What is left of a world in which nothing happens any more. */
export interface Remains {
  readonly items: readonly Item[];
  /** Of runs, and of events that started none. */
  readonly headers: readonly RunHeader[];
}

/** Nothing is held, queued, promised or collected any more. */
export const restProblems = ({ items, headers }: Remains): readonly string[] => [
  ...items
    .filter(layout.isSlots)
    .flatMap((item) => [
      ...Object.keys(item.holders ?? {}).map((runId) => `${runId} holds a slot of ${item.pk} (L5)`),
      ...Object.keys(item.promised ?? {}).map((runId) => `${runId} is promised a slot of ${item.pk} (L5)`),
    ]),
  ...items.filter(layout.isBacklog).map(({ pk, sk }) => `${sk} is left in ${pk} (L3)`),
  ...items
    .filter((item) => layout.isBucket(item) && layout.isOpen(item))
    .map(({ pk, sk }) => `the bucket ${pk} ${sk} is open (L3)`),
  ...headers
    .filter((header) => items.some((item) => layout.isLockOf(item, header)))
    .map(({ runId }) => `${runId} has left its singleton locked (L6)`),
];

/** A run or a record of a function, and the events that it stands for. */
interface Fate {
  readonly runId: string;
  readonly status: string;
  readonly reason?: string;
  readonly instead?: string;
  readonly events: readonly Arrival[];
  readonly by: Arrival;
}

/** What has become of the events, function by function. */
export function fateProblems(story: Story, witness: Witness, remains: Remains): readonly string[] {
  const arrivals = story.arrivals.filter(({ name }) => name === GO);
  const stored = remains.items.filter(layout.isEvent) as unknown as readonly (StoredEvent & {
    readonly arrivedAt?: number;
  })[];
  const arrivedAt = new Map(stored.map((event) => [event.id, event.arrivedAt ?? event.at]));
  return Object.entries(story.functions).flatMap(([functionId, rules]) => {
    const fates = fatesOf(functionId, arrivals, witness, remains);
    const judged = [
      ...onceProblems(arrivals, fates),
      ...statusProblems(rules, fates),
      ...idempotencyProblems(rules, arrivals, fates),
      ...rateProblems(rules, arrivals, fates, arrivedAt),
      ...debounceProblems(rules, fates),
      ...singletonProblems(rules, fates, witness),
    ];
    return judged.map((problem) => `${functionId}: ${problem}`);
  });
}

function fatesOf(
  of: string,
  arrivals: readonly Arrival[],
  witness: Witness,
  { headers, items }: Remains,
): readonly Fate[] {
  const arrival = (id: string) => arrivals.filter((one) => one.id === id);
  return headers.flatMap(({ functionId, eventId, runId, status, skipped }) => {
    const [by] = arrival(eventId);
    if (functionId !== of || by === undefined) return [];
    const ids = witness.runs.get(runId)?.events ?? layout.eventsOf(runId, items) ?? [eventId];
    const fate = { runId, status, events: ids.flatMap(arrival), by };
    return [{ ...fate, ...(skipped && { reason: skipped.reason }), ...(skipped?.runId && { instead: skipped.runId }) }];
  });
}

/** No event is lost, and none is in two runs. */
const onceProblems = (arrivals: readonly Arrival[], fates: readonly Fate[]): readonly string[] =>
  arrivals.flatMap(({ id }) => {
    const its = fates.filter(({ events }) => events.some((event) => event.id === id));
    if (its.length === 1) return [];
    return [
      `${id} has ${its.length} fates: ${its.map(({ runId, status, reason }) => `${runId} ${status} ${reason ?? ""}`)}`,
    ];
  });

function statusProblems(rules: Rules, fates: readonly Fate[]): readonly string[] {
  const mayBeCancelled = rules.cancelOn ?? rules.timeouts ?? (rules.singleton?.mode === "cancel" || undefined);
  const allowed = ["completed", "skipped", ...(mayBeCancelled === undefined ? [] : ["cancelled"])];
  const reasons = ["idempotency", "rateLimit", "debounce", "singleton"].filter((name) => name in rules);
  return fates.flatMap(({ runId, status, reason }) => [
    ...(allowed.includes(status) ? [] : [`${runId} is ${status}`]),
    ...(reason === undefined || reasons.includes(reason) ? [] : [`${runId} is skipped by ${reason}`]),
  ]);
}

/** Of each key exactly one event is let through: all arrive within a day. */
function idempotencyProblems(rules: Rules, arrivals: readonly Arrival[], fates: readonly Fate[]): readonly string[] {
  const { idempotency } = rules;
  if (idempotency === undefined) return [];
  const repeats = new Set(fates.filter(({ reason }) => reason === "idempotency").map(({ by }) => by.id));
  const byKey = Map.groupBy(arrivals, (arrival) => keyOf(idempotency, arrival));
  return [...byKey].flatMap(([key, all]) => {
    const through = all.filter(({ id }) => !repeats.has(id)).length;
    const expected = isOff(key) ? all.length : 1;
    return through === expected ? [] : [`${through} events with the idempotency key ${key} were let through`];
  });
}

/** However long one looks: no more than the capacity, and one more for each interval. */
function rateProblems(
  { rateLimit }: Rules,
  arrivals: readonly Arrival[],
  fates: readonly Fate[],
  arrivedAt: ReadonlyMap<string, number>,
): readonly string[] {
  if (rateLimit === undefined) return [];
  const every = rateLimit.period / rateLimit.limit;
  const before = new Set(["idempotency", "rateLimit"]);
  const dropped = new Set(fates.filter(({ reason }) => before.has(reason ?? "")).map(({ by }) => by.id));
  const limited = arrivals.filter((arrival) => !dropped.has(arrival.id) && !isOff(keyOf(rateLimit.key, arrival)));
  return [...Map.groupBy(limited, (arrival) => keyOf(rateLimit.key, arrival))].flatMap(([key, through]) => {
    const times = through.map(({ id }) => arrivedAt.get(id) ?? 0).sort((a, b) => a - b);
    const tooMany = times.some((from, i) =>
      times.slice(i).some((to, more) => more + 1 > rateLimit.limit + Math.floor((to - from) / every)),
    );
    return tooMany ? [`the rate of ${JSON.stringify(key)} was exceeded: ${times}`] : [];
  });
}

/** Whoever was superseded was older than the one that went instead. */
function debounceProblems({ debounce }: Rules, fates: readonly Fate[]): readonly string[] {
  if (debounce === undefined) return [];
  const superseded = fates.filter(({ reason }) => reason === "debounce");
  return [
    ...superseded.flatMap(({ by, instead }) => {
      const winner = fates.find(({ runId }) => runId === instead)?.by;
      if (winner === undefined) return [`${by.id} was superseded by ${instead}, which is not there`];
      return isLater(winner, by) ? [] : [`${by.id} was superseded by the older ${winner.id}`];
    }),
    ...fates.flatMap(({ by, events }) =>
      events
        .filter((event) => isLater(event, by))
        .map(({ id }) => `${by.id} decided a debounce that has the later ${id}`),
    ),
  ];
}

/** With `skip` no run of a key works while another one has begun and not ended. */
function singletonProblems({ singleton }: Rules, fates: readonly Fate[], witness: Witness): readonly string[] {
  if (singleton?.mode !== "skip") return [];
  const spans = fates.flatMap(({ runId, by }) => {
    const bodies = witness.runs.get(runId)?.bodies ?? [];
    const key = keyOf(singleton.key, by);
    if (bodies.length === 0 || isOff(key)) return [];
    return [
      { runId, key, from: Math.min(...bodies.map(([from]) => from)), to: Math.max(...bodies.map(([, to]) => to)) },
    ];
  });
  return spans.flatMap((one, i) =>
    spans
      .slice(i + 1)
      .filter((other) => one.key === other.key && one.from < other.to && other.from < one.to)
      .map((other) => `${one.runId} and ${other.runId} of one singleton worked at the same time`),
  );
}
