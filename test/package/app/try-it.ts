import { StepwellError } from "stepwell";
import { startLocal } from "stepwell/local";
import { paid, stepwell } from "./client.ts";
import { type Fulfilled, functions } from "./functions.ts";

/** What a test of this app does. */
export async function tryIt(): Promise<Fulfilled["status"]> {
  const cloud = await startLocal({ client: stepwell, functions, clock: "virtual" });
  try {
    const order = { orderId: "o1", total: 7 };
    const { ids } = await cloud.send({ name: "shop/order.placed", data: order, user: { id: "u1" } });
    const run = (await cloud.runsOf(ids[0]))[0];
    if (run === undefined) throw new Error("The order has started nothing.");
    await cloud.send(paid.create({ orderId: "o1", method: "card" }));
    const { output } = await cloud.waitForRun(run.id);
    return (output as Fulfilled).status;
  } catch (error) {
    if (StepwellError.is(error) && error.code === "STEPWELL_SCHEMA_MISMATCH") return "expired";
    throw error;
  } finally {
    await cloud.close();
  }
}
