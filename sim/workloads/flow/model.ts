import {
  type Arrival,
  type Field,
  GO,
  isLater,
  isOff,
  keyOf,
  type Limit,
  type Option,
  type Outcome,
  type Rules,
} from "./rules.ts";

/**
 * A small model of flow control, written from docs/flow-control.md and not from the engine: what becomes of a list of arrivals under a
 * function's options. Time is a number of milliseconds, and jumps from one thing that happens to the next.
 *
 * - An option is a stage: it gets a run, and lets it go on to the next stage, now or later, or never. In which order they stand is for
 *   the caller to say (the test reads it from the document).
 * - A run has one event until a bucket gives it more. What is skipped is a run that never was.
 */

interface Run {
  /** The events so far, in the order of their arrival; `by` is the one that decides keys. */
  events: readonly Arrival[];
  by: Arrival;
  status: "new" | "active" | Outcome["status"];
  reason?: string;
  scheduledAt?: number;
  startedAt?: number;
  endedAt?: number;
  bodies: (readonly [number, number])[];
  /** The next of its parts. */
  part: number;
  executing: boolean;
  cancelled: boolean;
  /** Ends what it waits for, and the timeout that is running. */
  wake: () => void;
  relax: () => void;
}

type Next = (run: Run) => void;
type Stage = (run: Run, next: Next) => void;

const DAY = 86_400_000;
const nothing = () => {};

/** What becomes of the arrivals. `ties` counts the moments at which more than one thing was due: what happens then is open. */
export function model(
  rules: Rules,
  arrivals: readonly Arrival[],
  stages: readonly Option[],
): { readonly outcomes: readonly Outcome[]; readonly ties: number } {
  const time = new Agenda();
  const world = { rules, time, runs: [] as Run[], queue: new Queue(rules.concurrency ?? [], rules.priority) };
  const known = stagesOf(world);
  // Each stage hands on to the next; behind the last one a run is executed.
  const enter = stages
    .map((option) => known[option])
    .filter((stage) => stage !== undefined)
    .reduceRight<Next>((next, stage) => (run) => stage(run, next), lineUp(world));
  for (const arrival of arrivals) {
    time.runUntil(arrival.at);
    if (arrival.name === rules.cancelOn?.event) cancelBy(world, arrival);
    if (arrival.name === GO) enter(newRun(world, [arrival], arrival));
  }
  time.runUntil(Number.POSITIVE_INFINITY);
  return { outcomes: world.runs.filter(({ status }) => status !== "new").map(outcomeOf), ties: time.ties };
}

interface World {
  readonly rules: Rules;
  readonly time: Agenda;
  readonly runs: Run[];
  readonly queue: Queue;
}

function newRun({ runs }: World, events: readonly Arrival[], by: Arrival): Run {
  const run: Run = {
    events,
    by,
    status: "new",
    bodies: [],
    part: 0,
    executing: false,
    cancelled: false,
    wake: nothing,
    relax: nothing,
  };
  runs.push(run);
  return run;
}

const stagesOf = (world: World): Partial<Record<Option, Stage>> => ({
  idempotency: idempotency(world),
  rateLimit: rateLimit(world),
  debounce: debounce(world),
  batchEvents: batchEvents(world),
  singleton: singleton(world),
  throttle: throttle(world),
});

function skip(run: Run, reason: Option): void {
  run.status = "skipped";
  run.reason = reason;
}

function idempotency({ rules, time }: World): Stage {
  const until = new Map<unknown, number>();
  return (run, next) => {
    const key = rules.idempotency === undefined ? undefined : keyOf(rules.idempotency, run.by);
    if (isOff(key)) return next(run);
    if (time.now < (until.get(key) ?? 0)) return skip(run, "idempotency");
    until.set(key, time.now + DAY);
    next(run);
  };
}

/** How long to wait for a token of a bucket that holds so many and gets one each `every`. Takes it when that is at most `patience`. */
function tokens(every: number, capacity: number, patience: number) {
  const emptyAt = new Map<unknown, number>();
  return (key: unknown, now: number): number | undefined => {
    const full = Math.max(emptyAt.get(key) ?? now, now);
    const wait = Math.max(0, full - now - (capacity - 1) * every);
    if (wait > patience) return undefined;
    emptyAt.set(key, full + every);
    return wait;
  };
}

