import type { Finding } from "../../../audit/contract.ts";
import type { RunView } from "../../../sdk/protocol/index.ts";
import type { Played } from "../../contract.ts";
import { isEarly } from "../findings.ts";
import { runProblems } from "../judge.ts";
import { orderProblems, throttleProblems } from "./judge-starts.ts";
import { type Overseer, overseerOf, type Sighting } from "./overseer.ts";
import { type Arrival, GO, isLater, isOff, keyOf, type Rules } from "./rules.ts";
import type { Tale } from "./story.ts";

/** What is known when nothing happens any more. */
export interface Told extends Pick<Played, "runs" | "runsOf" | "arrivedAt" | "cancelled"> {
  /** Nothing has gone wrong: everything may be expected to the second. */
  readonly calm: boolean;
  /** A process or a call has stood still: it may not have heard what happened meanwhile. */
  readonly stoodStill: boolean;
  /** Two clocks differ by so much at most, in milliseconds. */
  readonly blurMs: number;
}

/** A run of a function, or the word that there was none, and the events that lead to it. */
export interface Fate {
  readonly run: RunView;
  readonly events: readonly Arrival[];
  /** The event that decides keys. */
  readonly by: Arrival;
  readonly seen: Sighting | undefined;
}

/** What is judged of a function. */
export interface Case {
  readonly rules: Rules;
  readonly arrivals: readonly Arrival[];
  readonly fates: readonly Fate[];
  readonly told: Told;
}

/** What has become of the events, function by function, as users see it and as the functions have. */
export function judgeFlow(tale: Tale, played: Played): readonly Finding[] {
  const sent = new Set(played.acts.flatMap((act) => (act.kind === "send" ? [act.event.id] : [])));
  const arrivals = tale.arrivals.filter(({ id, name }) => name === GO && sent.has(id));
  const overseer = overseerOf(played.witness);
  const told = toldBy(tale, played);
  const cases = Object.entries(tale.functions).map(([functionId, rules]) => ({
    functionId,
    ...{ rules, arrivals, told, fates: fatesOf(functionId, rules, arrivals, overseer, told) },
  }));
  const judged = cases.flatMap(({ functionId, ...one }) =>
    LAWS.flatMap((law) => law(one)).map((problem) => `${functionId}: ${problem}`),
  );
  const known = new Set(cases.flatMap(({ fates }) => fates.map(({ run }) => run.id)));
  const problems = [
    ...overseer.problems,
    ...judged,
    ...fatelessProblems(known, overseer, told),
    ...orderProblems(told, cases),
  ];
  const failing = Object.keys(tale.failing).length;
  return [
    ...problems.map((text) => ({ law: "L5", text }) as const),
    ...runProblems(played, { tries: () => 1 + failing }),
  ];
}

function toldBy({ failing }: Tale, played: Played): Told {
  const { struck, skewMs } = played;
  return {
    ...played,
    calm: struck.every(isEarly) && Object.keys(failing).length === 0 && skewMs === 0,
    stoodStill: struck.some(
      ({ kind }) => kind === "freeze" || kind === "delay" || kind === "backOff" || kind === "throttle",
    ),
    blurMs: 2 * skewMs,
  };
}

/** No run but those that an event has led to. */
const fatelessProblems = (known: ReadonlySet<string>, { runs }: Overseer, told: Told): readonly string[] => [
  ...[...runs]
    .filter(([runId]) => !known.has(runId))
    .map(([runId, { functionId, events }]) => `${functionId} has run ${runId} for ${events}, which is no fate`),
  ...told.runs
    .filter(({ id, status }) => status !== "skipped" && !known.has(id))
    .map(({ id }) => `${id} is no event's fate`),
];

function fatesOf(
  of: string,
  { debounce }: Rules,
  arrivals: readonly Arrival[],
  overseer: Overseer,
  { runsOf }: Told,
): readonly Fate[] {
  const led = arrivals.flatMap((event) =>
    (runsOf.get(event.id) ?? []).filter(({ functionId }) => functionId === of).map((run) => ({ event, run })),
  );
  return [...Map.groupBy(led, ({ run }) => run.id).values()].flatMap((group) => {
    const events = group.map(({ event }) => event);
    const run = group[0]?.run;
    // Of a batch the first event decides, of what a debounce has collected the latest.
    const by = arrivals.find(({ id }) => id === run?.eventIds.at(debounce === undefined ? 0 : -1));
    return run === undefined || by === undefined ? [] : [{ run, events, by, seen: overseer.runs.get(run.id) }];
  });
}

const skippedBy = ({ run }: Fate): string | undefined => run.skipped?.reason;

