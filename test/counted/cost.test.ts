import { type LocalCloud, startLocal } from "stepwell/local";
import { afterEach, describe, expect, it } from "vitest";
import { type Billed, createMeter, difference, type Usage } from "../../local/meter.ts";
import { codeIn, numberIn, readRepository, rowsOf } from "../docs-tables.ts";
import { ADDITIONS, APPROVED, client, endings, functions, HALF_KB, RUNS, type Workload } from "./workloads.ts";

const DOCUMENT = "docs/cost.md";
const MILLION = 1_000_000;
/** The document may be off by so much: what runs at once shares deliveries, and not always the same. */
const TOLERANCE = 0.02;

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
let cloud: LocalCloud | undefined;
afterEach(() => cloud?.close());

/** What so many runs use that begin together, from their events to their ends. */
async function usageOf(name: string, { event }: Workload, runs = 1): Promise<Usage> {
  const waits = name.includes('"table"') ? "table" : "stepFunctions";
  cloud = await startLocal({ client, functions, clock: "virtual", waits, logger: silent });
  const data = Array.from({ length: runs }, (_, i) => ({ id: `order-${i}`, text: HALF_KB }));
  const { ids } = await cloud.send(data.map((one) => ({ name: event, data: one })));
  const started = await runsOf(cloud, ids);
  const isSlow = endings.size > 0;
  const waitsIn = (kind: string) =>
    started.some(({ status, steps }) => status === "waiting" && steps.at(-1)?.kind === kind);
  const isSignalled = waitsIn("waitForSignal");
  const isWaiting = isSignalled || waitsIn("waitForEvent");
  if (isSlow || isWaiting) await cloud.passTime("1m");
  for (const { id, text } of isSignalled ? data : []) await cloud.sendSignal({ signal: `approve/${id}`, data: text });
  if (isWaiting && !isSignalled) await cloud.send(data.map((one) => ({ name: APPROVED, data: one })));
  for (const end of endings) end();
  endings.clear();
  for (const { id } of started) expect(await cloud.waitForRun(id)).toMatchObject({ status: "completed" });
  const used = cloud.meter();
  if (!isSlow && !isWaiting) return used;
  // The sweeper came at the end of that minute. It comes by the clock, whether there are runs or not.
  await cloud.sweep();
  return difference(difference(used, cloud.meter()), used);
}

const runsOf = async (of: LocalCloud, ids: readonly string[]) =>
  (await Promise.all(ids.map((id) => of.runsOf(id)))).flat();

const perMillion = async (name: string, workload: Workload, runs = 1): Promise<number> =>
  ((await usageOf(name, workload, runs)).dollars / runs) * MILLION;

/** The message has what was measured, for whoever has to change the document. */
function expectPrice(documented: string | undefined, measured: number): void {
  const off = Math.abs(numberIn(documented) - measured);
  const message = `the document says ${documented}, measured is $${measured.toFixed(2)}`;
  expect(off, message).toBeLessThanOrEqual(Math.max(measured * TOLERANCE, 0.02));
}

const named = (workloads: Readonly<Record<string, Workload>>, name: string | undefined): Workload => {
  const found = workloads[name ?? ""];
  if (found === undefined) throw new Error(`There is no workload "${name}".`);
  return found;
};

describe("docs/cost.md", () => {
  let five: number | undefined;

  it("has the unit prices of the meter", () => {
    const rows = rowsOf(DOCUMENT, "How dollars are counted");
    expect(rows).toHaveLength(10);
    for (const row of rows) {
      const meter = createMeter();
      meter.bill(codeIn(row["in the meter"]) as Billed, MILLION);
      expect(numberIn(row["a million"]), row.what).toBeCloseTo(meter.snapshot().dollars, 4);
    }
  });

  it("calculates right", () => {
    const sums = [...readRepository(DOCUMENT).matchAll(/((?:[\d.,]+ × \$[\d.,]+(?: \+ )?)+) = \$([\d.,]*\d)/g)];
    expect(sums.length).toBeGreaterThanOrEqual(20);
    for (const [text, terms = "", result = ""] of sums) {
      const values = terms.split(" + ").map((term) => term.split(" × ").map((factor) => numberIn(factor)));
      const sum = values.reduce((total, [times = Number.NaN, price = Number.NaN]) => total + times * price, 0);
      const decimals = result.split(".")[1]?.length ?? 0;
      expect(Math.abs(sum - numberIn(result)), text).toBeLessThanOrEqual(0.5001 * 10 ** -decimals);
    }
  });

  it("lists every call of a run of five steps, and its price", async () => {
    const name = "5 steps";
    const rows = rowsOf(DOCUMENT, "A run of five steps, call by call");
    const { calls, dollars } = await usageOf(name, named(RUNS, name));
    const isCall = ({ call }: (typeof rows)[number]) => call?.includes(".");
    const listed = rows.filter(isCall).map(({ call, times }) => [codeIn(call), numberIn(times)]);
    expect(Object.fromEntries(listed)).toEqual(calls);
    const sum = rows.reduce((total, row) => total + numberIn(row["a million"]?.split("=").at(-1)), 0);
    expect(sum).toBeCloseTo(dollars * MILLION, 1);
  });

  it.each(rowsOf(DOCUMENT, "What a million runs cost").map((row) => [row.run ?? "", row] as const))(
    "has the price of %s",
    async (name, row) => {
      expectPrice(row["one at a time"], await perMillion(name, named(RUNS, name)));
      await cloud?.close();
      expectPrice(row["many at once"], await perMillion(name, named(RUNS, name), 50));
    },
  );

  it.each(rowsOf(DOCUMENT, "What makes a run dearer").map((row) => [row["added to five steps"] ?? "", row] as const))(
    "has the price of %s",
    async (name, row) => {
      five ??= await perMillion("5 steps", named(RUNS, "5 steps"));
      await cloud?.close();
      expectPrice(row["a million"], (await perMillion(name, named(ADDITIONS, name))) - five);
    },
  );

  it("leaves out none of them", () => {
    const runs = rowsOf(DOCUMENT, "What a million runs cost").map(({ run }) => run);
    const additions = rowsOf(DOCUMENT, "What makes a run dearer").map((row) => row["added to five steps"]);
    expect({ runs, additions }).toEqual({ runs: Object.keys(RUNS), additions: Object.keys(ADDITIONS) });
  });
});
