import { Arrivals } from "../arrivals.ts";
import { client, completed, openCloud, runOf } from "../cloud.ts";
import type { Workload } from "../workload.ts";

const ended = new Arrivals<number>();

const sequential = client.createFunction(
  { id: "sequential", maxSteps: 2_000 },
  { event: "bench/w1" },
  async ({ event, step }) => {
    const { steps } = event.data as { steps: number };
    const start = performance.now();
    for (let i = 0; i < steps; i++) await step.run(`step-${i}`, () => i);
    ended.report(performance.now() - start);
  },
);

/** Steps one after another: from the handler's first line to its last, each step checkpointed before the next begins. */
export const w1: Workload = {
  name: "W1",
  title: "sequential steps",
  open: async () => {
    const cloud = await openCloud([sequential]);
    const timeOf = async (steps: number) => {
      const { ids } = await cloud.send({ name: "bench/w1", data: { steps } });
      const ms = await ended.takeOne();
      await completed(cloud, await runOf(cloud, ids[0]));
      return ms;
    };
    const round = async () => {
      const [ten, hundred, thousand] = [await timeOf(10), await timeOf(100), await timeOf(1_000)];
      const marginal = (thousand - hundred) / 900;
      return [
        { name: "10 steps", unit: "ms", value: ten },
        { name: "100 steps", unit: "ms", value: hundred },
        { name: "1,000 steps", unit: "ms", value: thousand },
        {
          name: "one more step (from 100 to 1,000)",
          unit: "ms",
          value: marginal,
          aim: { atMost: 1.6 },
          others: "Restate 1.3 (Lambda mode 23), DBOS 2.2, Inngest 4.5",
        },
        {
          name: "the same against from 10 to 100 (1 is linear)",
          unit: "times",
          value: marginal / ((hundred - ten) / 90),
          aim: { atMost: 1.2 },
        },
      ] as const;
    };
    return { round, close: () => cloud.close() };
  },
};
