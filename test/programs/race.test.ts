/** Race, then step: the payment or the deadline, whichever is first; what follows depends on it, and stays so on every replay. */
import { TestEngine } from "stepwell/test";
import { beforeEach, describe, expect, it } from "vitest";
import { Outside, stepwell } from "./outside.ts";

const stock = new Outside();

const holdStock = stepwell.createFunction(
  { id: "hold-stock" },
  { event: "shop/order.placed" },
  async ({ event, step, runId }) => {
    const { orderId } = event.data;
    const first = await Promise.race([
      step.waitForEvent("payment", { event: "shop/order.paid", match: "data.orderId", timeout: "30d" }),
      step.sleep("deadline", "2h").then(() => "too late" as const),
    ]);
    if (first === "too late" || first === null) {
      await step.run("release", () => stock.do(`${runId}/release`, `released ${orderId}`));
      return { paid: false };
    }
    await step.run("pack", () => stock.do(`${runId}/pack`, `packed ${orderId}`));
    return { paid: true };
  },
);

const placed = { name: "shop/order.placed", data: { orderId: "o1" } };
const paid = { name: "shop/order.paid", data: { orderId: "o1" } };
const late = new TestEngine({ function: holdStock, events: [placed] }).onWait("payment");
const inTime: TestEngine = new TestEngine({ function: holdStock, events: [placed] }).onWait("payment", async () => {
  await inTime.passTime("30m");
  await inTime.sendEvent(paid);
});
const effects = { reset: () => stock.clear(), effects: () => stock.list().map(([, deed]) => deed) };

describe("race, then step", () => {
  beforeEach(() => stock.clear());

  it("goes on with the payment when that comes first, and the deadline is dropped", async () => {
    const { result, run } = await inTime.execute();
    expect(result).toEqual({ paid: true });
    expect(effects.effects()).toEqual(["packed o1"]);
    expect(run.steps.find(({ id }) => id === "deadline")?.status).toBe("cancelled");
  });

  it("goes on with the deadline when nobody has paid, and the wait is dropped", async () => {
    const { result, run } = await late.execute();
    expect(result).toEqual({ paid: false });
    expect(effects.effects()).toEqual(["released o1"]);
    expect(run.steps.find(({ id }) => id === "payment")?.status).toBe("cancelled");
  });

  it("comes out the same after a crash at every step, whichever wins", async () => {
    const won = await inTime.survivesCrashes(effects);
    expect(won.points.map(({ stepId }) => stepId)).toEqual(["payment", "pack", "pack"]);
    const lost = await late.survivesCrashes(effects);
    expect(lost.points.map(({ stepId }) => stepId)).toEqual(["deadline", "release", "release"]);
  });
});
