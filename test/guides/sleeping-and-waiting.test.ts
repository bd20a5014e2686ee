import { expect, it } from "vitest";
import { finish, openCloud, start, stepwell } from "../scenarios/cloud.ts";

const reminded: string[] = [];
const mail = { remind: async (email: string) => reminded.push(email) };

// #region sleep
const trial = stepwell.createFunction({ id: "trial" }, { event: "shop/trial.begun" }, async ({ event, step }) => {
  await step.sleep("most-of-it", "12d"); // 1.5 h are "1h30m"; numbers are milliseconds
  await step.run("remind", () => mail.remind(event.data.email));
  await step.sleepUntil("end", event.data.endsAt); // a Date, ISO text, or milliseconds
  return "over";
});
// #endregion

it("a run sleeps for days", async () => {
  const cloud = await openCloud([trial]);
  const endsAt = new Date(Date.now() + 14 * 86_400_000).toISOString();
  const run = await start(cloud, { name: "shop/trial.begun", data: { email: "ann@shop.example", endsAt } });
  await cloud.passTime("13d");
  expect(reminded).toEqual(["ann@shop.example"]);
  expect(await cloud.run(run.id)).toMatchObject({ status: "sleeping" });
  await cloud.passTime("2d");
  expect(await cloud.run(run.id)).toMatchObject({ status: "completed", output: "over" });
});

// #region wait
const order = stepwell.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ step }) => {
  const approval = await step.waitForEvent("approval", {
    event: "shop/order.approved",
    match: "data.orderId", // the same in the order and in the approval
    timeout: "7d",
  });
  return approval === null ? "nobody said anything" : `approved by ${approval.data.by}`;
});
// #endregion

it("a run waits for an event of its own order, or for the timeout", async () => {
  const cloud = await openCloud([order]);
  const placed = (orderId: string) => start(cloud, { name: "shop/order.placed", data: { orderId } });
  const [first, second] = [await placed("o1"), await placed("o2")];
  await cloud.send({ name: "shop/order.approved", data: { orderId: "o1", by: "Ann" } });
  expect(await cloud.waitForRun(first.id)).toMatchObject({ output: "approved by Ann" });
  expect(await cloud.waitForRun(second.id)).toMatchObject({ output: "nobody said anything" });
});

it("a condition says more than a match", async () => {
  // #region condition
  const bid = stepwell.createFunction({ id: "bid" }, { event: "shop/auction.begun" }, async ({ step }) => {
    const best = await step.waitForEvent("bid", {
      event: "shop/bid",
      if: "async.data.auction == event.data.auction && async.data.amount >= event.data.least",
      timeout: "1h",
    });
    return best?.data.amount ?? 0;
  });
  // #endregion
  const cloud = await openCloud([bid]);
  const run = await start(cloud, { name: "shop/auction.begun", data: { auction: "a", least: 10 } });
  await cloud.send({ name: "shop/bid", data: { auction: "a", amount: 9 } });
  await cloud.send({ name: "shop/bid", data: { auction: "a", amount: 11 } });
  expect(await cloud.waitForRun(run.id)).toMatchObject({ output: 11 });
  expect(await finish(cloud, { name: "shop/auction.begun", data: { auction: "b", least: 1 } })).toMatchObject({
    output: 0,
  });
});
