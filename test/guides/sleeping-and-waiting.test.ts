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

it("the first of several events decides", async () => {
  // #region several
  const offer = stepwell.createFunction({ id: "offer" }, { event: "shop/offer.made" }, async ({ step }) => {
    const answer = await step.waitForEvent("answer", {
      event: ["shop/offer.accepted", { event: "shop/offer.declined", if: "async.data.final" }],
      match: "data.offerId", // of each that has no condition of its own
      timeout: "14d",
    });
    return answer?.name ?? "no answer";
  });
  // #endregion
  const cloud = await openCloud([offer]);
  const make = (offerId: string) => start(cloud, { name: "shop/offer.made", data: { offerId } });
  const accepted = await make("a");
  await cloud.send({ name: "shop/offer.declined", data: { offerId: "a", final: false } });
  await cloud.send({ name: "shop/offer.accepted", data: { offerId: "a" } });
  expect(await cloud.run(accepted.id)).toMatchObject({ output: "shop/offer.accepted" });
  const declined = await make("b");
  await cloud.send({ name: "shop/offer.declined", data: { offerId: "b", final: true } });
  expect(await cloud.run(declined.id)).toMatchObject({ output: "shop/offer.declined" });
});

it("a wait looks back at what came before it", async () => {
  // #region lookback
  const deliver = stepwell.createFunction(
    { id: "deliver", lookback: { event: "shop/order.paid", match: "data.orderId" } },
    { event: "shop/order.placed" },
    async ({ step }) => {
      await step.sleep("pack", "30m"); // the customer may pay meanwhile
      const paid = await step.waitForEvent("payment", {
        event: "shop/order.paid",
        match: "data.orderId", // as above
        lookback: "1h",
        timeout: "7d",
      });
      return paid === null ? "unpack" : "send";
    },
  );
  // #endregion
  const cloud = await openCloud([deliver]);
  const place = (orderId: string) => start(cloud, { name: "shop/order.placed", data: { orderId } });
  const [early, never] = [await place("o1"), await place("o2")];
  await cloud.passTime("5m");
  await cloud.send({ name: "shop/order.paid", data: { orderId: "o1" } });
  await cloud.passTime("26m");
  expect(await cloud.run(early.id)).toMatchObject({ status: "completed", output: "send" });
  expect(await cloud.waitForRun(never.id)).toMatchObject({ output: "unpack" });
});
