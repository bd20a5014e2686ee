import type { LocalCloud } from "stepwell/local";
import { Arrivals } from "../arrivals.ts";
import { client, completed, runOf, withCloud } from "../cloud.ts";
import { type Figure, unshared, type Workload } from "../workload.ts";

const KB = 1_000;
const EVENT_BYTES = 5_000 * KB;
/** A single result may have 4 MiB, so that 5 MB are two of them. */
const RESULTS: readonly { readonly name: string; readonly sizes: readonly number[] }[] = [
  { name: "a result of 100 KB", sizes: [100 * KB] },
  { name: "a result of 500 KB", sizes: [500 * KB] },
  { name: "two results of 2.5 MB", sizes: [2_500 * KB, 2_500 * KB] },
];

/** How long the code took to get its results: in its first invocation, in which they are made and stored, and in its second. */
const passes = new Arrivals<number>();
const begunAt = new Arrivals<number>();

const results = client.createFunction({ id: "results" }, { event: "bench/w7.results" }, async ({ event, step }) => {
  const { sizes } = event.data as { sizes: readonly number[] };
  const start = performance.now();
  let total = 0;
  for (const size of sizes) total += (await step.run("make", () => "x".repeat(size))).length;
  passes.report(performance.now() - start);
  // Less than a second would be waited for in place.
  await step.sleep("until another invocation", "2s");
  return total;
});

const large = client.createFunction({ id: "large-event" }, { event: "bench/w7.large" }, async ({ event }) => {
  begunAt.report(Date.now());
  return (event.data as { text: string }).text.length;
});

/** Large payloads: what is above 200 KB lies in S3. */
export const w7: Workload = {
  name: "W7",
  title: "large payloads",
  open: async () =>
    unshared(() =>
      withCloud([results, large], async (cloud) => {
        const figures: Figure[] = [];
        for (const { name, sizes } of RESULTS) figures.push(...(await storeAndReadBack(cloud, name, sizes)));
        return [...figures, await sendLarge(cloud)];
      }),
    ),
};

async function storeAndReadBack(cloud: LocalCloud, name: string, sizes: readonly number[]): Promise<readonly Figure[]> {
  const { ids } = await cloud.send({ name: "bench/w7.results", data: { sizes } });
  const [stored, readBack] = await passes.take(2);
  check(
    await completed(cloud, await runOf(cloud, ids[0])),
    sizes.reduce((sum, size) => sum + size, 0),
  );
  return [
    { name: `${name}: made and stored`, unit: "ms", value: stored as number },
    { name: `${name}: read back by the next invocation`, unit: "ms", value: readBack as number },
  ];
}

async function sendLarge(cloud: LocalCloud): Promise<Figure> {
  const sentAt = Date.now();
  const { ids } = await cloud.send({ name: "bench/w7.large", data: { text: "x".repeat(EVENT_BYTES) } });
  const value = (await begunAt.takeOne()) - sentAt;
  check(await completed(cloud, await runOf(cloud, ids[0])), EVENT_BYTES);
  return { name: "an event of 5 MB: sent to first line", unit: "ms", value };
}

function check(output: unknown, bytes: number): void {
  if (output !== bytes) throw new Error(`Of ${bytes} bytes ${output} have arrived.`);
}
