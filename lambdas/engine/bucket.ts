import type { FlowManifest, StoredEvent } from "../../sdk/protocol/index.ts";
import { type RunOwner, runIdOf } from "./run-id.ts";

/**
 * Debounce and batch are one thing: a bucket of events that closes once, and whose events one run gets (PROTOCOLS.md §6). Its generations
 * follow one another; all that is asked here is answered from a bucket's content, so that asking twice is asking once (L1).
 */

/** `collect` is a debounce that hands over all of its events; only the other kind keeps no list of them. */
export type BucketKind = "debounce" | "collect" | "batch";

/** Which event: an id may be accepted again a day later, as another one. */
export interface EventRef {
  readonly id: string;
  /** Its bus time, in milliseconds. */
  readonly at: number;
}

/** An event in a bucket. Times are milliseconds. */
export interface BucketEvent extends EventRef {
  /** The sender's time. */
  readonly ts: number;
}

/** One that is about to be added, with the time when the router first had it. */
export type ArrivedEvent = BucketEvent & { readonly arrivedAt: number };

export interface Bucket {
  readonly kind: BucketKind;
  /** Who opened it; it arms the timer. */
  readonly first: BucketEvent;
  /** The latest by the sender's time. */
  readonly latest: BucketEvent;
  /** The earliest and the latest arrival. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** When it closes, unless another event puts that off or fills it. */
  readonly until: number;
  /** When it was to close as it was opened: the time of its first timer. */
  readonly armedFor: number;
  /** How many it takes: not of a debounce that keeps only the latest. */
  readonly maxSize?: number;
  /** All of them, in the order in which they came. */
  readonly events?: readonly BucketEvent[];
  readonly closedAt?: number;
}

/** How long a bucket stays open, and how many it takes. In milliseconds. */
export interface BucketOptions {
  readonly kind: BucketKind;
  /** From the latest event on. */
  readonly periodMs?: number;
  /** From the first event on. */
  readonly timeoutMs?: number;
  readonly maxSize?: number;
}

/** A debounce that collects hands over so many events at most, and closes early with them. */
export const COLLECTED_EVENTS_MAX = 100;

/** What a bucket says to an event. Over or full it is to be closed first; then, as when it is closed, the event goes to the next. */
export type Added =
  | { readonly kind: "added"; readonly bucket: Bucket }
  | { readonly kind: "there"; readonly bucket: Bucket }
  | { readonly kind: "closed" | "full" | "over" };

/**
 * Adds an event to a bucket; undefined: to one that is not there yet.
 *
 * The window is one of arrivals: an event that came when it was over does not get in, however late the timer is.
 */
export function addTo(bucket: Bucket | undefined, event: ArrivedEvent, options: BucketOptions): Added {
  if (bucket === undefined) return { kind: "added", bucket: opened(event, options) };
  const isOver = event.arrivedAt >= dueOf(bucket, options);
  if (isIn(bucket, event, isOver)) return { kind: "there", bucket };
  if (bucket.closedAt !== undefined) return { kind: "closed" };
  if (isFull(bucket, options)) return { kind: "full" };
  if (isOver) return { kind: "over" };
  const { arrivedAt } = event;
  const times = { firstAt: Math.min(bucket.firstAt, arrivedAt), lastAt: Math.max(bucket.lastAt, arrivedAt) };
  return {
    kind: "added",
    bucket: {
      ...bucket,
      ...times,
      until: untilOf(times, options),
      latest: isNewer(event, bucket.latest) ? entryOf(event) : bucket.latest,
      ...(options.maxSize !== undefined && { maxSize: options.maxSize }),
      ...(bucket.events && { events: [...bucket.events, entryOf(event)] }),
    },
  };
}

function opened(event: ArrivedEvent, options: BucketOptions): Bucket {
  const entry = entryOf(event);
  const times = { firstAt: event.arrivedAt, lastAt: event.arrivedAt };
  const until = untilOf(times, options);
  return {
    kind: options.kind,
    first: entry,
    latest: entry,
    ...times,
    until,
    armedFor: until,
    ...(options.maxSize !== undefined && { maxSize: options.maxSize }),
    ...(options.kind !== "debounce" && { events: [entry] }),
  };
}

