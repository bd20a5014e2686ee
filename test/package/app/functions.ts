import {
  Backoff,
  type GetEvents,
  type GetFunctionInput,
  type GetFunctionOutput,
  type GetStepTools,
  NonRetriableError,
  RetryAfterError,
  StepError,
  type StepwellFunction,
} from "stepwell";
import { paid, stepwell } from "./client.ts";

type Events = GetEvents<typeof stepwell>;
type Address = Events["shop/order.shipped"]["data"]["address"];

/** An optional field as `exactOptionalPropertyTypes` wants it: left out, and never `undefined`. */
interface Label {
  readonly city: string;
  readonly zip?: string;
}

async function printLabel(step: GetStepTools<typeof stepwell>, address: Address): Promise<Label> {
  return step.run("print-label", async ({ signal }) => {
    if (signal.aborted) throw new RetryAfterError("printer busy", "30s");
    return { city: address.city, ...(address.zip !== undefined && { zip: address.zip }) };
  });
}

export const ship = stepwell.createFunction(
  { id: "ship", retries: { attempts: 3, backoff: "fixed" }, concurrency: { limit: 5, key: "event.data.address.city" } },
  { event: "shop/order.shipped", if: "event.data.orderId != ''" },
  async ({ event, step }) => {
    const label = await printLabel(step, event.data.address);
    return { label, printedAt: new Date() };
  },
);

export const fulfil = stepwell.createFunction(
  {
    id: "fulfil",
    cancelOn: [{ event: "shop/order.cancelled", match: "data.orderId" }],
    timeouts: { finish: "30d" },
    onFailure: async ({ event, error, step }) => {
      await step.run("alert", () => `${event.data.event.data.orderId}: ${error.message}`);
    },
  },
  { event: "shop/order.placed" },
  async ({ event, step, logger, attempt }) => {
    const lines = await step.run("lines", () => ["a", "b"].map((sku, n) => ({ sku, n, at: new Date() })));
    const first = lines[0];
    if (first === undefined) throw new NonRetriableError("an empty order");
    const payment = await step.waitForEvent("payment", { event: paid, match: "data.orderId", timeout: "7d" });
    if (payment === null) return { status: "expired" as const };
    const shipped = await step
      .invoke("ship", { function: ship, data: { orderId: event.data.orderId, address: { street: "s", city: "c" } } })
      .catch((error: unknown) => {
        if (StepError.is(error)) return null;
        throw error;
      });
    await step.sleepUntil("morning", first.at);
    await step.sendEvent("announce", [
      { name: "shop/order.cancelled", data: { orderId: event.data.orderId, reason: "stock" } },
      paid.create({ orderId: event.data.orderId, method: "cash" }),
    ]);
    const zip: string | undefined = shipped?.label.zip;
    logger.info("fulfilled", { zip, attempt, customer: event.user?.id, method: payment.data.method });
    return { status: "shipped" as const, printedAt: shipped?.printedAt ?? null };
  },
);

export const nightly = stepwell.createFunction(
  { id: "nightly", triggers: [{ cron: "TZ=Europe/Rome 0 3 * * *" }, paid] },
  async ({ event, step }) => {
    if (event.name === "stepwell/scheduled.timer") return step.run("count", () => 0);
    throw new Backoff(event.data.orderId, "1m");
  },
);

/** A handler that is written elsewhere than its function. */
const thank = async ({ event, step }: GetFunctionInput<typeof stepwell, typeof paid>) =>
  step.run("thank", () => `${event.data.orderId} by ${event.data.method}`);

export const thanks = stepwell.createFunction({ id: "thanks" }, paid, thank);

export type Fulfilled = GetFunctionOutput<typeof fulfil>;
export const functions: StepwellFunction.Any[] = [ship, fulfil, nightly, thanks];
