import { expect, it } from "vitest";
import { openStore, runAction } from "../../local/services/dynalite.ts";

const TableName = "table";
const key = (sk: string) => ({ pk: { S: "p" }, sk: { S: sk } });

const turn = () => new Promise((resolve) => setImmediate(resolve));

it("a query, a scan and an ended stream leave no iterator of the store behind", async () => {
  const store = openStore(undefined);
  const names = [
    ["pk", "HASH"],
    ["sk", "RANGE"],
  ] as const;
  await runAction(store, "CreateTable", {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: names.map(([AttributeName]) => ({ AttributeName, AttributeType: "S" })),
    KeySchema: names.map(([AttributeName, KeyType]) => ({ AttributeName, KeyType })),
  });
  const isActive = async () =>
    JSON.stringify(await runAction(store, "DescribeTable", { TableName })).includes("ACTIVE");
  while (!(await isActive())) await turn();
  for (const sk of ["a", "b", "c"]) await runAction(store, "PutItem", { TableName, Item: key(sk) });
  const open = new Set<object>();
  const values = store.db.values;
  store.db.values = (options) => {
    const iterator = values(options);
    const close = iterator.close.bind(iterator);
    open.add(iterator);
    return Object.assign(iterator, { close: () => close().then(() => void open.delete(iterator)) });
  };
  const query = { TableName, KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": { S: "p" } } };
  expect(await runAction(store, "Query", query)).toMatchObject({ Count: 3 });
  expect(await runAction(store, "Query", { ...query, Limit: 1 })).toMatchObject({ Count: 1 });
  expect(await runAction(store, "Scan", { TableName })).toMatchObject({ Count: 3 });
  await turn();
  expect(open.size).toBe(0);
  await store.lifecycleManager.gracefulClose();
});
