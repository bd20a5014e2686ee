import {
  CreateEventBusCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import { openAws } from "./open.ts";

async function openBus() {
  const opened = await openAws();
  const { aws, eventBridge } = opened;
  aws.sqs.createQueue("orders");
  await eventBridge.send(new CreateEventBusCommand({ Name: "shop" }));
  const rule = {
    EventBusName: "shop",
    Name: "orders",
    EventPattern: JSON.stringify({ source: [{ prefix: "shop." }] }),
  };
  await eventBridge.send(new PutRuleCommand(rule));
  const Targets = [{ Id: "queue", Arn: queueArn("orders") }];
  await eventBridge.send(new PutTargetsCommand({ EventBusName: "shop", Rule: "orders", Targets }));
  const put = (...entries: PutEventsRequestEntry[]) =>
    eventBridge.send(new PutEventsCommand({ Entries: entries.map((entry) => ({ EventBusName: "shop", ...entry })) }));
  const received = () => aws.sqs.messages("orders").map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return { ...opened, put, received };
}

const order: PutEventsRequestEntry = { Source: "shop.web", DetailType: "order/placed", Detail: '{"id":"o1"}' };

it("a matching event is in the queue when PutEvents answers, with its time in whole seconds", async () => {
  const { put, received } = await openBus();
  const { Entries } = await put({ ...order, Time: new Date("2026-01-01T00:00:01.900Z"), Resources: ["r"] });
  expect(received()).toEqual([
    {
      version: "0",
      id: Entries?.[0]?.EventId,
      "detail-type": "order/placed",
      source: "shop.web",
      account: "000000000000",
      time: "2026-01-01T00:00:01Z",
      region: "us-east-1",
      resources: ["r"],
      detail: { id: "o1" },
    },
  ]);
});

it("an event for a bus that does not exist is accepted, dropped and told", async () => {
  const { put, received, lines } = await openBus();
  const { FailedEntryCount, Entries } = await put({ ...order, EventBusName: "nowhere" });
  expect([FailedEntryCount, Entries?.[0]?.EventId]).toEqual([0, expect.any(String)]);
  expect(received()).toEqual([]);
  expect(lines).toEqual([expect.stringContaining("nowhere")]);
});

it("a target or a pattern that it cannot do is refused", async () => {
  const { eventBridge } = await openBus();
  const target = { Id: "f", Arn: "arn:aws:lambda:us-east-1:000000000000:function:f" };
  const targets = new PutTargetsCommand({ EventBusName: "shop", Rule: "orders", Targets: [target] });
  await expect(eventBridge.send(targets)).rejects.toThrow("does not have the EventBridge target");
  const rule = new PutRuleCommand({ EventBusName: "shop", Name: "r", EventPattern: '{"source":[{"regex":"x"}]}' });
  await expect(eventBridge.send(rule)).rejects.toMatchObject({ name: "InvalidEventPatternException" });
});

it("an event without a bus is dropped, and the log says so once for each name", async () => {
  const { put, received, lines } = await openBus();
  for (const DetailType of ["a", "b", "a"]) await put({ ...order, DetailType, EventBusName: undefined });
  const text = (name: string) =>
    `warn: PutEvents of "${name}" to the default bus, which has no rules here: dropped. The engine's bus is named "shop": set EventBusName.`;
  expect(lines).toEqual([text("a"), text("b")]);
  expect(received()).toEqual([]);
});
