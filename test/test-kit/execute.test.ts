import { Stepwell } from "stepwell";
import { TestEngine } from "stepwell/test";
import { describe, expect, it } from "vitest";

const stepwell = new Stepwell({ id: "shop" });

const order = stepwell.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ event, step }) => {
  const price = await step.run("price", () => Number(event.data.total ?? 1) * 2);
  await step.sleep("cool-off", "3d");
  const approval = await step.waitForEvent("approval", {
    event: "shop/order.approved",
    match: "data.orderId",
    timeout: "7d",
  });
  return { price, approved: approval !== null };
});

const PLACED = { name: "shop/order.placed", data: { orderId: "o1", total: 3 } };

describe("execute", () => {
  it("runs a function to its end, through sleeps and waits, and gives result, context, state and run", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    t.onWait("approval", () => t.sendEvent({ name: "shop/order.approved", data: { orderId: "o1" } }));
    const { result, error, ctx, state, run } = await t.execute();
    expect(result).toEqual({ price: 6, approved: true });
    expect(error).toBeUndefined();
    expect(ctx.event).toMatchObject(PLACED);
    expect(ctx.step.run).toHaveBeenCalledWith("price", expect.any(Function));
    expect(ctx.step.sleep).toHaveBeenCalledExactlyOnceWith("cool-off", "3d");
    await expect(state.price).resolves.toBe(6);
    await expect(state.approval).resolves.toMatchObject({ data: { orderId: "o1" } });
    expect(run.status).toBe("completed");
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(3 * 86_400_000);
  });

  it("takes mocked steps of any tool", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    const { result } = await t.execute({
      steps: [
        { id: "price", handler: () => 42 },
        { id: "cool-off", handler: () => {} },
        { id: "approval", handler: () => null },
      ],
    });
    expect(result).toEqual({ price: 42, approved: false });
  });
});
