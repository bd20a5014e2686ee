import type { LocalCloud } from "stepwell/local";
import { Arrivals } from "../arrivals.ts";
import { client, runOf, suspended, withCloud } from "../cloud.ts";
import { median, percentile } from "../statistics.ts";
import { unshared, type Workload } from "../workload.ts";

const TIMES_ALONE = 20;
const RUNS = 200;

/** When handlers have gone on, in ms since the epoch. */
const wokenAt = new Arrivals<number>();

const waiter = client.createFunction({ id: "waiter" }, { event: "bench/w5.begun" }, async ({ step }) => {
  await step.waitForEvent("answer", { event: "bench/w5.answered", match: "data.key", timeout: "1h" });
  wokenAt.report(Date.now());
});

/** From sending an event to the handler's first line after its wait: through the bus, the router and the wait machine. */
export const w5: Workload = {
  name: "W5",
  title: "event to the end of a wait",
  open: async () =>
    unshared(async () => {
      const [alone, together] = await withCloud([waiter], measure);
      const [aloneByTable] = await withCloud([waiter], measure, { waits: "table" });
      const others = "Restate 3, Inngest 146";
      return [
        { name: "one alone", unit: "ms", value: median(alone), aim: { atMost: 50 }, others },
        { name: "one alone, waits in the table", unit: "ms", value: median(aloneByTable) },
        { name: `${RUNS} by one event, p50`, unit: "ms", value: percentile(together, 0.5) },
        { name: `${RUNS} by one event, p99`, unit: "ms", value: percentile(together, 0.99) },
      ];
    }),
};

async function measure(cloud: LocalCloud): Promise<readonly [alone: readonly number[], together: readonly number[]]> {
  const alone: number[] = [];
  for (let i = 0; i < TIMES_ALONE; i++) alone.push(...(await answer(cloud, `alone-${i}`, 1)));
  return [alone, await answer(cloud, "together", RUNS)];
}

/** Lets so many runs wait for one event, sends it, and tells how long each took to go on. */
async function answer(cloud: LocalCloud, key: string, runs: number): Promise<readonly number[]> {
  const begun = Array.from({ length: runs }, () => ({ name: "bench/w5.begun", data: { key } }));
  const { ids } = await cloud.send(begun);
  await suspended(cloud, await Promise.all(ids.map((id) => runOf(cloud, id))));
  const sentAt = Date.now();
  await cloud.send({ name: "bench/w5.answered", data: { key } });
  return (await wokenAt.take(runs)).map((at) => at - sentAt);
}
