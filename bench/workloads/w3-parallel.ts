import { Arrivals } from "../arrivals.ts";
import { client, completed, openCloud, runOf } from "../cloud.ts";
import type { Workload } from "../workload.ts";

const STEPS = 100;

const ended = new Arrivals<number>();

const parallel = client.createFunction({ id: "parallel" }, { event: "bench/w3" }, async ({ step }) => {
  const start = performance.now();
  await Promise.all(Array.from({ length: STEPS }, (_, i) => step.run(`step-${i}`, () => i)));
  ended.report(performance.now() - start);
});

/** Steps all at once: until the handler has every result, each checkpointed by a conditional write of its own. */
export const w3: Workload = {
  name: "W3",
  title: `${STEPS} parallel steps`,
  open: async () => {
    const cloud = await openCloud([parallel]);
    const round = async () => {
      const { ids } = await cloud.send({ name: "bench/w3", data: {} });
      const value = await ended.takeOne();
      await completed(cloud, await runOf(cloud, ids[0]));
      const others = "AWS durable functions' test runner 10.5, Restate 76, DBOS 112";
      return [{ name: "all results", unit: "ms", value, aim: { atMost: 120 }, others }] as const;
    };
    return { round, close: () => cloud.close() };
  },
};
