import { invokeFunction } from "stepwell/http";
import { expect, it } from "vitest";
import { openCloud, stepwell } from "../scenarios/cloud.ts";

const counts: Record<string, number> = {};
const count = (what: string) => {
  counts[what] = (counts[what] ?? 0) + 1;
};

it("an event with an id is handled once, however often it is sent", async () => {
  const pay = stepwell.createFunction({ id: "pay" }, { event: "shop/order.paid" }, async ({ step }) => {
    await step.run("count", () => count("paid"));
  });
  const cloud = await openCloud([pay]);
  const event = { name: "shop/order.paid", data: { orderId: "o1" } };
  // #region event-id
  await stepwell.send({ ...event, id: `paid-${event.data.orderId}` });
  await stepwell.send({ ...event, id: `paid-${event.data.orderId}` }); // starts nothing
  // #endregion
  await cloud.passTime("1h");
  expect(counts.paid).toBe(1);
});

it("a function is done once for a key, whatever the events' ids", async () => {
  // #region key
  const greet = stepwell.createFunction(
    { id: "greet", idempotency: "event.data.userId" },
    { event: "shop/user.seen" },
    async ({ step }) => {
      await step.run("greet", () => count("greeted"));
    },
  );
  // #endregion
  const cloud = await openCloud([greet]);
  for (const userId of ["u1", "u2", "u1", "u1"]) await cloud.send({ name: "shop/user.seen", data: { userId } });
  await cloud.passTime("1h");
  expect(counts.greeted).toBe(2);
  expect((await cloud.runs({ status: "skipped" })).length).toBe(2);
});

it("what a step calls can tell a repeat by the step's key", async () => {
  const seen: string[] = [];
  const payments = {
    charge: async (_cents: number, { idempotencyKey }: { idempotencyKey: string }) => {
      seen.push(idempotencyKey);
      if (seen.length === 1) throw new Error("no answer");
    },
  };
  // #region call
  const charge = stepwell.createFunction({ id: "charge" }, { event: "shop/charge" }, async ({ step }) => {
    await step.run("charge", ({ idempotencyKey }) => payments.charge(1200, { idempotencyKey }));
  });
  // #endregion
  const cloud = await openCloud([charge]);
  const [run] = await cloud.runsOf((await cloud.send({ name: "shop/charge" })).ids[0]);
  await cloud.passTime("1m");
  expect(seen).toEqual([expect.stringContaining(run?.id ?? "no run"), seen[0]]);
});

it("an invocation with an id and a time is one run", async () => {
  const refund = stepwell.createFunction({ id: "refund" }, { event: "shop/refund" }, async ({ step }) => {
    await step.run("count", () => count("refunded"));
  });
  const cloud = await openCloud([refund]);
  const order = { id: "o1", withdrawnAt: Date.now() };
  // #region invoke
  const request = { id: `refund-${order.id}`, ts: order.withdrawnAt, data: { orderId: order.id } };
  const first = await invokeFunction(stepwell, refund, request);
  const again = await invokeFunction(stepwell, refund, request); // the same run
  // #endregion
  expect(again).toEqual(first);
  await cloud.passTime("1h");
  expect(counts.refunded).toBe(1);
});
