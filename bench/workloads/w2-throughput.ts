import type { LocalCloud } from "stepwell/local";
import { client, completed, runOf, withCloud } from "../cloud.ts";
import { unshared, type Workload } from "../workload.ts";

const RUNS = 1_000;
const CONCURRENCY = 50;

const ended = new Map<number, () => void>();

const fiveSteps = client.createFunction({ id: "five-steps" }, { event: "bench/w2" }, async ({ event, step }) => {
  const { n } = event.data as { n: number };
  for (let i = 0; i < 5; i++) await step.run(`step-${i}`, () => i);
  ended.get(n)?.();
});

/** A thousand short runs by fifty clients, each of which sends its next event when its handler has ended. */
export const w2: Workload = {
  name: "W2",
  title: `${RUNS} runs of 5 steps, ${CONCURRENCY} at a time`,
  open: async () =>
    unshared(() =>
      withCloud([fiveSteps], async (cloud) => {
        const start = performance.now();
        const ids = await sendAll(cloud);
        // All but the last ones have written their end long ago.
        await allCompleted(cloud, ids.slice(-CONCURRENCY));
        const seconds = (performance.now() - start) / 1_000;
        await allCompleted(cloud, ids);
        const others = "DBOS 92, Inngest 44, Restate 305";
        return [{ name: "throughput", unit: "runs/s", value: RUNS / seconds, aim: { atLeast: 70 }, others }];
      }),
    ),
};

/** Event ids in the order in which they were sent. */
async function sendAll(cloud: LocalCloud): Promise<readonly string[]> {
  const ids: string[] = [];
  let next = 0;
  const sendNext = async () => {
    for (let n = next++; n < RUNS; n = next++) {
      const done = new Promise<void>((resolve) => ended.set(n, resolve));
      const sent = await cloud.send({ name: "bench/w2", data: { n } });
      ids.push(...sent.ids);
      await done;
      ended.delete(n);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, sendNext));
  return ids;
}

async function allCompleted(cloud: LocalCloud, eventIds: readonly string[]): Promise<void> {
  for (const id of eventIds) await completed(cloud, await runOf(cloud, id));
}
