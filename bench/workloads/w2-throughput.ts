import type { GetFunctionInput } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import { client, completed, runOf, withCloud } from "../cloud.ts";
import { unshared, type Workload } from "../workload.ts";

const RUNS = 1_000;
const CONCURRENCY = 50;
/** More than there are runs at a time: nobody is queued. */
const LIMIT = 100;

const ended = new Map<number, () => void>();

const handler = async ({ event, step }: GetFunctionInput<typeof client>) => {
  const { n } = event.data as { n: number };
  for (let i = 0; i < 5; i++) await step.run(`step-${i}`, () => i);
  ended.get(n)?.();
};

const fiveSteps = client.createFunction({ id: "five-steps" }, { event: "bench/w2" }, handler);
const limited = client.createFunction({ id: "limited", concurrency: LIMIT }, { event: "bench/w2" }, handler);

/** A thousand short runs by fifty clients, each of which sends its next event when its handler has ended. */
export const w2: Workload = {
  name: "W2",
  title: `${RUNS} runs of 5 steps, ${CONCURRENCY} at a time`,
  open: async () =>
    unshared(async () => {
      const [plain, under] = [await measure(fiveSteps), await measure(limited)];
      const others = "DBOS 92, Inngest 44, Restate 305";
      return [
        { name: "throughput", unit: "runs/s", value: plain.throughput, aim: { atLeast: 70 }, others },
        { name: `under a limit of ${LIMIT} at a time`, unit: "runs/s", value: under.throughput },
        { name: "… against none", unit: "times", value: under.throughput / plain.throughput },
        { name: "… more calls for a run", unit: "calls", value: under.calls - plain.calls },
        { name: "… more written for a run", unit: "units", value: under.written - plain.written },
      ];
    }),
};

const measure = (fn: typeof fiveSteps) =>
  withCloud([fn], async (cloud) => {
    const start = performance.now();
    const ids = await sendAll(cloud);
    // All but the last ones have written their end long ago.
    await allCompleted(cloud, ids.slice(-CONCURRENCY));
    const seconds = (performance.now() - start) / 1_000;
    await allCompleted(cloud, ids);
    const { calls, writeUnits } = cloud.meter();
    const called = Object.values(calls).reduce((sum, count) => sum + count, 0);
    return { throughput: RUNS / seconds, calls: called / RUNS, written: writeUnits / RUNS };
  });

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
