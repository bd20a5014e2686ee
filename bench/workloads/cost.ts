import { APPROVED, client, functions, HALF_KB, RUNS } from "../../test/counted/workloads.ts";
import { completed, runOf, withCloud } from "../cloud.ts";
import { type Figure, unshared, type Workload } from "../workload.ts";

const AT_ONCE = 50;
const MILLION = 1_000_000;

/** What the design's model says, in USD a million runs, by the workload's name in docs/cost.md. */
const MODEL: Readonly<Record<string, number>> = {
  "5 steps": 9.5,
  "5 steps, a sleep of 1 h": 13.7,
  '5 steps, a sleep of 1 h, an approval, `waits: "stepFunctions"`': 96,
  '5 steps, a sleep of 1 h, an approval, `waits: "table"`': 20,
  "20 steps": 20,
};

/** What a million runs cost by the meter, without the time that users' code takes. Counted on the virtual clock. */
export const cost: Workload = {
  name: "cost",
  title: `a million runs, ${AT_ONCE} at once`,
  exact: true,
  open: async () =>
    unshared(async () => {
      const figures: Figure[] = [];
      for (const [name, { event }] of Object.entries(RUNS)) figures.push(...(await count(name, event)));
      return figures;
    }),
};

async function count(name: string, event: string): Promise<readonly Figure[]> {
  const waits = name.includes('"table"') ? "table" : "stepFunctions";
  const usage = await withCloud(
    functions,
    async (cloud) => {
      const data = Array.from({ length: AT_ONCE }, (_, i) => ({ id: `order-${i}`, text: HALF_KB }));
      const { ids } = await cloud.send(data.map((one) => ({ name: event, data: one })));
      if (name.includes("approval")) await cloud.send(data.map((one) => ({ name: APPROVED, data: one })));
      for (const id of ids) await completed(cloud, await runOf(cloud, id));
      return cloud.meter();
    },
    { client, clock: "virtual", waits },
  );
  const model = MODEL[name];
  const [usd, written, read] = [usage.dollars * MILLION, usage.writeUnits, usage.readUnits].map((all) => all / AT_ONCE);
  return [
    { name, unit: "USD/M", value: usd as number, ...(model !== undefined && { aim: { atMost: model } }) },
    { name: "… written for a run", unit: "units", value: written as number },
    { name: "… read for a run", unit: "units", value: read as number },
  ];
}
