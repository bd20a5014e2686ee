import { AwsError, invalid, unsupported } from "../aws-error.ts";
import { itemSize, readUnits, refusedCost, writeCost } from "../capacity.ts";
import { isRecord } from "../input.ts";
import type { Meter } from "../meter.ts";
import { bodyJson, json, jsonError, type Service } from "../wire.ts";
import { type DynaliteError, openStore, runAction } from "./dynalite.ts";
import { Observer, TableCache } from "./dynamodb-observer.ts";
import { judged, TRANSACTION_PRICE, TransactionCancelled } from "./dynamodb-transactions.ts";
import { Turns } from "./turns.ts";

const TRANSACTION = "TransactWriteItems";
const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];
const READS = ["GetItem", "BatchGetItem", "Query", "Scan"];
const TABLES = ["CreateTable", "DeleteTable", "UpdateTable", "DescribeTable", "ListTables", "DescribeTimeToLive"];
const OPERATIONS = [...WRITES, TRANSACTION, ...READS, ...TABLES];

/** What DynamoDB says of the key of a table that is not there, and the like: an answer, not an accident. */
const REFUSED = "ConditionalCheckFailedException";

export type Input = Record<string, unknown>;

export interface DynamoDb {
  readonly service: Service;
  /** For other services: an operation in DynamoDB's JSON. Metered. Throws AwsError. */
  call(operation: string, input: Input): Promise<Readonly<Input>>;
  close(): Promise<void>;
}

/** DynamoDB, by dynalite in this process: in memory, or in LevelDB at `path`. */
export function createDynamoDb({ meter, path }: { readonly meter: Meter; readonly path?: string }): DynamoDb {
  const store = openStore(path);
  const tables = new TableCache(store);

  const turns = new Turns();

  const call = async (operation: string, input: Input): Promise<Readonly<Input>> => {
    if (!OPERATIONS.includes(operation)) throw unsupported(`DynamoDB ${operation}`, OPERATIONS);
    meter.call("dynamodb", operation);
    checkExpressions(input);
    return operation === TRANSACTION
      ? turns.alone(() => transact(input))
      : turns.shared(() => perform(operation, input));
  };

  const transact = async (input: Input): Promise<Readonly<Input>> => {
    const observer = new Observer(store, tables);
    try {
      const { puts, checkUnits } = await judged(store, input);
      for (const put of puts) await runAction(observer.store, "PutItem", put);
      meter.bill("writeUnits", TRANSACTION_PRICE * (checkUnits + writeUnitsOf(tables, observer)));
      return {};
    } catch (error) {
      if (error instanceof TransactionCancelled) meter.bill("writeUnits", TRANSACTION_PRICE * error.units);
      throw toAwsError(error);
    }
  };

  const perform = async (operation: string, input: Input): Promise<Readonly<Input>> => {
    const observer = new Observer(store, tables);
    const returnsOld = input.ReturnValuesOnConditionCheckFailure === "ALL_OLD";
    const consistent = consistency(input);
    try {
      // Table operations change definitions in place: they must not meet the cached ones.
      const output = await runAction(TABLES.includes(operation) ? store : observer.store, operation, input);
      if (WRITES.includes(operation)) meter.bill("writeUnits", writeUnitsOf(tables, observer));
      if (READS.includes(operation)) billReads(meter, operation, consistent, observer, output);
      if (TABLES.includes(operation)) await settleTable(operation, input);
      return output;
    } catch (error) {
      const answer = toAwsError(error);
      if (answer.name !== REFUSED) throw answer;
      const existing = [...observer.touched.values()][0]?.before;
      meter.bill("writeUnits", refusedCost(existing));
      throw returnsOld && existing !== undefined
        ? new AwsError(REFUSED, answer.message, 400, { Item: existing })
        : answer;
    }
  };

  /** A table is usable as soon as the call that made it has been answered: nobody has to wait and see. */
  const settleTable = async (operation: string, input: Input): Promise<void> => {
    if (!["CreateTable", "UpdateTable", "DeleteTable"].includes(operation)) return;
    for (;;) {
      tables.clear();
      const status = await runAction(store, "DescribeTable", { TableName: input.TableName }).then(
        (output) => isRecord(output.Table) && output.Table.TableStatus,
        () => undefined,
      );
      if (operation === "DeleteTable" ? status === undefined : status === "ACTIVE") return tables.clear();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };

  const service: Service = async (request) => {
    try {
      const operation = request.headers["x-amz-target"]?.split(".")[1] ?? "";
      return json(await call(operation, bodyJson(request)));
    } catch (error) {
      if (error instanceof AwsError) return jsonError(error);
      throw error;
    }
  };

  return { service, call, close: () => store.lifecycleManager.gracefulClose() };
}

/** Of each expression, in bytes. */
const EXPRESSION_BYTES_MAX = 4_096;

/** dynalite takes expressions of any length. */
function checkExpressions(input: Input): void {
  for (const [name, value] of Object.entries(input)) {
    if (!name.endsWith("Expression") || typeof value !== "string") continue;
    if (Buffer.byteLength(value) <= EXPRESSION_BYTES_MAX) continue;
    const size = `${Buffer.byteLength(value)} bytes; the maximum is ${EXPRESSION_BYTES_MAX}`;
    throw invalid(`Invalid ${name}: Expression size has exceeded the maximum allowed size: ${size}.`);
  }
}

function writeUnitsOf(tables: TableCache, { touched }: Observer): number {
  const costs = [...touched.values()].map(({ table, before, after }) =>
    writeCost(before, after, tables.indexes(table)),
  );
  return costs.reduce((sum, cost) => sum + cost, 0);
}

function billReads(
  meter: Meter,
  operation: string,
  consistent: (table: string) => boolean,
  { touched, streamed }: Observer,
  output: Readonly<Input>,
): void {
  if (operation === "Query" || operation === "Scan") {
    const read = streamed.slice(0, Number(output.ScannedCount ?? 0)).reduce((sum, size) => sum + size, 0);
    meter.bill("readUnits", readUnits(read, consistent("")));
    return;
  }
  for (const { table, before } of touched.values()) {
    meter.bill("readUnits", readUnits(before === undefined ? 0 : itemSize(before), consistent(table)));
  }
}

/** Whether a read is consistent; BatchGetItem says so for each table. */
function consistency(input: Input): (table: string) => boolean {
  const whole = input.ConsistentRead === true;
  const byTable = isRecord(input.RequestItems) ? input.RequestItems : {};
  return (table) => {
    const of = byTable[table];
    return isRecord(of) ? of.ConsistentRead === true : whole;
  };
}

function toAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const { statusCode, body } = error as DynaliteError;
  if (statusCode === undefined || body === undefined) throw error;
  const name = body.__type.split("#").at(-1) ?? body.__type;
  return new AwsError(name, body.message ?? body.Message ?? "", statusCode);
}
