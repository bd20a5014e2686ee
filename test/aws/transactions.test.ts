import {
  DynamoDBClient,
  TransactionCanceledException,
  TransactionConflictException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { mockClient } from "aws-sdk-client-mock";
import { afterEach, expect, it } from "vitest";
import { Table } from "../../lambdas/aws/table.ts";

const dynamodb = mockClient(DynamoDBClient);
const client = new DynamoDBClient({ region: "us-east-1" });
const table = new Table(() => client, "state");
afterEach(() => dynamodb.reset());

const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    message: "cancelled",
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
const key = { pk: "p", sk: "a" };
const putGuarded = () => table.putGuarded({ ...key, n: 1 }, { key, when: "#n = :n", values: { n: 1 } });

it("a transaction whose condition does not hold is refused, and not made again", async () => {
  dynamodb.on(TransactWriteItemsCommand).rejects(cancelled("ConditionalCheckFailed", "None"));
  expect(await putGuarded()).toBe(false);
  expect(dynamodb.calls()).toHaveLength(1);
});

it.each(["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])(
  "a transaction that is cancelled by %s is made again",
  async (code) => {
    dynamodb.on(TransactWriteItemsCommand).rejectsOnce(cancelled(code, "None")).resolves({});
    expect(await putGuarded()).toBe(true);
    expect(dynamodb.calls()).toHaveLength(2);
  },
);

it("a transaction that cannot be is an error at once, and one that meets others for ever is one after six tries", async () => {
  dynamodb.on(TransactWriteItemsCommand).rejects(cancelled("ValidationError", "None"));
  await expect(putGuarded()).rejects.toThrow("cancelled");
  expect(dynamodb.calls()).toHaveLength(1);
  dynamodb.reset();
  dynamodb.on(TransactWriteItemsCommand).rejects(cancelled("TransactionConflict", "None"));
  await expect(putGuarded()).rejects.toThrow("cancelled");
  expect(dynamodb.calls()).toHaveLength(6);
});

it("a plain write that meets a transaction of its item is made again", async () => {
  const conflict = new TransactionConflictException({ message: "conflict", $metadata: {} });
  dynamodb
    .on(UpdateItemCommand)
    .rejectsOnce(conflict)
    .resolves({ Attributes: { n: { N: "2" } } });
  expect(await table.update(key, { update: "SET #n = :n", values: { n: 2 }, returns: "ALL_NEW" })).toEqual({
    applied: true,
    item: { n: 2 },
  });
});
