import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Added,
  type ArrivedEvent,
  addTo,
  type Bucket,
  type BucketOptions,
  bucketOptionsOf,
  bucketRunId,
  COLLECTED_EVENTS_MAX,
  dueOf,
  isFull,
  isIn,
  isNewer,
  isOpener,
  mainEventOf,
  runEventsOf,
} from "../../lambdas/engine/bucket.ts";

const event = (id: string, arrivedAt: number, ts = arrivedAt, at = 0): ArrivedEvent => ({ id, at, ts, arrivedAt });
const debounce = (periodMs: number, timeoutMs?: number): BucketOptions => ({
  kind: "debounce",
  periodMs,
  ...(timeoutMs !== undefined && { timeoutMs }),
});
const collect: BucketOptions = { kind: "collect", periodMs: 10, maxSize: 3 };
const batch: BucketOptions = { kind: "batch", timeoutMs: 10, maxSize: 3 };

/** A bucket of these events, all of which it takes. */
function filled(options: BucketOptions, ...events: readonly ArrivedEvent[]): Bucket {
  let bucket: Bucket | undefined;
  for (const one of events) {
    const added = addTo(bucket, one, options);
    if (!("bucket" in added)) throw new Error(`${one.id}: ${added.kind}`);
    bucket = added.bucket;
  }
  if (bucket === undefined) throw new Error("A bucket has events.");
  return bucket;
}

const closed = (bucket: Bucket): Bucket => ({ ...bucket, closedAt: 99 });

describe("when a bucket is due", () => {
  it.each([
    ["a debounce: its period after the latest arrival", debounce(10), [0, 4, 9], 19],
    ["… and no later than its timeout after the first", debounce(10, 15), [0, 4, 9], 15],
    ["a batch: its timeout after the first arrival", batch, [0, 4, 9], 10],
    ["whatever the order in which they come", debounce(10, 15), [4, 9, 0], 15],
  ] as const)("%s", (_, options, arrivals, due) => {
    const bucket = filled(options, ...arrivals.map((at) => event(`e${at}`, at)));
    expect([bucket.until, dueOf(bucket, options)]).toEqual([due, due]);
  });

  it("goes by the options of today, and without any by those of its latest event", () => {
    const bucket = filled(debounce(10), event("a", 0));
    expect([dueOf(bucket, debounce(3)), dueOf(bucket)]).toEqual([3, 10]);
  });

  it("its first timer is for the time that it had as it was opened", () => {
    expect(filled(debounce(10), event("a", 0), event("b", 9)).armedFor).toBe(10);
  });
});

describe("what a bucket says to an event", () => {
  const one = filled(batch, event("a", 0));
  const full = filled(batch, event("a", 0), event("b", 1), event("c", 2));
  const bounced = filled(debounce(10), event("b", 0, 5));
  it.each<[string, Bucket | undefined, ArrivedEvent, BucketOptions, Added["kind"]]>([
    ["there is none yet", undefined, event("a", 0), batch, "added"],
    ["it is open", one, event("b", 9), batch, "added"],
    ["the event is in it", one, event("a", 0), batch, "there"],
    ["another event of that id, a day later", one, event("a", 0, 0, 86_400_000), batch, "added"],
    ["its time is over when the event comes", one, event("b", 10), batch, "over"],
    ["it is full", full, event("d", 3), batch, "full"],
    ["it is full, and the event is in it", full, event("b", 3), batch, "there"],
    [
      "a deploy has made it smaller",
      filled(batch, event("a", 0), event("b", 1)),
      event("c", 2),
      { ...batch, maxSize: 2 },
      "full",
    ],
    ["a deploy has made it larger", full, event("d", 3), { ...batch, maxSize: 4 }, "added"],
    ["it is closed", closed(one), event("b", 1), batch, "closed"],
    ["it is closed, and the event is in it", closed(one), event("a", 0), batch, "there"],
    ["a debounce is open: it does not know, and takes it again", bounced, event("b", 0, 5), debounce(10), "added"],
    ["a debounce is closed, and the event newer", closed(bounced), event("c", 1, 6), debounce(10), "closed"],
    [
      "a debounce is closed, and the event older: it counts as in it",
      closed(bounced),
      event("a", 1, 5),
      debounce(10),
      "there",
    ],
    ["a debounce is over, and the event newer", bounced, event("c", 10, 6), debounce(10), "over"],
    ["a debounce is over, and the event older", bounced, event("a", 10, 4), debounce(10), "there"],
  ])("%s", (_, bucket, arriving, options, kind) => {
    expect(addTo(bucket, arriving, options).kind).toBe(kind);
  });
});

