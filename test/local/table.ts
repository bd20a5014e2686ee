import { CreateTableCommand, type CreateTableCommandInput, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { TABLE } from "../../lambdas/contract.ts";

export const TABLE_NAME = "state";

/** The engine's table, as its contract names the keys. */
export async function createTable(dynamodb: DynamoDBClient): Promise<void> {
  await dynamodb.send(new CreateTableCommand(tableDefinition(TABLE_NAME)));
}

export function tableDefinition(TableName: string): CreateTableCommandInput {
  const { partitionKey, sortKey, runsIndex, dueIndex } = TABLE;
  const keys = (hash: string, range: string) => [
    { AttributeName: hash, KeyType: "HASH" as const },
    { AttributeName: range, KeyType: "RANGE" as const },
  ];
  const names = [partitionKey, sortKey, ...[runsIndex, dueIndex].flatMap((one) => [one.partitionKey, one.sortKey])];
  const index = (one: { name: string; partitionKey: string; sortKey: string }) => ({
    IndexName: one.name,
    KeySchema: keys(one.partitionKey, one.sortKey),
    Projection: { ProjectionType: "KEYS_ONLY" as const },
  });
  return {
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: names.map((AttributeName) => ({ AttributeName, AttributeType: "S" as const })),
    KeySchema: keys(partitionKey, sortKey),
    GlobalSecondaryIndexes: [index(runsIndex), index(dueIndex)],
  };
}
