import { EventSchemas, Stepwell } from "stepwell";
import { startLocal } from "stepwell/local";
import { expect, it } from "vitest";
import { z } from "zod";
import { openCloud } from "../scenarios/cloud.ts";

// #region client
const stepwell = new Stepwell({
  id: "shop",
  schemas: new EventSchemas()
    .fromRecord<{ "shop/order.placed": { data: { orderId: string; total: number } } }>()
    .fromSchema({ "shop/user.created": z.object({ email: z.email() }) }),
});
// #endregion

const sent: string[] = [];
const mail = { welcome: async (email: string) => sent.push(email) };

// #region triggers
const welcome = stepwell.createFunction({ id: "welcome" }, { event: "shop/user.created" }, async ({ event, step }) => {
  await step.run("mail", () => mail.welcome(event.data.email)); // a string, by the schema
});

const largeOrder = stepwell.createFunction(
  { id: "large-order" },
  { event: "shop/order.placed", if: "event.data.total > 1000" }, // CEL
  async ({ event }) => `look at ${event.data.orderId}`,
);

const report = stepwell.createFunction(
  { id: "report", triggers: [{ cron: "TZ=Europe/Berlin 0 8 * * 1-5" }, { event: "shop/order.placed" }] },
  async ({ event }) => event.name,
);
// #endregion

const names: string[] = [];

it("functions are started by events, conditions and crons", async () => {
  const cloud = await startLocal({ client: stepwell, functions: [welcome, largeOrder, report], clock: "virtual" });
  const print = (ids: readonly string[]) => names.push(...ids);

  // #region send
  const { ids } = await stepwell.send([
    { name: "shop/user.created", data: { email: "ann@shop.example" } },
    { name: "shop/order.placed", data: { orderId: "o1", total: 1200 } },
  ]);
  print(ids); // in the order in which they were given
  // #endregion

  const [first, second] = await Promise.all(names.map((id) => cloud.runsOf(id)));
  expect(first?.map(({ functionId }) => functionId)).toEqual(["welcome"]);
  expect(second?.map(({ functionId }) => functionId).sort()).toEqual(["large-order", "report"]);
  await cloud.passTime("1m");
  expect(sent).toEqual(["ann@shop.example"]);
  const [small] = (await cloud.send({ name: "shop/order.placed", data: { orderId: "o2", total: 5 } })).ids;
  expect((await cloud.runsOf(small)).map(({ functionId }) => functionId)).toEqual(["report"]);
  const fired = await cloud.runsOf((await cloud.fire("report")).ids[0]);
  expect(await cloud.waitForRun(fired[0]?.id)).toMatchObject({ output: "stepwell/scheduled.timer" });
  await cloud.close();
});

it("any name will do without schemas", async () => {
  const plain = new Stepwell({ id: "shop" });
  const heard: unknown[] = [];
  // #region wildcard
  const audit = plain.createFunction({ id: "audit" }, { event: "shop/*" }, async ({ event, step }) => {
    await step.run("write", () => heard.push(`${event.name}: ${event.data.orderId}`));
  });
  // #endregion
  const cloud = await openCloud([audit], { client: plain });
  await cloud.send({ name: "shop/refunded", data: { orderId: "o1" } });
  await cloud.passTime("1m");
  expect(heard).toEqual(["shop/refunded: o1"]);
});
