import { expect, it } from "vitest";
import { openCloud, start, stepwell } from "../scenarios/cloud.ts";

const done: string[] = [];
const mail = { remind: async (cart: string) => done.push(`remind ${cart}`) };

// #region cancel-on
const remind = stepwell.createFunction(
  {
    id: "remind",
    cancelOn: [{ event: "shop/cart.bought", match: "data.cart" }],
    timeouts: { finish: "7d" },
    onCancel: async ({ cause, step }) => {
      await step.run("note", () => done.push(`cancelled by ${cause.by}`));
    },
  },
  { event: "shop/cart.left" },
  async ({ event, step }) => {
    await step.sleep("a-day", "1d");
    await step.run("mail", () => mail.remind(event.data.cart));
  },
);
// #endregion

it("an event ends a run that it makes pointless", async () => {
  const cloud = await openCloud([remind]);
  const [kept, bought] = [
    await start(cloud, { name: "shop/cart.left", data: { cart: "c1" } }),
    await start(cloud, { name: "shop/cart.left", data: { cart: "c2" } }),
  ];
  await cloud.send({ name: "shop/cart.bought", data: { cart: "c2" } });
  await cloud.passTime("2d");
  expect(await cloud.run(kept.id)).toMatchObject({ status: "completed" });
  expect(await cloud.run(bought.id)).toMatchObject({ status: "cancelled" });
  expect(done.sort()).toEqual(["cancelled by event", "remind c1"]);
});

it("a client cancels by the run's id", async () => {
  const cloud = await openCloud([remind]);
  const { id: runId } = await start(cloud, { name: "shop/cart.left", data: { cart: "c3" } });
  // #region client
  await stepwell.cancel(runId, { reason: "the customer withdrew" });
  // #endregion
  await cloud.passTime("1m");
  expect(await cloud.run(runId)).toMatchObject({
    status: "cancelled",
    error: { code: "STEPWELL_RUN_CANCELLED", message: expect.stringContaining("the customer withdrew") },
  });
});

it("a body can hear of it", async () => {
  const heard: unknown[] = [];
  const storage = { copy: async ({ signal }: { signal: AbortSignal }) => heard.push(signal.aborted) };
  // #region signal
  const copy = stepwell.createFunction({ id: "copy" }, { event: "shop/copy" }, async ({ step }) => {
    await step.run("copy", ({ signal }) => storage.copy({ signal })); // as fetch takes it
  });
  // #endregion
  const cloud = await openCloud([copy]);
  await cloud.waitForRun((await start(cloud, { name: "shop/copy" })).id);
  expect(heard).toEqual([false]);
});