function rateLimit({ rules: { rateLimit: rule }, time }: World): Stage {
  if (rule === undefined) return (run, next) => next(run);
  const take = tokens(rule.period / rule.limit, rule.limit, 0);
  return (run, next) => {
    const key = keyOf(rule.key, run.by);
    if (isOff(key) || take(key, time.now) !== undefined) return next(run);
    skip(run, "rateLimit");
  };
}

function throttle({ rules: { throttle: rule }, time }: World): Stage {
  if (rule === undefined) return (run, next) => next(run);
  const take = tokens(rule.period / rule.limit, rule.limit + (rule.burst ?? 0), Number.POSITIVE_INFINITY);
  return (run, next) => {
    const key = keyOf(rule.key, run.by);
    const wait = isOff(key) ? 0 : (take(key, time.now) ?? 0);
    if (wait === 0) return next(run);
    run.wake = time.at(time.now + wait, () => next(run));
  };
}

function debounce(world: World): Stage {
  const { time } = world;
  const rule = world.rules.debounce;
  if (rule === undefined) return (run, next) => next(run);
  const open = new Map<unknown, { run: Run; readonly first: number; callOff: () => void }>();
  return (run, next) => {
    const key = keyOf(rule.key, run.by);
    if (isOff(key)) return next(run);
    const bucket = open.get(key) ?? { run, first: time.now, callOff: nothing };
    open.set(key, bucket);
    if (bucket.run !== run) join(world, bucket, run, rule.collect === true);
    bucket.callOff();
    const until = Math.min(time.now + rule.period, bucket.first + (rule.timeout ?? Number.POSITIVE_INFINITY));
    bucket.callOff = time.at(until, () => {
      open.delete(key);
      next(bucket.run);
    });
  };
}

/** The later of the two goes on; with `collect` it takes the other's events along, the latest last. */
function join({ runs }: World, bucket: { run: Run }, run: Run, collect: boolean): void {
  const [older, newer] = isLater(run.by, bucket.run.by) ? [bucket.run, run] : [run, bucket.run];
  bucket.run = newer;
  if (!collect) {
    skip(older, "debounce");
    return;
  }
  newer.events = [...older.events, ...newer.events].sort((a, b) => (isLater(a, b) ? 1 : -1));
  runs.splice(runs.indexOf(older), 1);
}

function batchEvents(world: World): Stage {
  const { time, runs } = world;
  const rule = world.rules.batchEvents;
  if (rule === undefined) return (run, next) => next(run);
  const open = new Map<unknown, { readonly run: Run; readonly callOff: () => void }>();
  return (run, next) => {
    const key = keyOf(rule.key, run.by);
    if (isOff(key) || (rule.if !== undefined && run.by.data[rule.if] !== true)) return next(run);
    const close = () => {
      open.delete(key);
      next(batch.run);
    };
    const batch = open.get(key) ?? { run, callOff: time.at(time.now + rule.timeout, close) };
    open.set(key, batch);
    if (batch.run !== run) {
      batch.run.events = [...batch.run.events, ...run.events];
      runs.splice(runs.indexOf(run), 1);
    }
    if (batch.run.events.length < rule.maxSize) return;
    batch.callOff();
    close();
  };
}

/** What is let through here is a run: it can be cancelled, and its time to start is running. */
function singleton(world: World): Stage {
  const rule = world.rules.singleton;
  const owners = new Map<unknown, Run>();
  return (run, next) => {
    const key = rule === undefined ? undefined : keyOf(rule.key, run.by);
    const owner = isOff(key) ? undefined : owners.get(key);
    if (owner?.status === "active") {
      if (rule?.mode === "skip") return skip(run, "singleton");
      cancel(world, owner);
    }
    if (!isOff(key)) owners.set(key, run);
    schedule(world, run);
    next(run);
  };
}

function schedule(world: World, run: Run): void {
  const { time, rules } = world;
  run.status = "active";
  run.scheduledAt = time.now;
  const start = rules.timeouts?.start;
  if (start !== undefined) run.relax = time.at(time.now + start, () => cancel(world, run));
}

function cancelBy(world: World, event: Arrival): void {
  const { runs, rules, time } = world;
  const rule = rules.cancelOn;
  if (rule === undefined) return;
  for (const run of runs) {
    const value = run.by.data[rule.match];
    const isInTime = time.now <= (run.scheduledAt ?? 0) + (rule.timeout ?? Number.POSITIVE_INFINITY);
    if (value !== undefined && value === event.data[rule.match] && isInTime) cancel(world, run);
  }
}