describe("an event that comes again (L1)", () => {
  it("changes nothing in an open debounce", () => {
    const bucket = filled(debounce(10, 50), event("a", 0, 3), event("b", 4, 1));
    expect(addTo(bucket, event("a", 0, 3), debounce(10, 50))).toEqual({ kind: "added", bucket });
  });

  it("is still known as the opener, until the bucket is closed (FI-03)", () => {
    const bucket = filled(batch, event("a", 0), event("b", 1));
    const openers = [bucket, closed(bucket)].map((one) => ["a", "b"].map((id) => isOpener(one, event(id, 0))));
    expect(openers).toEqual([
      [true, false],
      [false, false],
    ]);
  });
});

describe("what its run gets", () => {
  const [late, early] = [event("late", 0, 9), event("early", 1, 3)];

  it("a batch: its events as they came, and the first of them", () => {
    const bucket = filled(batch, late, early);
    expect([mainEventOf(bucket).id, runEventsOf(bucket)?.map(({ id }) => id)]).toEqual(["late", ["late", "early"]]);
  });

  it("a debounce that collects: by their time, and the latest", () => {
    const bucket = filled(collect, late, early);
    expect([mainEventOf(bucket).id, runEventsOf(bucket)?.map(({ id }) => id)]).toEqual(["late", ["early", "late"]]);
  });

  it("a debounce: the latest alone; of two of one time, the one with the greater id", () => {
    const bucket = filled(debounce(10), event("b", 0, 5), event("c", 1, 5), event("a", 2, 5));
    expect([mainEventOf(bucket).id, runEventsOf(bucket)]).toEqual(["c", undefined]);
  });

  it("has its id as soon as the bucket is open, and another in the next generation", () => {
    const fn = { app: "shop", functionId: "save" };
    const bucket = filled(debounce(10), event("a", 0, 5));
    const more = filled(debounce(10), event("a", 0, 5), event("b", 1, 6));
    const ids = [bucketRunId(fn, "k", 0, bucket), bucketRunId(fn, "k", 0, more), bucketRunId(fn, "k", 1, bucket)];
    expect(ids[0]).toBe(ids[1]);
    expect(new Set(ids).size).toBe(2);
  });
});

it("a debounce that collects is full with a hundred events, another one never", () => {
  const options = bucketOptionsOf({ debounce: { periodMs: 1, collect: true } });
  expect(options).toEqual({ kind: "collect", periodMs: 1, maxSize: COLLECTED_EVENTS_MAX });
  expect(isFull(filled(debounce(10), event("a", 0)), debounce(10))).toBe(false);
});

describe("in any order of delivery (FI-04)", () => {
  const arrivals = fc.array(
    fc.record({ arrivedAt: fc.nat(30), ts: fc.nat(30), id: fc.constantFrom("a", "b", "c", "d", "e", "f") }),
    { minLength: 1, maxLength: 8 },
  );
  const events = arrivals.map((all) => all.map(({ id, ts, arrivedAt }, i) => event(`${id}${i}`, arrivedAt, ts)));
  const shuffled = events.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 })),
  );
  /** Longer than all arrivals are apart, so that one bucket takes them all. */
  const options = debounce(31, 40);

  it("a debounce ends up with the same latest and the same time, whatever comes twice, no later than its timeout", () => {
    fc.assert(
      fc.property(shuffled, ([all, delivered]) => {
        const bucket = filled(options, ...delivered);
        const firstAt = Math.min(...all.map(({ arrivedAt }) => arrivedAt));
        const lastAt = Math.max(...all.map(({ arrivedAt }) => arrivedAt));
        expect(all.some((one) => isNewer(one, bucket.latest))).toBe(false);
        expect(bucket.until).toBe(Math.min(lastAt + 31, firstAt + 40));
        expect(all.every((one) => isIn(closed(bucket), one))).toBe(true);
      }),
    );
  });

  it("a chain of batches takes each event exactly once, and no batch more than its size", () => {
    fc.assert(
      fc.property(shuffled, ([all, delivered]) => {
        const generations: Bucket[] = [];
        const member = new Map<string, number>();
        const small: BucketOptions = { kind: "batch", timeoutMs: 40, maxSize: 2 };
        for (const one of delivered) {
          for (let g = member.get(one.id) ?? 0; ; g++) {
            member.set(one.id, g);
            const added = addTo(generations[g], one, small);
            if ("bucket" in added) {
              generations[g] = isFull(added.bucket, small) ? closed(added.bucket) : added.bucket;
              break;
            }
          }
        }
        const taken = generations.flatMap(({ events = [] }) => events.map(({ id }) => id));
        expect(taken.toSorted()).toEqual(all.map(({ id }) => id).toSorted());
        expect(generations.every(({ events = [] }) => events.length <= 2)).toBe(true);
      }),
    );
  });
});
