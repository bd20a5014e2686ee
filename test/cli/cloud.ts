import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { Backoff, Stepwell } from "stepwell";
import { type LocalCloud, startLocal } from "stepwell/local";
import { onTestFinished } from "vitest";

const shop = new Stepwell({ id: "shop" });

const order = shop.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ event, step }) => {
  await step.run("charge", () => ({ paid: event.data.total ?? 0 }));
  return { event };
});
const nap = shop.createFunction({ id: "nap" }, { event: "shop/nap" }, async ({ step }) => {
  await step.sleep("rest", "1h");
  return "rested";
});
const broken = shop.createFunction({ id: "broken", retries: 0 }, { event: "shop/broken" }, async ({ step }) => {
  await step.sleep("rest", "1h");
  throw new RangeError("out of order");
});
const render = shop.createFunction(
  { id: "render", concurrency: { limit: 1, key: "event.data.user" } },
  { event: "shop/render" },
  ({ step }) =>
    step.run("render", () => {
      throw new Backoff("u1", "1h");
    }),
);
const charge = shop.createFunction(
  { id: "charge", idempotency: "event.data.order" },
  { event: "shop/charge" },
  () => "charged",
);

/** A cloud in this process, on the virtual clock, for the command line in another one. */
export async function openShop(): Promise<LocalCloud> {
  const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const functions = [order, nap, broken, render, charge];
  const cloud = await startLocal({ client: shop, functions, clock: "virtual", logger: quiet });
  onTestFinished(() => cloud.close());
  return cloud as LocalCloud;
}

/** Puts a message on a queue, as somebody with an AWS SDK can. */
export async function sendRaw(cloud: LocalCloud, queue: string, body: string): Promise<void> {
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const client = new SQSClient({ endpoint: cloud.url, region: "us-east-1", credentials });
  await client.send(new SendMessageCommand({ QueueUrl: `${cloud.url}/000000000000/${queue}`, MessageBody: body }));
  client.destroy();
}

/** Sends an event, and returns the id of the run that it starts. */
export async function begin(cloud: LocalCloud, name: string, data: object = {}): Promise<string> {
  const { ids } = await cloud.send({ name, data });
  const [run] = await cloud.runsOf(ids[0]);
  return run?.id ?? "";
}
