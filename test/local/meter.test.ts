import { PutItemCommand } from "@aws-sdk/client-dynamodb";
import { PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { expect, it } from "vitest";
import { queueArn } from "../../local/arn.ts";
import { difference } from "../../local/meter.ts";
import { openAws } from "./open.ts";
import { createTable, TABLE_NAME as TableName } from "./table.ts";

const LAMBDA_MS = (0.0000133334 * 0.5) / 1000;

it("an app's invocation costs 15 ms and 8 ms for each AWS call that had to wait for another", async () => {
  const { aws, dynamodb } = await openAws();
  await createTable(dynamodb);
  const put = (sk: number) =>
    dynamodb.send(new PutItemCommand({ TableName, Item: { pk: { S: "p" }, sk: { S: String(sk) } } }));
  aws.lambda.register("app", async () => {
    await put(1);
    await Promise.all([2, 3, 4, 5].map(put));
    await put(6);
  });
  const before = aws.meter.snapshot();
  await aws.lambda.invoke("app", {});
  const used = difference(before, aws.meter.snapshot());
  expect(used).toMatchObject({ calls: { "dynamodb.PutItem": 6 }, writeUnits: 6, readUnits: 0, invocations: 1 });
  expect(used.dollars).toBeCloseTo(6 * 0.625e-6 + 0.2e-6 + (15 + 3 * 8) * LAMBDA_MS, 12);
});

it("a door of the engine costs 25 ms an invocation", async () => {
  const { aws } = await openAws();
  aws.lambda.register("router", () => undefined, { cost: "engine" });
  await aws.lambda.invoke("router", {});
  expect(aws.meter.snapshot().dollars).toBeCloseTo(0.2e-6 + 25 * LAMBDA_MS, 12);
});

it("events and messages are billed by started 64 KB, with the bus's own delivery", async () => {
  const { aws, eventBridge } = await openAws();
  aws.sqs.createQueue("q");
  aws.eventBridge.createBus("bus");
  aws.eventBridge.putRule("bus", "all", { source: ["shop"] }, [queueArn("q")]);
  const Detail = JSON.stringify({ x: "x".repeat(100_000) });
  await eventBridge.send(
    new PutEventsCommand({ Entries: [{ EventBusName: "bus", Source: "shop", DetailType: "t", Detail }] }),
  );
  const { calls, dollars } = aws.meter.snapshot();
  expect(calls).toEqual({ "eventbridge.PutEvents": 1, "sqs.SendMessage": 1 });
  expect(dollars).toBeCloseTo(2 * 1e-6 + 2 * 0.4e-6, 12);
});

it("reset starts from nothing", async () => {
  const { aws } = await openAws();
  aws.lambda.register("f", () => undefined);
  await aws.lambda.invoke("f", {});
  aws.meter.reset();
  expect(aws.meter.snapshot()).toEqual({ calls: {}, writeUnits: 0, readUnits: 0, invocations: 0, dollars: 0 });
});
