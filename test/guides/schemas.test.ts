import { EventSchemaError, EventSchemas, eventType, type GetEvents, type GetStepTools, Stepwell } from "stepwell";
import { expect, it } from "vitest";
import { z } from "zod";
import { finish, openCloud } from "../scenarios/cloud.ts";

// #region sources
interface Refunded {
  name: "shop/order.refunded";
  data: { orderId: string };
}

const stepwell = new Stepwell({
  id: "shop",
  schemas: new EventSchemas()
    .fromRecord<{ "shop/order.placed": { data: { orderId: string; total: number } } }>()
    .fromUnion<Refunded>() // of as many as you like, told apart by their names
    .fromSchema({ "shop/user.created": z.object({ email: z.email() }) }), // asked at run time too
});

type Placed = GetEvents<typeof stepwell>["shop/order.placed"];
// #endregion

const welcomed: string[] = [];

it("events of all sources are typed, and those with a schema are checked when they are sent", async () => {
  const label = ({ data }: Placed) => `${data.orderId}: ${data.total}`;
  const show = stepwell.createFunction({ id: "show" }, { event: "shop/order.placed" }, async ({ event }) =>
    label(event),
  );
  const refund = stepwell.createFunction(
    { id: "refund" },
    { event: "shop/order.refunded" },
    async ({ event }) => event.data.orderId,
  );
  // #region helper
  const welcome = async (step: GetStepTools<typeof stepwell>, email: string) => {
    await step.run("welcome", () => welcomed.push(email));
  };
  const onCreated = stepwell.createFunction({ id: "created" }, { event: "shop/user.created" }, ({ event, step }) =>
    welcome(step, event.data.email),
  );
  // #endregion
  const cloud = await openCloud([show, refund, onCreated], { client: stepwell });
  expect(await finish(cloud, { name: "shop/order.placed", data: { orderId: "o1", total: 3 } })).toMatchObject({
    output: "o1: 3",
  });
  expect(await finish(cloud, { name: "shop/order.refunded", data: { orderId: "o2" } })).toMatchObject({ output: "o2" });
  await finish(cloud, { name: "shop/user.created", data: { email: "ann@shop.example" } });

  // #region refused
  const send = (email: string) =>
    stepwell.send({ name: "shop/user.created", data: { email } }).catch((error) => {
      if (error instanceof EventSchemaError) return { status: 400, issues: error.issues };
      throw error;
    });
  // #endregion
  expect(await send("nobody")).toMatchObject({ status: 400, issues: [{ path: "data.email" }] });
  await send("bob@shop.example");
  await cloud.passTime("1m");
  expect(welcomed).toEqual(["ann@shop.example", "bob@shop.example"]);
});

it("an event type is a trigger, what is sent, and what is waited for", async () => {
  const plain = new Stepwell({ id: "shop" });
  // #region event-type
  const placed = eventType("shop/order.placed", { schema: z.object({ orderId: z.string() }) });
  const paid = eventType("shop/order.paid", { schema: z.object({ orderId: z.string(), cents: z.number() }) });

  const bill = plain.createFunction({ id: "bill", triggers: [placed] }, async ({ event, step }) => {
    const payment = await step.waitForEvent("payment", { event: paid, match: "data.orderId", timeout: "14d" });
    return { order: event.data.orderId, cents: payment?.data.cents ?? 0 };
  });
  // #endregion
  const cloud = await openCloud([bill], { client: plain });
  // #region create
  const { ids } = await plain.send(placed.create({ orderId: "o1" }, { id: "placed-o1" }));
  // #endregion
  const [run] = await cloud.runsOf(ids[0]);
  await plain.send(paid.create({ orderId: "o1", cents: 1200 }));
  expect(await cloud.waitForRun(run?.id)).toMatchObject({ output: { order: "o1", cents: 1200 } });
  await expect(plain.send(paid.create({ orderId: "o1", cents: "12" as never }))).rejects.toThrow("data.cents");
});

it("what somebody else has sent is checked before the function begins", async () => {
  const plain = new Stepwell({ id: "shop" });
  const placed = eventType("shop/order.placed", { schema: z.object({ orderId: z.string() }) });
  const shipped: string[] = [];
  const told: string[] = [];
  // #region arrived
  const ship = plain.createFunction(
    {
      id: "ship",
      triggers: [placed],
      onFailure: async ({ event, error, step }) => {
        await step.run("tell", () => told.push(`${error.message} ${JSON.stringify(event.data.event.data)}`));
      },
    },
    async ({ event, step }) => {
      await step.run("ship", () => shipped.push(event.data.orderId)); // a string
    },
  );
  // #endregion
  const cloud = await openCloud([ship], { client: plain });
  await finish(cloud, { name: "shop/order.placed", data: { orderId: "o1" } });
  const run = await finish(cloud, { name: "shop/order.placed", data: { orderId: 7 } });
  expect(run).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_SCHEMA_MISMATCH" } });
  await cloud.passTime("1m");
  expect(shipped).toEqual(["o1"]);
  expect(told).toEqual([expect.stringContaining('{"orderId":7}')]);
});
