/** The examples of docs/testing.md: each region is a block there (test/docs-testing.test.ts). Between the regions stands what a page need not show. */
// #region first
import { NonRetriableError, Stepwell } from "stepwell";
import { TestEngine } from "stepwell/test";
import { expect, test } from "vitest";

const stepwell = new Stepwell({ id: "shop" });

const placeOrder = stepwell.createFunction(
  { id: "place-order" },
  { event: "shop/order.placed" },
  async ({ event, step, runId }) => {
    const charge = await step.run("charge", () => payments.charge(runId, event.data.total));
    await step.sleep("cooling-off", "1d");
    const approval = await step.waitForEvent("approval", {
      event: "shop/order.approved",
      match: "data.orderId",
      timeout: "7d",
    });
    if (approval === null) return step.run("refund", () => payments.refund(charge.id));
    return { shipped: event.data.orderId };
  },
);

const t = new TestEngine({
  function: placeOrder,
  events: [{ name: "shop/order.placed", data: { orderId: "o1", total: 12 } }],
});
t.onWait("approval", () => t.sendEvent({ name: "shop/order.approved", data: { orderId: "o1" } }));

test("an order that is approved is shipped", async () => {
  const { result, state, ctx, run } = await t.execute();
  expect(result).toEqual({ shipped: "o1" });
  await expect(state.charge).resolves.toEqual({ id: "c1", total: 12 });
  expect(ctx.step.sleep).toHaveBeenCalledWith("cooling-off", "1d");
  expect(run.steps.map(({ id }) => id)).toEqual(["charge", "cooling-off", "approval"]);
});
// #endregion

/** A payment provider: who charges again with the same key is given the first charge. */
const payments = {
  charges: new Map<string, { id: string; total: number }>(),
  charge(key: string, total: number) {
    const charge = this.charges.get(key) ?? { id: `c${this.charges.size + 1}`, total };
    this.charges.set(key, charge);
    return charge;
  },
  refund(id: string) {
    for (const [key, charge] of this.charges) if (charge.id === id) this.charges.delete(key);
    return { refunded: id };
  },
};

// #region mocks
test("an order that nobody approves is refunded", async () => {
  const { result } = await t.execute({
    steps: [
      { id: "charge", handler: () => ({ id: "c7", total: 12 }) },
      { id: "approval", handler: () => null },
      { id: "refund", handler: () => ({ refunded: "c7" }) },
    ],
  });
  expect(result).toEqual({ refunded: "c7" });
});
// #endregion

// #region retries
test("a charge that is declined ends the order, one that times out is tried again", async () => {
  const declined = () => {
    throw new NonRetriableError("declined");
  };
  const { error, state } = await t.execute({ steps: [{ id: "charge", handler: declined }] });
  expect(error).toMatchObject({ message: "declined" });
  await expect(state.charge).rejects.toThrow("declined");

  let tries = 0;
  const slow = () => {
    tries += 1;
    if (tries < 3) throw new Error("timeout");
    return { id: "c7", total: 12 };
  };
  const { run } = await t.execute({ steps: [{ id: "charge", handler: slow }] });
  expect(run.steps[0]).toMatchObject({ id: "charge", status: "completed", attempts: 3 });
});
// #endregion

// #region step
test("the charge is what the order costs", async () => {
  const { result, step } = await t.executeStep("charge");
  expect(result).toMatchObject({ total: 12 });
  expect(step).toMatchObject({ status: "completed", attempts: 1 });
});
// #endregion

// #region time
test("an approval after five days is in time, and after a week there is none", async () => {
  const late: TestEngine = t.clone().onWait("approval", async () => {
    await late.passTime("5d");
    await late.sendEvent({ name: "shop/order.approved", data: { orderId: "o1" } });
  });
  expect((await late.execute()).result).toEqual({ shipped: "o1" });

  const never = t.clone().onWait("approval"); // does nothing: so the wait times out
  expect((await never.execute()).result).toMatchObject({ refunded: expect.any(String) });
});
// #endregion

// #region functions
const price = stepwell.createFunction({ id: "price" }, { event: "shop/price.asked" }, ({ event }) => ({
  total: event.data.items * 4,
}));
const quote = stepwell.createFunction({ id: "quote" }, { event: "shop/quote.asked" }, async ({ step }) => {
  const { total } = await step.invoke("price", { function: price, data: { items: 3 } });
  return `${total} €`;
});

test("a quote asks for the price", async () => {
  expect((await new TestEngine({ function: quote, functions: [price] }).execute()).result).toBe("12 €");
});
// #endregion

// #region context
test("the handler gets what the test makes of its context", async () => {
  const { result } = await t.execute({
    transformCtx: (ctx) => ({ ...ctx, event: { ...ctx.event, data: { orderId: "o2", total: 1 } } }),
  });
  expect(result).toEqual({ shipped: "o2" });
});
// #endregion

// #region crashes
test("an order survives a crash at every step, approved or not", async () => {
  const world = { reset: () => payments.charges.clear(), effects: () => [...payments.charges.values()] };
  const { points } = await t.survivesCrashes(world);
  expect(points.map(({ stepId, at }) => `${stepId} ${at}`)).toEqual([
    "charge bodyEnded",
    "charge stepEnded",
    "cooling-off stepEnded",
    "approval stepEnded",
  ]);
  await t.clone().onWait("approval").survivesCrashes(world);
});
// #endregion

// #region unsafe
test("a mail without a key is not safe", async () => {
  const sent: string[] = [];
  const mail = stepwell.createFunction({ id: "mail" }, { event: "shop/order.paid" }, async ({ step }) => {
    await step.run("send", () => sent.push("thank you"));
  });
  const kit = new TestEngine({ function: mail });
  await expect(kit.survivesCrashes({ reset: () => sent.splice(0), effects: () => sent })).rejects.toMatchObject({
    code: "STEPWELL_NOT_CRASH_SAFE",
    findings: [{ stepId: "send", at: "bodyEnded", ranAgain: ["mail/send"] }],
  });
});
// #endregion