/** A run that executes a body ends with it, all others at once. */
function cancel(world: World, run: Run): void {
  if (run.status !== "active") return;
  run.cancelled = true;
  if (!run.executing) end(world, run);
}

function end(world: World, run: Run): void {
  run.status = run.cancelled ? "cancelled" : "completed";
  run.endedAt = world.time.now;
  run.executing = false;
  run.wake();
  run.relax();
  world.queue.leave(run);
  admit(world);
}

const lineUp =
  (world: World): Next =>
  (run) => {
    world.queue.waiting.push(run);
    admit(world);
  };

/** Everybody who has room in all of its limits, the first in the order first. */
function admit(world: World): void {
  for (let run = world.queue.first(); run !== undefined; run = world.queue.first()) {
    run.executing = true;
    world.queue.enter(run);
    if (run.startedAt === undefined) begin(world, run);
    work(world, run);
  }
}

function begin(world: World, run: Run): void {
  const { time, rules } = world;
  run.startedAt = time.now;
  run.relax();
  const finish = rules.timeouts?.finish;
  if (finish !== undefined) run.relax = time.at(time.now + finish, () => cancel(world, run));
}

/** A body, and then a sleep, which holds nothing, or the end. */
function work(world: World, run: Run): void {
  const { time, queue } = world;
  const [takes = 0, rest] = run.by.parts.slice(run.part);
  const began = time.now;
  time.at(began + takes, () => {
    run.bodies.push([began, time.now]);
    if (run.cancelled || rest === undefined) return end(world, run);
    run.executing = false;
    queue.leave(run);
    run.part += 2;
    run.wake = time.at(time.now + rest, () => lineUp(world)(run));
    admit(world);
  });
}

/** Who waits for a limit, and who executes. */
class Queue {
  waiting: Run[] = [];
  readonly #limits: readonly Limit[];
  readonly #priority: Field | undefined;
  readonly #executing = new Set<Run>();

  constructor(limits: readonly Limit[], priority: Field | undefined) {
    this.#limits = limits;
    this.#priority = priority;
  }

  first(): Run | undefined {
    return this.waiting.sort((a, b) => this.#compare(a, b)).find((run) => this.#hasRoom(run));
  }

  enter(run: Run): void {
    this.waiting = this.waiting.filter((other) => other !== run);
    this.#executing.add(run);
  }

  leave(run: Run): void {
    this.waiting = this.waiting.filter((other) => other !== run);
    this.#executing.delete(run);
  }

  #hasRoom(run: Run): boolean {
    return this.#limits.every(({ limit, key }) => {
      const value = keyOf(key, run.by);
      if (isOff(value)) return true;
      return [...this.#executing].filter((other) => keyOf(key, other.by) === value).length < limit;
    });
  }

  #compare(a: Run, b: Run): number {
    const place = (run: Run) => run.by.ts - this.#seconds(run) * 1_000;
    return place(a) - place(b) || (a.by.id < b.by.id ? -1 : 1);
  }

  #seconds(run: Run): number {
    const value = this.#priority === undefined ? 0 : run.by.data[this.#priority];
    return typeof value === "number" ? Math.max(-600, Math.min(600, value)) : 0;
  }
}

/** What is to happen, in the order of time. */
class Agenda {
  now = 0;
  ties = 0;
  #entries: { readonly at: number; readonly task: () => void }[] = [];

  /** Returns how to call it off. */
  at(at: number, task: () => void): () => void {
    const entry = { at, task };
    this.#entries.push(entry);
    this.#entries.sort((a, b) => a.at - b.at);
    return () => {
      this.#entries = this.#entries.filter((other) => other !== entry);
    };
  }

  /** Everything up to a time, that time included. */
  runUntil(end: number): void {
    for (let next = this.#entries[0]; next !== undefined && next.at <= end; next = this.#entries[0]) {
      this.#entries.shift();
      if (this.#entries[0]?.at === next.at) this.ties++;
      this.now = next.at;
      next.task();
    }
    if (Number.isFinite(end)) this.now = end;
  }
}

const outcomeOf = ({ events, status, reason, endedAt, bodies }: Run): Outcome => ({
  events: events.map(({ id }) => id),
  status: status as Outcome["status"],
  ...(reason !== undefined && { reason }),
  ...(endedAt !== undefined && { endedAt }),
  bodies,
});
