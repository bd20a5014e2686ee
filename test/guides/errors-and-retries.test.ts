import { NonRetriableError, RetryAfterError, StepError } from "stepwell";
import { expect, it } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";

const answers = [429, 503, 200];
let calls = 0;
const shipping = { book: async (_orderId: string) => ({ status: answers[calls++] ?? 200 }) };

// #region errors
const ship = stepwell.createFunction(
  { id: "ship", retries: 3 }, // after the first try: 4 tries in all
  { event: "shop/order.paid" },
  async ({ event, step }) => {
    await step.run("book", async () => {
      const { orderId } = event.data;
      if (orderId === undefined) throw new NonRetriableError("an order without an id"); // trying again would not help
      const { status } = await shipping.book(orderId);
      if (status === 429) throw new RetryAfterError("too many bookings", "30s"); // exactly then
      if (status !== 200) throw new Error(`shipping answered ${status}`); // after a back-off
    });
  },
);
// #endregion

it("errors are tried again, later, or not at all", async () => {
  const cloud = await openCloud([ship]);
  const run = await finish(cloud, { name: "shop/order.paid", data: { orderId: "o1" } });
  expect(run).toMatchObject({ status: "completed", steps: [{ attempts: 3 }] });
  const hopeless = await finish(cloud, { name: "shop/order.paid", data: {} });
  expect(hopeless).toMatchObject({ status: "failed", steps: [{ attempts: 1 }], error: { name: "NonRetriableError" } });
});

it("a step that is out of retries is caught as any error", async () => {
  const cards = {
    charge: async () => {
      throw new RangeError("declined");
    },
  };
  const refunds: unknown[] = [];
  // #region catch
  const pay = stepwell.createFunction({ id: "pay", retries: 0 }, { event: "shop/pay" }, async ({ step }) => {
    try {
      await step.run("charge", () => cards.charge());
      return "paid";
    } catch (error) {
      if (!StepError.is(error)) throw error;
      await step.run("release", () => refunds.push(error.stepId)); // saga: undo what was done before
      return error.message;
    }
  });
  // #endregion
  const run = await finish(await openCloud([pay]), { name: "shop/pay" });
  expect(run).toMatchObject({ status: "completed", output: "declined" });
  expect(refunds).toEqual(["charge"]);
});

it("a failed run is told to its onFailure, which is a function of its own", async () => {
  const told: unknown[] = [];
  // #region on-failure
  const report = stepwell.createFunction(
    {
      id: "report",
      retries: { attempts: 2, backoff: "fixed", maxDelay: "10m" }, // tries in all
      onFailure: async ({ event, error, step }) => {
        await step.run("tell", () => told.push(`${event.data.function_id}: ${error.message}`));
      },
    },
    { event: "shop/report" },
    async () => {
      throw new Error("no data");
    },
  );
  // #endregion
  const cloud = await openCloud([report]);
  expect(await finish(cloud, { name: "shop/report" })).toMatchObject({ status: "failed", attempts: 2 });
  await cloud.passTime("1m");
  expect(told).toEqual(["shop/report: no data"]);
});
