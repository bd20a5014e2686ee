import { describe, expect, it } from "vitest";
import { difference, type Usage } from "../../local/meter.ts";
import { numberIn, rowsOf } from "../docs-tables.ts";
import { ids, openFlow, worker } from "../scenarios/flow/stage.ts";

const DOCUMENT = "docs/cost.md";
const SECTION = "What flow control adds";
const MILLION = 1_000_000;
const TOLERANCE = 0.02;
/** Runs take a second, so that they are shorter than the first heartbeat. */
const TAKES_MS = 1_000;
const HOUR_MS = 3_600_000;

const KEY = "event.data.key";
const PLAIN = {};
const LIMITED = { concurrency: { limit: 1, key: KEY } };
const THROTTLED = { throttle: { limit: 1, period: "10s", key: KEY } };
const DEBOUNCED = { debounce: { period: "10s", key: KEY } };
const BATCHED = { batchEvents: { maxSize: 10, timeout: "1m", key: KEY } };
const CANCELLABLE = { cancelOn: [{ event: "flow/stop", match: "data.key" }] };

/** What so many events of one key use that arrive one by one, to the end of all. The functions are known and the clients open already. */
async function used(options: object, events: number): Promise<Usage> {
  const stage = await openFlow((app) => [worker(app, "work", options, TAKES_MS)]);
  await stage.go("work", ids(1, "warm"), { key: "warm" });
  await stage.pass(HOUR_MS);
  const before = stage.aws.meter.snapshot();
  await stage.go("work", ids(events), { key: "a" });
  await stage.pass(HOUR_MS);
  return difference(before, stage.aws.meter.snapshot());
}

/** What one costs more than another. */
const more = async (options: object, events: number, than: Promise<Usage>): Promise<Usage> =>
  difference(await than, await used(options, events));
const one = (options: object) => more(options, 1, used(PLAIN, 1));
/** The second of two, more than a run without the option. */
const second = async (options: object) => difference(await used(PLAIN, 1), await more(options, 2, used(options, 1)));

/** By their names in the document. */
const ADDED: Readonly<Record<string, () => Promise<Usage>>> = {
  "`concurrency`, a slot is free": () => one(LIMITED),
  "`concurrency`, queued": () => second(LIMITED),
  "`throttle`, started at once": () => one(THROTTLED),
  "`throttle`, started later": () => second(THROTTLED),
  "`rateLimit`": () => one({ rateLimit: { limit: 1, period: "1m", key: KEY } }),
  "`singleton`": () => one({ singleton: { mode: "skip", key: KEY } }),
  "`idempotency`": () => one({ idempotency: KEY }),
  "`debounce`": () => one(DEBOUNCED),
  "`debounce`, each event that is superseded": () => more(DEBOUNCED, 2, used(DEBOUNCED, 1)),
  "`batchEvents`, ten events in one run": () => more(BATCHED, 10, used(PLAIN, 1)),
  "nine more events without `batchEvents`": () => more(PLAIN, 10, used(PLAIN, 1)),
  "`cancelOn`, each of its events": () => one(CANCELLABLE),
  "`timeouts`, of a run that neither rests nor queues": () => one({ timeouts: { start: "1h", finish: "1h" } }),
};

describe(`docs/cost.md, "${SECTION}"`, () => {
  const rows = rowsOf(DOCUMENT, SECTION);

  it.each(rows.map((row) => [row.added ?? "", row] as const))("has the cost of %s", async (name, row) => {
    const usage = await ADDED[name]?.();
    if (usage === undefined) throw new Error(`There is no workload "${name}".`);
    const measured = { writeUnits: usage.writeUnits, readUnits: usage.readUnits };
    expect({ writeUnits: numberIn(row["write units"]), readUnits: numberIn(row["read units"]) }).toEqual(measured);
    const dollars = usage.dollars * MILLION;
    const off = Math.abs(numberIn(row["a million"]) - dollars);
    const message = `the document says ${row["a million"]}, measured is $${dollars.toFixed(2)}`;
    expect(off, message).toBeLessThanOrEqual(Math.max(Math.abs(dollars) * TOLERANCE, 0.02));
  });

  it("leaves out none of them", () => {
    expect(rows.map(({ added }) => added)).toEqual(Object.keys(ADDED));
  });
});
