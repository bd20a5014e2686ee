import {
  CreateEventBusCommand,
  DeleteRuleCommand,
  DescribeEventBusCommand,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import { openAws, socketClients } from "./open.ts";

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

it("an event that does not match, or meets a disabled or removed rule, goes nowhere", async () => {
  const { eventBridge, put, received } = await openBus();
  await put({ ...order, Source: "other" });
  const target = { EventBusName: "shop", Rule: "orders" };
  await eventBridge.send(new RemoveTargetsCommand({ ...target, Ids: ["queue"] }));
  await eventBridge.send(new DeleteRuleCommand({ EventBusName: "shop", Name: "orders" }));
  await put(order);
  expect(received()).toEqual([]);
});

it("a bad entry fails alone", async () => {
  const { put, received } = await openBus();
  const { FailedEntryCount, Entries } = await put(
    { ...order, Source: undefined },
    { ...order, Detail: "[1]" },
    { ...order, Source: "aws.ec2" },
    order,
  );
  expect(FailedEntryCount).toBe(3);
  expect(Entries?.map(({ ErrorCode }) => ErrorCode)).toEqual([
    "InvalidArgument",
    "MalformedDetail",
    "NotAuthorizedForSourceException",
    undefined,
  ]);
  expect(received()).toHaveLength(1);
});

it("more than ten entries, or more than 1 MB, fail the request", async () => {
  const { put } = await openBus();
  await expect(put(...Array.from({ length: 11 }, () => order))).rejects.toMatchObject({ name: "ValidationException" });
  const Detail = JSON.stringify({ x: "x".repeat(1_048_576) });
  await expect(put({ ...order, Detail })).rejects.toThrow("Total size");
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

it("the same bus is there over the socket", async () => {
  const { aws } = await openBus();
  const { eventBridge } = socketClients(aws.url);
  const bus = await eventBridge.send(new DescribeEventBusCommand({ Name: "shop" }));
  const { Rules } = await eventBridge.send(new ListRulesCommand({ EventBusName: "shop" }));
  const { Targets } = await eventBridge.send(new ListTargetsByRuleCommand({ EventBusName: "shop", Rule: "orders" }));
  eventBridge.destroy();
  expect([bus.Name, Rules?.map(({ Name }) => Name), Targets?.map(({ Id }) => Id)]).toEqual([
    "shop",
    ["orders"],
    ["queue"],
  ]);
});

it("an event without a bus is dropped, and the log says so once for each name", async () => {
  const { put, received, lines } = await openBus();
  for (const DetailType of ["a", "b", "a"]) await put({ ...order, DetailType, EventBusName: undefined });
  const text = (name: string) =>
    `warn: PutEvents of "${name}" to the default bus, which has no rules here: dropped. The engine's bus is named "shop": set EventBusName.`;
  expect(lines).toEqual([text("a"), text("b")]);
  expect(received()).toEqual([]);
});
