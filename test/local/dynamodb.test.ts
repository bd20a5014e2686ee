import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DescribeTableCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { expect, it } from "vitest";
import { difference } from "../../local/meter.ts";
import { openAws } from "./open.ts";
import { createTable, TABLE_NAME as TableName } from "./table.ts";

const key = (pk: string, sk = "a") => ({ pk: { S: pk }, sk: { S: sk } });

async function openTable() {
  const opened = await openAws();
  await createTable(opened.dynamodb);
  const { aws, dynamodb } = opened;
  const units = async (run: () => Promise<unknown>) => {
    const before = aws.meter.snapshot();
    await run().catch((error: Error) => expect(error.name).toBe("ConditionalCheckFailedException"));
    const { writeUnits, readUnits } = difference(before, aws.meter.snapshot());
    return { write: writeUnits, read: readUnits };
  };
  const put = (pk: string, fields: Record<string, { S: string }> = {}, sk = "a") =>
    dynamodb.send(new PutItemCommand({ TableName, Item: { ...key(pk, sk), ...fields } }));
  return { ...opened, units, put };
}

it("a table is active as soon as it has been created", async () => {
  const { dynamodb } = await openTable();
  const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName }));
  expect(Table?.TableStatus).toBe("ACTIVE");
});

it("writes are metered by the item before and after, with their indexes", async () => {
  const { dynamodb, units, put } = await openTable();
  const large = { x: { S: "x".repeat(2000) } };
  const listed = { gsi1pk: { S: "g" }, gsi1sk: { S: "h" } };
  expect(await units(() => put("small"))).toEqual({ write: 1, read: 0 });
  expect(await units(() => put("large", large))).toEqual({ write: 2, read: 0 });
  expect(await units(() => put("large"))).toEqual({ write: 2, read: 0 });
  expect(await units(() => put("listed", listed))).toEqual({ write: 2, read: 0 });
  expect(await units(() => put("listed", { ...listed, x: { S: "y" } }))).toEqual({ write: 1, read: 0 });
  expect(await units(() => put("listed", { ...listed, gsi1sk: { S: "i" } }))).toEqual({ write: 3, read: 0 });
  const gone = () => dynamodb.send(new DeleteItemCommand({ TableName, Key: key("listed") }));
  expect(await units(gone)).toEqual({ write: 2, read: 0 });
  expect(await units(gone)).toEqual({ write: 1, read: 0 });
});

it("a refused condition is metered by the existing item, and shows it when asked", async () => {
  const { dynamodb, units, put } = await openTable();
  await put("there", { x: { S: "x".repeat(1500) } });
  const refused = (pk: string) => () =>
    dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key: key(pk),
        UpdateExpression: "SET y = :y",
        ConditionExpression: "y = :y",
        ExpressionAttributeValues: { ":y": { S: "y" } },
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    );
  expect(await units(refused("there"))).toEqual({ write: 2, read: 0 });
  expect(await units(refused("not there"))).toEqual({ write: 1, read: 0 });
  await expect(refused("there")()).rejects.toMatchObject({ Item: { pk: { S: "there" } } });
});

it("reads are metered by size and consistency, empty ones too", async () => {
  const { dynamodb, units, put } = await openTable();
  for (const sk of ["a", "b", "c"]) await put("p", { x: { S: "x".repeat(3000) } }, sk);
  const get = (pk: string, ConsistentRead: boolean) => () =>
    dynamodb.send(new GetItemCommand({ TableName, Key: key(pk), ConsistentRead }));
  expect(await units(get("p", true))).toEqual({ write: 0, read: 1 });
  expect(await units(get("p", false))).toEqual({ write: 0, read: 0.5 });
  expect(await units(get("none", true))).toEqual({ write: 0, read: 1 });
  const query =
    (pk: string, more: object = {}) =>
    () =>
      dynamodb.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: "pk = :pk",
          ExpressionAttributeValues: { ":pk": { S: pk } },
          ConsistentRead: true,
          ...more,
        }),
      );
  expect(await units(query("p"))).toEqual({ write: 0, read: 3 });
  expect(await units(query("p", { Limit: 1 }))).toEqual({ write: 0, read: 1 });
  expect(await units(query("p", { ProjectionExpression: "sk", ConsistentRead: false }))).toEqual({
    write: 0,
    read: 1.5,
  });
  expect(await units(query("none"))).toEqual({ write: 0, read: 1 });
  const keys = ["a", "b", "z"].map((sk) => key("p", sk));
  const batch = () => dynamodb.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: keys } } }));
  expect(await units(batch)).toEqual({ write: 0, read: 1.5 });
});

it("a batch of writes is metered item by item", async () => {
  const { dynamodb, units, aws } = await openTable();
  const puts = ["a", "b"].map((sk) => ({ PutRequest: { Item: { ...key("p", sk), x: { S: "x".repeat(1500) } } } }));
  const batch = () => dynamodb.send(new BatchWriteItemCommand({ RequestItems: { [TableName]: puts } }));
  expect(await units(batch)).toEqual({ write: 4, read: 0 });
  expect(aws.meter.snapshot().calls["dynamodb.BatchWriteItem"]).toBe(1);
});

it("a transaction is metered twice, by all its items, also when it is cancelled", async () => {
  const { dynamodb, aws, put } = await openTable();
  await put("guard", { x: { S: "x".repeat(1500) } });
  const transact = (pk: string) => {
    const check = { TableName, Key: key(pk), ConditionExpression: "attribute_exists(pk)" };
    const item = { TableName, Item: { ...key("put"), x: { S: "x".repeat(2500) } } };
    return dynamodb.send(new TransactWriteItemsCommand({ TransactItems: [{ ConditionCheck: check }, { Put: item }] }));
  };
  const unitsOf = async (run: () => Promise<unknown>) => {
    const before = aws.meter.snapshot();
    await run();
    return difference(before, aws.meter.snapshot()).writeUnits;
  };
  expect(await unitsOf(() => transact("guard"))).toBe(2 * (2 + 3));
  const cancelled = expect(transact("none")).rejects;
  expect(await unitsOf(() => cancelled.toThrow("Transaction cancelled"))).toBe(2 * (1 + 3));
});

it("what a transaction may not contain is refused by name", async () => {
  const { dynamodb } = await openTable();
  const transaction = new TransactWriteItemsCommand({ TransactItems: [{ Delete: { TableName, Key: key("a") } }] });
  await expect(dynamodb.send(transaction)).rejects.toThrow(
    /does not have the transaction's action Delete.*It has: ConditionCheck, Put/,
  );
});
