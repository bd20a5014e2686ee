import {
  type AttributeValue,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "vitest";
import { TABLE } from "../../../lambdas/contract.ts";
import { errorOf, tableName } from "../resources.ts";
import type { Promised, World } from "../target.ts";

/** A partition of the test's own, with items of these sort keys. */
async function openPartition(world: World, sks: readonly string[], fields: (sk: string) => object = () => ({})) {
  const { dynamodb } = world.clients;
  const TableName = await tableName(world);
  const pk = world.unique("partition");
  for (const sk of sks) {
    await dynamodb.send(new PutItemCommand({ TableName, Item: marshall({ pk, sk, ...fields(sk) }) }));
  }
  const query = (range: string, values: object, more: Partial<QueryCommandInput> = {}) =>
    dynamodb.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: `pk = :pk${range}`,
        ExpressionAttributeValues: marshall({ ":pk": pk, ...values }),
        ConsistentRead: true,
        ...more,
      }),
    );
  const queryIndex = (more: Partial<QueryCommandInput> = {}) =>
    dynamodb.send(
      new QueryCommand({
        TableName,
        IndexName: TABLE.runsIndex.name,
        KeyConditionExpression: "gsi1pk = :pk",
        ExpressionAttributeValues: marshall({ ":pk": pk }),
        ...more,
      }),
    );
  return { TableName, pk, query, queryIndex };
}

const sksOf = (items: readonly Record<string, AttributeValue>[] | undefined) => items?.map(({ sk }) => sk?.S);

