import { expect, it } from "vitest";
import { finish, openCloud, stepwell } from "../scenarios/cloud.ts";

const charged: string[] = [];
const payments = {
  charge: async (orderId: string) => {
    charged.push(orderId);
    if (charged.length === 1) throw new Error("the bank is away");
    return { id: `ch-${orderId}`, at: new Date(0) };
  },
};
const printed: unknown[] = [];
const printLabel = async (name: string, chargeId: string) => printed.push([name, chargeId]);

// #region run
const placeOrder = stepwell.createFunction(
  { id: "place-order" },
  { event: "shop/order.placed" },
  async ({ event, step }) => {
    const charge = await step.run("charge", () => payments.charge(event.data.orderId));
    await step.run("label", printLabel, event.data.name, charge.id); // input after the body
    return { chargedAt: charge.at }; // a string: values cross a JSON boundary
  },
);
// #endregion

it("a step is tried until it is done, and done once", async () => {
  const cloud = await openCloud([placeOrder]);
  const run = await finish(cloud, { name: "shop/order.placed", data: { orderId: "o1", name: "Ann" } });
  expect(run.output).toEqual({ chargedAt: "1970-01-01T00:00:00.000Z" });
  expect(charged).toEqual(["o1", "o1"]);
  expect(printed).toEqual([["Ann", "ch-o1"]]);
});

const pages: Record<string, { items: number[]; next?: string }> = {
  start: { items: [1, 2], next: "b" },
  b: { items: [3] },
};
const api = { page: async (cursor: string) => pages[cursor] ?? { items: [] } };

// #region loop
const importAll = stepwell.createFunction({ id: "import" }, { event: "shop/import" }, async ({ step }) => {
  const items: number[] = [];
  for (let cursor: string | undefined = "start"; cursor !== undefined; ) {
    const from: string = cursor;
    const page = await step.run("page", () => api.page(from)); // page, page:1, page:2, …
    items.push(...page.items);
    cursor = page.next;
  }
  return items;
});
// #endregion

it("a loop repeats an id, and each round is a step of its own", async () => {
  const run = await finish(await openCloud([importAll]), { name: "shop/import" });
  expect(run.output).toEqual([1, 2, 3]);
  expect(run.steps.map(({ id }) => id)).toEqual(["page", "page:1"]);
});

it("what differs from replay to replay is made in a step", async () => {
  // #region chance
  const draw = stepwell.createFunction({ id: "draw" }, { event: "shop/draw" }, async ({ step }) => {
    const id = await step.run("id", () => crypto.randomUUID());
    await step.sleep("a-while", "1d");
    return id; // the same as before the sleep
  });
  // #endregion
  const run = await finish(await openCloud([draw]), { name: "shop/draw" });
  expect(run).toMatchObject({ status: "completed", output: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(run.steps).toHaveLength(2);
});
