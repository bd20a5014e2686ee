import type { LocalCloud } from "stepwell/local";
import { Arrivals } from "../arrivals.ts";
import { client, openCloud, runOf, suspended } from "../cloud.ts";
import { seedWaiters } from "../seed.ts";
import { median } from "../statistics.ts";
import type { Workload } from "../workload.ts";

const FEW = 10;
const KEYED = 10_000;
const UNKEYED = 1_000;
const TIMES = 10;

/** When handlers have gone on, in ms since the epoch. */
const wokenAt = new Arrivals<number>();

const keyed = client.createFunction({ id: "keyed" }, { event: "bench/w8.keyed" }, async ({ step }) => {
  await step.waitForEvent("wait", { event: "bench/w8.key", match: "data.key", timeout: "1h" });
  wokenAt.report(Date.now());
});

/** No equality: every wait for this event is looked at. */
const RANGE = "async.data.amount > event.data.amount";

const unkeyed = client.createFunction({ id: "unkeyed" }, { event: "bench/w8.unkeyed" }, async ({ step }) => {
  await step.waitForEvent("wait", { event: "bench/w8.amount", if: RANGE, timeout: "1h" });
  wokenAt.report(Date.now());
});

/** One event among many who wait for its name: only one waits for what it brings. */
export const w8: Workload = {
  name: "W8",
  title: "one event, many waiters",
  open: async () => {
    const functions = [keyed, unkeyed];
    const [few, many] = [await openCloud(functions), await openCloud(functions)];
    await seed(few, FEW, FEW);
    await seed(many, KEYED, UNKEYED);
    const round = async () => {
      const [tenKeyed, manyKeyed] = [await wakeKeyed(few), await wakeKeyed(many)];
      const [tenUnkeyed, manyUnkeyed] = [await wakeUnkeyed(few), await wakeUnkeyed(many)];
      return [
        { name: `keyed, among ${FEW}`, unit: "ms", value: tenKeyed },
        { name: `keyed, among ${KEYED}`, unit: "ms", value: manyKeyed },
        { name: "keyed, many against few", unit: "times", value: manyKeyed / tenKeyed, aim: { atMost: 1.5 } },
        { name: `unkeyed, among ${FEW}`, unit: "ms", value: tenUnkeyed },
        { name: `unkeyed, among ${UNKEYED}`, unit: "ms", value: manyUnkeyed },
      ] as const;
    };
    return { round, close: async () => void (await Promise.all([few.close(), many.close()])) };
  },
};

async function seed(cloud: LocalCloud, keyedCount: number, unkeyedCount: number): Promise<void> {
  await seedWaiters(cloud, keyedCount, (n) => ({
    event: "bench/w8.key",
    condition: { match: "data.key" },
    trigger: { data: { key: `seeded-${n}` } },
  }));
  await seedWaiters(cloud, unkeyedCount, () => ({
    event: "bench/w8.amount",
    condition: { if: RANGE },
    trigger: { data: { amount: 1_000_000 } },
  }));
}

const wakeKeyed = (cloud: LocalCloud) =>
  wake(cloud, (n) => ({
    begin: { name: "bench/w8.keyed", data: { key: `real-${n}` } },
    answer: { name: "bench/w8.key", data: { key: `real-${n}` } },
  }));

/** More than the one real waiter asks for, and less than the seeded ones do. */
const wakeUnkeyed = (cloud: LocalCloud) =>
  wake(cloud, () => ({
    begin: { name: "bench/w8.unkeyed", data: { amount: 1 } },
    answer: { name: "bench/w8.amount", data: { amount: 2 } },
  }));

type Event = { readonly name: string; readonly data: object };

/** Median time from sending the event to the first line of the one run that waits for it. */
async function wake(cloud: LocalCloud, eventsOf: (n: number) => { begin: Event; answer: Event }): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < TIMES; n++) {
    const { begin, answer } = eventsOf(n);
    const { ids } = await cloud.send(begin);
    await suspended(cloud, [await runOf(cloud, ids[0])]);
    const sentAt = Date.now();
    await cloud.send(answer);
    times.push((await wokenAt.takeOne()) - sentAt);
  }
  return median(times);
}