export function dynamodbQueries(promised: Promised): void {
  promised("a query finds what begins with a prefix, in the order of the keys' bytes, at once", async (world) => {
    const { query } = await openPartition(world, ["b", "step#é", "step#z", "step#a", "step#Z", "step", "step$"]);
    const { Items } = await query(" AND begins_with(sk, :p)", { ":p": "step#" });
    expect(sksOf(Items)).toEqual(["step#Z", "step#a", "step#z", "step#é"]);
  });

  promised("pages go on where the last one ended, and the last says so", async (world) => {
    const { query } = await openPartition(world, ["1", "2", "3", "4", "5"]);
    const pages: unknown[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await query("", {}, { Limit: 2, ...(from && { ExclusiveStartKey: from }) });
      pages.push(sksOf(page.Items));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    expect(pages).toEqual([["1", "2"], ["3", "4"], ["5"]]);
  });

  promised("a page that is full at the last item does not know that it is the last", async (world) => {
    const { query } = await openPartition(world, ["1", "2"]);
    const { LastEvaluatedKey } = await query("", {}, { Limit: 2 });
    expect(LastEvaluatedKey).toBeDefined();
    const { Items, LastEvaluatedKey: end } = await query("", {}, { Limit: 2, ExclusiveStartKey: LastEvaluatedKey });
    expect([Items, end]).toEqual([[], undefined]);
  });

  promised("a page ends at about a megabyte", async (world) => {
    const { query } = await openPartition(world, ["1", "2", "3", "4"], () => ({ x: "x".repeat(390_000) }));
    const first = await query("", {});
    const second = await query("", {}, { ExclusiveStartKey: first.LastEvaluatedKey });
    expect(first.Items?.length).toBeLessThan(4);
    expect([...(sksOf(first.Items) ?? []), ...(sksOf(second.Items) ?? [])]).toEqual(["1", "2", "3", "4"]);
  });

  promised("a query counts from one key to another, both included", async (world) => {
    const { query } = await openPartition(world, ["g#1", "g#2", "g#3", "h#1"]);
    const { Count, Items } = await query(" AND sk BETWEEN :a AND :b", { ":a": "g#", ":b": "g#3" }, { Select: "COUNT" });
    expect([Count, Items]).toEqual([3, undefined]);
  });

  promised("a range from high to low is refused as invalid", async (world) => {
    const { query } = await openPartition(world, []);
    const error = await errorOf(query(" AND sk BETWEEN :a AND :b", { ":a": "b", ":b": "a" }));
    expect(error.name).toBe("ValidationException");
  });

  promised("a query goes down from below a key, and finds the first behind one", async (world) => {
    const { query } = await openPartition(world, ["1", "2", "3"]);
    const down = await query(" AND sk < :sk", { ":sk": "3" }, { ScanIndexForward: false });
    expect(sksOf(down.Items)).toEqual(["2", "1"]);
    const behind = await query(" AND sk > :sk", { ":sk": "1" }, { Limit: 1 });
    expect(sksOf(behind.Items)).toEqual(["2"]);
  });

  promised("a query of an empty partition is empty", async (world) => {
    const { query } = await openPartition(world, []);
    expect(await query("", {})).toMatchObject({ Items: [], Count: 0 });
  });

  promised("an index has the items with both of its keys, and of them the keys only", async (world) => {
    const { pk, queryIndex, TableName } = await openPartition(world, ["1", "2", "3"], (sk) => ({ n: sk }));
    const { dynamodb } = world.clients;
    const list = (sk: string, update: string, values: object) =>
      dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: marshall({ pk, sk }),
          UpdateExpression: update,
          ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: marshall(values) }),
        }),
      );
    for (const sk of ["1", "2"]) await list(sk, "SET gsi1pk = :g, gsi1sk = :s", { ":g": pk, ":s": `run-${sk}` });
    await list("3", "SET gsi1pk = :g", { ":g": pk });
    const seen = () => queryIndex().then(({ Items = [] }) => Items.map((item) => unmarshall(item)));
    const until = (count: number) =>
      world.eventually(async () => {
        const items = await seen();
        return items.length === count ? items : undefined;
      });
    expect(await until(2)).toEqual([
      { pk, sk: "1", gsi1pk: pk, gsi1sk: "run-1" },
      { pk, sk: "2", gsi1pk: pk, gsi1sk: "run-2" },
    ]);
    await list("1", "REMOVE gsi1pk, gsi1sk", {});
    expect((await until(1)).map(({ sk }) => sk)).toEqual(["2"]);
  });

  promised("an index is read down in pages", async (world) => {
    const sks = ["1", "2", "3", "4", "5"];
    const { pk, queryIndex } = await openPartition(world, sks, () => ({}));
    const { dynamodb } = world.clients;
    const TableName = await tableName(world);
    for (const sk of sks) {
      const Item = marshall({ pk: `${pk}-${sk}`, sk: "header", gsi1pk: pk, gsi1sk: sk });
      await dynamodb.send(new PutItemCommand({ TableName, Item }));
    }
    const read = async () => {
      const runs: (string | undefined)[] = [];
      let from: Record<string, AttributeValue> | undefined;
      do {
        const page = await queryIndex({ ScanIndexForward: false, Limit: 2, ...(from && { ExclusiveStartKey: from }) });
        runs.push(...(page.Items ?? []).map(({ gsi1sk }) => gsi1sk?.S));
        from = page.LastEvaluatedKey;
      } while (from !== undefined);
      return runs.length === sks.length ? runs : undefined;
    };
    expect(await world.eventually(read)).toEqual(["5", "4", "3", "2", "1"]);
  });

  promised("an index is never read consistently", async (world) => {
    const { queryIndex } = await openPartition(world, []);
    expect((await errorOf(queryIndex({ ConsistentRead: true }))).name).toBe("ValidationException");
  });

  promised("a scan in pages finds everything", async (world) => {
    const { TableName, pk } = await openPartition(world, ["1", "2", "3"]);
    const found: (string | undefined)[] = [];
    let from: Record<string, AttributeValue> | undefined;
    do {
      const page = await world.clients.dynamodb.send(
        new ScanCommand({
          TableName,
          ConsistentRead: true,
          Limit: 50,
          ProjectionExpression: "pk, sk",
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      found.push(...(page.Items ?? []).filter((item) => item.pk?.S === pk).map(({ sk }) => sk?.S));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
    expect(found).toEqual(["1", "2", "3"]);
  });
}
