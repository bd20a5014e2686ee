import { referenceFunction } from "stepwell";
import { invokeFunction } from "stepwell/http";
import { expect, it } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";

// #region invoke
const invoice = stepwell.createFunction({ id: "invoice" }, { event: "shop/invoice.wanted" }, async ({ event, step }) =>
  step.run("number", () => `INV-${event.data.orderId}`),
);

const bill = stepwell.createFunction({ id: "bill" }, { event: "shop/order.shipped" }, async ({ event, step }) => {
  const number = await step.invoke("invoice", {
    function: invoice,
    data: { orderId: event.data.orderId },
    timeout: "1h",
  });
  return `sent ${number}`;
});
// #endregion

it("a function waits for another one's result", async () => {
  const run = await finish(await openCloud([invoice, bill]), { name: "shop/order.shipped", data: { orderId: "o1" } });
  expect(run.output).toBe("sent INV-o1");
});

it("a function of another app is named instead of imported, and its error is caught", async () => {
  // #region reference
  const charge = referenceFunction({ appId: "billing", functionId: "charge" });

  const pay = stepwell.createFunction({ id: "pay" }, { event: "shop/pay" }, async ({ event, step }) =>
    step
      .invoke("charge", { function: charge, data: { orderId: event.data.orderId } })
      .catch((error) => step.run("note", () => `not charged: ${error.code}`)),
  );
  // #endregion
  const run = await finish(await openCloud([pay]), { name: "shop/pay", data: { orderId: "o1" } });
  expect(run.output).toBe("not charged: STEPWELL_FUNCTION_NOT_FOUND");
});

it("many children by events, and one from outside of runs", async () => {
  const resized: string[] = [];
  const resize = stepwell.createFunction({ id: "resize" }, { event: "shop/photo.added" }, async ({ event, step }) => {
    await step.run("resize", () => resized.push(event.data.photo));
  });
  // #region fan-out
  const album = stepwell.createFunction({ id: "album" }, { event: "shop/album.added" }, async ({ event, step }) => {
    const photos: string[] = event.data.photos;
    await step.sendEvent(
      "resize-all",
      photos.map((photo) => ({ name: "shop/photo.added", data: { photo } })),
    );
  });
  // #endregion
  const cloud = await openCloud([resize, album]);
  await finish(cloud, { name: "shop/album.added", data: { photos: ["a", "b", "c"] } });
  await cloud.passTime("1m");
  expect(resized.sort()).toEqual(["a", "b", "c"]);

  // #region outside
  const { runId } = await invokeFunction(stepwell, resize, { data: { photo: "d" } });
  // #endregion
  expect(await cloud.waitForRun(runId)).toMatchObject({ functionId: "resize", status: "completed" });
  expect(resized).toContain("d");
});