/** No event is lost, none is in two runs, and handlers have been given what the table says. */
function onceProblems({ arrivals, fates, rules }: Case): readonly string[] {
  const parts = (by: Arrival) => Math.ceil(by.parts.length / 2);
  return [
    ...arrivals.flatMap(({ id }) => {
      const its = fates.filter(({ events }) => events.some((event) => event.id === id));
      return its.length === 1 ? [] : [`${id} has the fates ${its.map(({ run }) => `${run.id} ${run.status}`)}`];
    }),
    ...fates.flatMap(({ run, events, by, seen }) => {
      const ids = events.map(({ id }) => id).sort();
      const isWhole = run.status === "skipped" || run.eventIds.toSorted().join() === ids.join();
      const worked = run.status !== "completed" || (seen?.bodies.length ?? 0) >= parts(by);
      const isCollected = rules.debounce?.collect === true;
      const sorted = isCollected ? run.eventIds.toSorted((a, b) => (isLater(of(a), of(b)) ? 1 : -1)) : run.eventIds;
      return [
        ...(isWhole ? [] : [`${run.id} has the events ${run.eventIds}, and ${ids} lead to it`]),
        ...(worked ? [] : [`${run.id} has completed, and worked only ${seen?.bodies.length ?? 0} times`]),
        ...(seen === undefined || seen.events.join() === sorted.join() ? [] : [`${run.id} was given ${seen.events}`]),
        ...(run.status === "skipped" && seen !== undefined ? [`${run.id} was skipped, and has run`] : []),
      ];
    }),
  ];
  function of(id: string) {
    return arrivals.find((arrival) => arrival.id === id) as Arrival;
  }
}

function statusProblems({ rules, fates, told }: Case): readonly string[] {
  const mayBeCancelled = rules.cancelOn ?? rules.timeouts ?? (rules.singleton?.mode === "cancel" || undefined);
  const reasons = ["idempotency", "rateLimit", "debounce", "singleton"].filter((name) => name in rules);
  return fates.flatMap((fate) => {
    const { run } = fate;
    const isAsked = told.cancelled.has(run.id);
    const may = ["completed", "skipped", ...(mayBeCancelled !== undefined || isAsked ? ["cancelled"] : [])];
    const reason = skippedBy(fate);
    return [
      ...(may.includes(run.status) ? [] : [`${run.id} is ${run.status}: ${run.error?.message ?? run.note}`]),
      ...((run.status === "skipped") === (reason !== undefined && reasons.includes(reason))
        ? []
        : [`${run.id} is ${run.status} by ${reason}`]),
    ];
  });
}

/** Whoever is cancelled works no more; whoever was asked to end in time has been. */
function cancelProblems({ fates, told }: Case): readonly string[] {
  const { blurMs, stoodStill } = told;
  return fates.flatMap(({ run, seen }) => {
    const askedAt = told.cancelled.get(run.id);
    const ends = run.status === "cancelled" ? (run.endedAt ?? 0) : Number.POSITIVE_INFINITY;
    const last = Math.max(...(seen?.begins ?? []));
    return [
      // A process that stood still just before a body begins it as soon as it goes on.
      ...(last > ends + blurMs && !stoodStill ? [`${run.id} went on after it was cancelled`] : []),
      ...(askedAt !== undefined &&
      run.status !== "cancelled" &&
      run.status !== "skipped" &&
      isApart(run.endedAt, askedAt, blurMs)
        ? [`${run.id} was to be cancelled, and is ${run.status}`]
        : []),
      ...(askedAt !== undefined && last > askedAt + blurMs && !stoodStill
        ? [`${run.id} went on after it was to be cancelled`]
        : []),
    ];
  });
}

/** A run that ended in the very moment in which it was to be cancelled may have been faster. */
const isApart = (endedAt = 0, askedAt: number, blurMs: number): boolean => Math.abs(endedAt - askedAt) > blurMs;

/** Of each key exactly one event is let through: all arrive within a day. */
function idempotencyProblems({ rules: { idempotency }, arrivals, fates }: Case): readonly string[] {
  if (idempotency === undefined) return [];
  const repeats = new Set(fates.filter((fate) => skippedBy(fate) === "idempotency").map(({ by }) => by.id));
  const byKey = Map.groupBy(arrivals, (arrival) => keyOf(idempotency, arrival));
  return [...byKey].flatMap(([key, all]) => {
    const through = all.filter(({ id }) => !repeats.has(id)).length;
    const expected = isOff(key) ? all.length : 1;
    return through === expected ? [] : [`${through} events with the idempotency key ${key} were let through`];
  });
}

/** However long one looks: no more than the capacity, and one more for each interval. */
function rateProblems({ rules: { rateLimit }, arrivals, fates, told }: Case): readonly string[] {
  if (rateLimit === undefined) return [];
  const every = rateLimit.period / rateLimit.limit;
  const dropped = new Set(
    fates.filter((fate) => ["idempotency", "rateLimit"].includes(skippedBy(fate) ?? "")).map(({ by }) => by.id),
  );
  const limited = arrivals.filter((arrival) => !dropped.has(arrival.id) && !isOff(keyOf(rateLimit.key, arrival)));
  return [...Map.groupBy(limited, (arrival) => keyOf(rateLimit.key, arrival))].flatMap(([key, through]) => {
    const times = through.map(({ id }) => told.arrivedAt.get(id) ?? 0).sort((a, b) => a - b);
    const tooMany = times.some((from, i) =>
      times.slice(i).some((to, more) => more + 1 > rateLimit.limit + Math.floor((to - from + told.blurMs) / every)),
    );
    return tooMany ? [`the rate of ${JSON.stringify(key)} was exceeded: ${times}`] : [];
  });
}