/**
 * Whether an event has been added. A debounce that keeps no list does not know while it is open, and need not: added again, the event
 * changes nothing. Once it is closed or over, what is not newer than its latest counts as in it: the run would be the same.
 */
export function isIn({ events, latest, closedAt }: Bucket, event: BucketEvent, isOver = false): boolean {
  if (events !== undefined) return events.some((one) => isSame(one, event));
  return (closedAt !== undefined || isOver) && !isNewer(event, latest);
}

/** Judged by content, and not by having made it: that answer may be lost (FI-03). */
export const isOpener = ({ first, closedAt }: Bucket, event: BucketEvent): boolean =>
  closedAt === undefined && isSame(first, event);

/** By the size of today, if the option is still there. */
export const isFull = ({ events, maxSize }: Bucket, options?: BucketOptions): boolean =>
  events !== undefined && events.length >= (options?.maxSize ?? maxSize ?? Number.POSITIVE_INFINITY);

/** When an open bucket is to close, by the options of today; without any, as its latest event has found them. */
export const dueOf = (bucket: Bucket, options?: BucketOptions): number =>
  options === undefined ? bucket.until : untilOf(bucket, options);

function untilOf({ firstAt, lastAt }: Pick<Bucket, "firstAt" | "lastAt">, options: BucketOptions): number {
  const { periodMs = Number.POSITIVE_INFINITY, timeoutMs = Number.POSITIVE_INFINITY } = options;
  return Math.min(lastAt + periodMs, firstAt + timeoutMs);
}

/** The event that is the handler's `event`: of a batch the first that came, of a debounce the latest. */
export const mainEventOf = ({ kind, first, latest }: Bucket): BucketEvent => (kind === "batch" ? first : latest);

/** A bucket's events as its run gets them: a batch's as they came, collected ones by their time. Undefined: the run has but one. */
export function runEventsOf({ kind, events }: Bucket): readonly BucketEvent[] | undefined {
  return kind === "batch" ? events : events?.toSorted((a, b) => (isNewer(a, b) ? 1 : -1));
}

export const isSame = (a: EventRef, b: EventRef): boolean => a.id === b.id && a.at === b.at;

/** By the sender's time, then by id: a total order, so that every order of arrival leads to the same latest (FI-04). */
export const isNewer = (a: BucketEvent, b: BucketEvent): boolean => a.ts > b.ts || (a.ts === b.ts && a.id > b.id);

const entryOf = ({ id, at, ts }: BucketEvent): BucketEvent => ({ id, at, ts });

/** An event as buckets see it. Without a time of arrival it was stored by the code of before. */
export const arrivedEventOf = ({ id, at, ts, arrivedAt }: StoredEvent): ArrivedEvent => ({
  id,
  at,
  ts,
  arrivedAt: arrivedAt ?? at,
});

/** The bucket option of a function, as a bucket takes it. Debounce comes first, should there be both. */
export function bucketOptionsOf({ debounce, batchEvents }: FlowManifest): BucketOptions | undefined {
  if (debounce !== undefined) {
    const { periodMs, timeoutMs, collect } = debounce;
    const times = { periodMs, ...(timeoutMs !== undefined && { timeoutMs }) };
    return collect ? { kind: "collect", ...times, maxSize: COLLECTED_EVENTS_MAX } : { kind: "debounce", ...times };
  }
  return batchEvents && { kind: "batch", timeoutMs: batchEvents.timeoutMs, maxSize: batchEvents.maxSize };
}

/** The run of a bucket: from function, key and generation, and known as soon as the bucket is open. */
export const bucketRunId = (fn: RunOwner, bucket: string, generation: number, { first }: Bucket) =>
  runIdOf(fn, `bucket\n${bucket}\n${generation}`, first.at);
