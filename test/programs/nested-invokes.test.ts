/** Nested invokes: an order calls billing, which calls taxes; results come up, and so do errors. */
import { NonRetriableError, StepError } from "stepwell";
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const ledger = new Outside();
const RATES: Readonly<Record<string, number>> = { DE: 19, FR: 20 };

const tax = stepwell.createFunction({ id: "tax" }, { event: "books/tax.asked" }, async ({ event, step }) => {
  const { country, net } = event.data as { country: string; net: number };
  const rate = await step.run("rate", () => {
    const known = RATES[country];
    if (known === undefined) throw new NonRetriableError(`no rate for ${country}`);
    return known;
  });
  return { tax: (net * rate) / 100 };
});

const bill = stepwell.createFunction({ id: "bill" }, { event: "books/bill.asked" }, async ({ event, step }) => {
  const { orderId, country, net } = event.data;
  const { tax: added } = await step.invoke("tax", { function: tax, data: { country, net } });
  return step.run("write", () => ledger.do(`bill ${orderId}`, { total: net + added }));
});

const order = stepwell.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ event, step }) => {
  try {
    const { total } = await step.invoke("bill", { function: bill, data: { ...event.data, net: 100 }, timeout: "1h" });
    return { status: "billed", total };
  } catch (error) {
    return { status: "refused", reason: StepError.is(error) ? error.message : "unknown" };
  }
});

const to = (country: string) => [{ name: "shop/order.placed", data: { orderId: "o1", country } }];
const t = new TestEngine({ function: order, functions: [bill, tax], events: to("FR") });
const effects = { reset: () => ledger.clear(), effects: () => ledger.list() };

describe("nested invokes", () => {
  beforeEach(() => ledger.clear());

  it("hand results up", async () => {
    const { result, state } = await t.execute();
    expect(result).toEqual({ status: "billed", total: 120 });
    await expect(state.bill).resolves.toEqual({ total: 120 });
  });

  it("hand errors up", async () => {
    const { result } = await t.execute({ events: to("XX") });
    expect(result).toEqual({ status: "refused", reason: "no rate for XX" });
    expect(ledger.list()).toEqual([]);
  });

  it("come out the same after a crash at every step of each of the three", async () => {
    const { points } = await t.survivesCrashes(effects);
    expect(points.map(({ functionId, stepId, at }) => `${functionId}/${stepId} ${at}`)).toEqual([
      "tax/rate bodyEnded",
      "tax/rate stepEnded",
      "bill/tax stepEnded",
      "bill/write bodyEnded",
      "bill/write stepEnded",
      "order/bill stepEnded",
    ]);
    await t.survivesCrashes({ ...effects, events: to("XX") });
  });
});
