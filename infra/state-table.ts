import { RemovalPolicy } from "aws-cdk-lib";
import * as dynamodb from "aws-cdk-lib/aws-dynamodb";
import type * as kms from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { engineNames, TABLE } from "../lambdas/contract.ts";

export interface StateTableProps {
  readonly engineName: string;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey: kms.IKey | undefined;
}

const text = (name: string): dynamodb.Attribute => ({ name, type: dynamodb.AttributeType.STRING });

/** The single table. */
export function stateTable(
  scope: Construct,
  { engineName, removalPolicy, encryptionKey }: StateTableProps,
): dynamodb.Table {
  const table = new dynamodb.Table(scope, "State", {
    tableName: engineNames(engineName).table,
    partitionKey: text(TABLE.partitionKey),
    sortKey: text(TABLE.sortKey),
    timeToLiveAttribute: TABLE.ttl,
    billingMode: dynamodb.BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: removalPolicy !== RemovalPolicy.DESTROY,
    removalPolicy,
    ...(encryptionKey === undefined
      ? { encryption: dynamodb.TableEncryption.AWS_MANAGED }
      : { encryption: dynamodb.TableEncryption.CUSTOMER_MANAGED, encryptionKey }),
  });
  for (const { name, partitionKey, sortKey } of [TABLE.runsIndex, TABLE.dueIndex])
    table.addGlobalSecondaryIndex({
      indexName: name,
      partitionKey: text(partitionKey),
      sortKey: text(sortKey),
      projectionType: dynamodb.ProjectionType.KEYS_ONLY,
    });
  return table;
}
