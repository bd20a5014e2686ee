/** Run by `node --test`, from runners.test.ts. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Stepwell } from "../../../sdk/index.ts";
import { TestEngine } from "../../../test-kit/index.ts";

const stepwell = new Stepwell({ id: "shop" });
const order = stepwell.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ event, step }) => {
  const price = await step.run("price", () => event.data.total * 2);
  await step.sleep("cool-off", "3d");
  return { price };
});
const events = [{ name: "shop/order.placed", data: { total: 3 } }];

test("an execution, its state, and what the spies have seen", async () => {
  const t = new TestEngine({ function: order, events });
  const { result, ctx, state } = await t.execute();
  assert.deepEqual(result, { price: 6 });
  assert.equal(await state.price, 6);
  assert.deepEqual(ctx.step.sleep.mock.calls, [["cool-off", "3d"]]);
  assert.equal((await t.survivesCrashes()).points.length, 3);
});

test("spies of node:test", async () => {
  const t = new TestEngine({ function: order, events, spy: (tool) => mock.fn(tool) });
  const { ctx } = await t.execute();
  const { calls } = (ctx.step.sleep as unknown as ReturnType<typeof mock.fn>).mock;
  assert.deepEqual(calls[0]?.arguments, ["cool-off", "3d"]);
});
