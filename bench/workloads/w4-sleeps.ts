import { Arrivals } from "../arrivals.ts";
import { client, withCloud } from "../cloud.ts";
import { percentile } from "../statistics.ts";
import { unshared, type Workload } from "../workload.ts";

const RUNS = 200;
const SLEEP_MS = 2_000;
const EVENTS = Array.from({ length: RUNS }, () => ({ name: "bench/w4", data: {} }));

/** By run: when its sleep is over. Taken before the step is asked for, so that writing it down counts as lateness. */
const deadlines = new Map<string, number>();
const lateness = new Arrivals<number>();

const sleeper = client.createFunction({ id: "sleeper" }, { event: "bench/w4" }, async ({ runId, step }) => {
  const deadline = deadlines.get(runId) ?? Date.now() + SLEEP_MS;
  deadlines.set(runId, deadline);
  await step.sleep("nap", SLEEP_MS);
  lateness.report(Date.now() - deadline);
});

/** How late sleepers wake: from the deadline to the handler's first line after the sleep. */
export const w4: Workload = {
  name: "W4",
  title: `${RUNS} sleeps of ${SLEEP_MS / 1_000} s at once`,
  open: async () =>
    unshared(() =>
      withCloud([sleeper], async (cloud) => {
        await cloud.send({ name: "bench/w4", data: {} });
        const alone = await lateness.takeOne();
        await cloud.send(EVENTS);
        const late = await lateness.take(RUNS);
        return [
          { name: "one alone", unit: "ms", value: alone },
          { name: "p50", unit: "ms", value: percentile(late, 0.5) },
          { name: "p99", unit: "ms", value: percentile(late, 0.99), aim: { atMost: 130 }, others: "DBOS 126" },
        ];
      }),
    ),
};