/** Whoever was superseded was older than the one that went instead, and the time was over. */
function debounceProblems({ rules: { debounce }, fates, told }: Case): readonly string[] {
  if (debounce === undefined) return [];
  const superseded = fates.filter((fate) => skippedBy(fate) === "debounce");
  return [
    ...superseded.flatMap(({ by, run }) => {
      const winner = fates.find((fate) => fate.run.id === run.skipped?.runId)?.by;
      if (winner === undefined) return [`${by.id} was superseded by ${run.skipped?.runId}, which is not there`];
      return isLater(winner, by) ? [] : [`${by.id} was superseded by the older ${winner.id}`];
    }),
    ...fates.flatMap(({ run, by, events }) => {
      if (isOff(keyOf(debounce.key, by))) return [];
      const { id } = run;
      const others = superseded.filter((fate) => fate.run.skipped?.runId === id).map((fate) => fate.by);
      const times = [...events, ...others].map((event) => told.arrivedAt.get(event.id) ?? 0);
      const over = Math.min(
        Math.max(...times) + debounce.period,
        Math.min(...times) + (debounce.timeout ?? Number.POSITIVE_INFINITY),
      );
      const isEarly = told.calm && skippedBy({ run, by, events, seen: undefined }) === undefined && startOf(run) < over;
      return [
        ...(isEarly ? [`${id} was not debounced for long enough`] : []),
        ...events.filter((event) => isLater(event, by)).map((event) => `${by.id} decided, and ${event.id} is later`),
      ];
    }),
  ];
}

const startOf = ({ startedAt }: RunView): number => startedAt ?? Number.POSITIVE_INFINITY;

/** Of one key, not too many, and not before the batch is full or its time over. */
function batchProblems({ rules: { batchEvents }, fates, told }: Case): readonly string[] {
  if (batchEvents === undefined) return [];
  const { maxSize, timeout, key } = batchEvents;
  return fates.flatMap((fate) => {
    const { run, by, events } = fate;
    const isAlone = isOff(keyOf(key, by)) || (batchEvents.if !== undefined && by.data[batchEvents.if] !== true);
    if (skippedBy(fate) !== undefined) return [];
    if (isAlone) return events.length === 1 ? [] : [`${run.id} has ${events.length} events, and ${by.id} goes alone`];
    const times = events.map(({ id }) => told.arrivedAt.get(id) ?? 0);
    const first = Math.min(...times);
    const isEarly = events.length < maxSize && startOf(run) < first + timeout - told.blurMs;
    return [
      ...(events.length > maxSize ? [`${run.id} has ${events.length} events`] : []),
      ...(events.some((event) => keyOf(key, event) !== keyOf(key, by)) ? [`${run.id} has events of several keys`] : []),
      ...(Math.max(...times) >= first + timeout + told.blurMs ? [`${run.id} has collected for too long`] : []),
      ...(isEarly ? [`${run.id} started before its batch was full or its time over`] : []),
    ];
  });
}

/** With `skip` no run of a key works while another one has begun and not ended; with `cancel` no older one completes. */
function singletonProblems({ rules: { singleton, debounce }, fates, told }: Case): readonly string[] {
  if (singleton === undefined) return [];
  const spans = fates.flatMap((fate) => {
    const { run, by, seen } = fate;
    const bodies = seen?.bodies ?? [];
    const key = keyOf(singleton.key, by);
    if (bodies.length === 0 || isOff(key)) return [];
    const [from, to] = [Math.min(...bodies.map(([began]) => began)), Math.max(...bodies.map(([, ended]) => ended))];
    return [{ run, key, from, to, at: told.arrivedAt.get(by.id) ?? 0 }];
  });
  const pairs = spans.flatMap((one) =>
    spans.filter((other) => one !== other && one.key === other.key).map((other) => [one, other] as const),
  );
  if (singleton.mode === "skip")
    return pairs
      .filter(([one, other]) => one.from + told.blurMs < other.to && other.from + told.blurMs < one.to)
      .map(([one, other]) => `${one.run.id} and ${other.run.id} of one singleton worked at the same time`);
  if (!told.calm || debounce !== undefined) return [];
  return pairs
    .filter(([one, other]) => one.at < other.at && one.run.status === "completed" && one.to > other.at)
    .map(([one, other]) => `${one.run.id} has completed, though ${other.run.id} of the same singleton is newer`);
}

const LAWS = [
  onceProblems,
  statusProblems,
  cancelProblems,
  idempotencyProblems,
  rateProblems,
  debounceProblems,
  batchProblems,
  singletonProblems,
  throttleProblems,
] as const;
