import {
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type ReturnValue,
  type TransactionCanceledException,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { isError } from "./clients.ts";

export type Item = Record<string, unknown>;
export type Key = { readonly pk: string; readonly sk: string };

/** An item's key as an index tells it, and what the index sorts it by. */
export interface IndexEntry {
  readonly key: Key;
  readonly sortedBy: string;
}

/** An index of the table, and its key. */
interface Index {
  readonly name: string;
  readonly partitionKey: string;
  readonly sortKey: string;
}

export interface Update {
  /** An update expression; `#name` stands for the attribute `name`. */
  readonly update: string;
  readonly when?: string;
  readonly values?: Item;
  readonly returns?: ReturnValue;
}

/** Another item, and what has to hold for it. */
export interface Guard {
  readonly key: Key;
  readonly when: string;
  readonly values: Item;
}

/** What a conditional write did. A refusal is an ordinary outcome, not an error. */
export type Written = { readonly applied: true; readonly item: Item } | { readonly applied: false };

export type Order = "up" | "down";

/** DynamoDB's TTL attribute: whole seconds. */
export const toTtl = (time: number): number => Math.ceil(time / 1_000);

const MARSHALL = { removeUndefinedValues: true } as const;

/** The one table, with plain objects instead of attribute values. The only file that writes DynamoDB expressions' plumbing. */
export class Table {
  readonly #client: () => DynamoDBClient;
  readonly name: string;

  constructor(client: () => DynamoDBClient, name: string) {
    this.#client = client;
    this.name = name;
  }

  async get(key: Key): Promise<Item | undefined> {
    const command = new GetItemCommand({ TableName: this.name, Key: marshall(key), ConsistentRead: true });
    const { Item } = await this.#client().send(command);
    return Item && unmarshall(Item);
  }

  async put(item: Key & Item, when?: string, values?: Item): Promise<boolean> {
    const command = new PutItemCommand({
      TableName: this.name,
      Item: marshall(item, MARSHALL),
      ...(when !== undefined && { ConditionExpression: when, ...names(when), ...placeholders(values) }),
    });
    return unlessRefused(async () => {
      await this.#client().send(command);
      return true;
    }, false);
  }

  async update(key: Key, { update, when, values, returns }: Update): Promise<Written> {
    const command = new UpdateItemCommand({
      TableName: this.name,
      Key: marshall(key),
      UpdateExpression: update,
      ...(when !== undefined && { ConditionExpression: when }),
      ...names(`${update} ${when ?? ""}`),
      ...placeholders(values),
      ...(returns !== undefined && { ReturnValues: returns }),
    });
    return unlessRefused<Written>(
      async () => {
        const { Attributes } = await this.#client().send(command);
        return { applied: true, item: Attributes ? unmarshall(Attributes) : {} };
      },
      { applied: false },
    );
  }

  /**
   * Writes an item if something holds for another one: both in one transaction, at twice the price. False: it does not hold.
   * Each is tried again while it meets another write of the same items: the SDK leaves that to the caller.
   */
  async putGuarded(item: Key & Item, { key, when, values }: Guard): Promise<boolean> {
    const check = { Key: marshall(key), ConditionExpression: when, ...names(when), ...placeholders(values) };
    const command = new TransactWriteItemsCommand({
      TransactItems: [
        { ConditionCheck: { TableName: this.name, ...check } },
        { Put: { TableName: this.name, Item: marshall(item, MARSHALL) } },
      ],
    });
    return unlessRefused(async () => {
      await this.#client().send(command);
      return true;
    }, false);
  }

  async delete(key: Key): Promise<void> {
    await this.#client().send(new DeleteItemCommand({ TableName: this.name, Key: marshall(key) }));
  }

  /** Deletes an item that is as it was seen. */
  async deleteIf(key: Key, when: string, values: Item): Promise<boolean> {
    const command = new DeleteItemCommand({
      TableName: this.name,
      Key: marshall(key),
      ConditionExpression: when,
      ...names(when),
      ...placeholders(values),
    });
    return unlessRefused(async () => {
      await this.#client().send(command);
      return true;
    }, false);
  }

  /** Every item of a partition whose sort key begins with `prefix`, page by page, read consistently. */
  async *query(pk: string, prefix = ""): AsyncGenerator<Item> {
    const key = prefix === "" ? "pk = :pk" : "pk = :pk AND begins_with(sk, :sk)";
    let from: Record<string, import("@aws-sdk/client-dynamodb").AttributeValue> | undefined;
    do {
      const page = await this.#client().send(
        new QueryCommand({
          TableName: this.name,
          KeyConditionExpression: key,
          ...placeholders(prefix === "" ? { pk } : { pk, sk: prefix }),
          ConsistentRead: true,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      for (const item of page.Items ?? []) yield unmarshall(item);
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }

  /** The first `limit` items of a partition whose sort key begins with `prefix`, read consistently. */
  async first(pk: string, prefix: string, limit: number): Promise<readonly Item[]> {
    const page = await this.#page(pk, "begins_with(sk, :sk)", { sk: prefix }, { Limit: limit });
    return (page.Items ?? []).map((item) => unmarshall(item));
  }

  /** The first item of a partition behind a sort key, read consistently. */
  async next(pk: string, sk: string): Promise<Item | undefined> {
    return (await this.behind(pk, sk, 1))[0];
  }

  /** The first `limit` items of a partition behind a sort key, read consistently; fewer if they are more than a megabyte. */
  async behind(pk: string, sk: string, limit: number): Promise<readonly Item[]> {
    const { Items = [] } = await this.#page(pk, "sk > :sk", { sk }, { Limit: limit });
    return Items.map((item) => unmarshall(item));
  }

  /** Up to `limit` items of a partition from one sort key to another, both included, read consistently. */
  async between(
    pk: string,
    [from, to]: readonly [string, string],
    limit: number,
    order: Order,
  ): Promise<readonly Item[]> {
    const more = { Limit: limit, ScanIndexForward: order === "up" };
    const page = await this.#page(pk, "sk BETWEEN :from AND :to", { from, to }, more);
    return (page.Items ?? []).map((item) => unmarshall(item));
  }

  /** How many items of a partition lie from one sort key to another; counted up to the first page, which is a megabyte. */
  async count(pk: string, from: string, to: string): Promise<number> {
    const page = await this.#page(pk, "sk BETWEEN :from AND :to", { from, to }, { Select: "COUNT" });
    return page.Count ?? 0;
  }

  #page(
    pk: string,
    range: string,
    values: Item,
    more: Pick<QueryCommandInput, "Limit" | "Select" | "ScanIndexForward">,
  ) {
    const command = new QueryCommand({
      TableName: this.name,
      KeyConditionExpression: `pk = :pk AND ${range}`,
      ...placeholders({ pk, ...values }),
      ConsistentRead: true,
      ...more,
    });
    return this.#client().send(command);
  }

  /** Keys of an index partition up to `upTo`, the lowest first, page by page. Indexes lag behind: never decide from them. */
  async *queryIndexUp(index: Index, pk: string, upTo: string, pageSize: number): AsyncGenerator<readonly IndexEntry[]> {
    const range = { condition: "#sk <= :bound", bound: upTo, order: "up" } as const;
    for await (const page of this.#indexPages(index, pk, range, pageSize))
      yield page.map(({ pk, sk, [index.sortKey]: sortedBy }) => ({ key: { pk, sk }, sortedBy }) as IndexEntry);
  }

  /** Sort keys of an index partition below `below`, the highest first, page by page. */
  async *queryIndexDown(index: Index, pk: string, below: string, pageSize: number): AsyncGenerator<string> {
    const range = { condition: "#sk < :bound", bound: below, order: "down" } as const;
    for await (const page of this.#indexPages(index, pk, range, pageSize))
      for (const item of page) yield item[index.sortKey] as string;
  }

  async *#indexPages(
    index: Index,
    pk: string,
    { condition, bound, order }: { readonly condition: string; readonly bound: string; readonly order: Order },
    pageSize: number,
  ): AsyncGenerator<readonly Item[]> {
    let from: Record<string, import("@aws-sdk/client-dynamodb").AttributeValue> | undefined;
    do {
      const page = await this.#client().send(
        new QueryCommand({
          TableName: this.name,
          IndexName: index.name,
          KeyConditionExpression: `#pk = :pk AND ${condition}`,
          ExpressionAttributeNames: { "#pk": index.partitionKey, "#sk": index.sortKey },
          ...placeholders({ pk, bound }),
          ScanIndexForward: order === "up",
          Limit: pageSize,
          ...(from && { ExclusiveStartKey: from }),
        }),
      );
      yield (page.Items ?? []).map((item) => unmarshall(item));
      from = page.LastEvaluatedKey;
    } while (from !== undefined);
  }
}

async function unlessRefused<T>(write: () => Promise<T>, refused: T): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (isRefusal(error)) return refused;
      if (!isConflict(error) || tries === TRIES_MAX) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, CONFLICT_MS * 2 ** tries * Math.random()));
  }
}

/** A write that meets a transaction of the same item, and a transaction that meets a write, are made again: neither was wrong. */
const TRIES_MAX = 6;
/** In milliseconds: doubled each time, with full jitter. */
const CONFLICT_MS = 10;

const isRefusal = (error: unknown): boolean =>
  isError(error, "ConditionalCheckFailedException") || reasonsOf(error).includes("ConditionalCheckFailed");

const isConflict = (error: unknown): boolean =>
  isError(error, "TransactionConflictException", "TransactionInProgressException") ||
  reasonsOf(error).some((code) => PASSING.includes(code));

/** Reasons of a cancelled transaction that are over soon. */
const PASSING = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];

function reasonsOf(error: unknown): readonly string[] {
  if (!isError(error, "TransactionCanceledException")) return [];
  return ((error as TransactionCanceledException).CancellationReasons ?? []).map(({ Code = "None" }) => Code);
}

function names(expression: string): { ExpressionAttributeNames?: Record<string, string> } {
  const found = [...new Set(expression.match(/#\w+/g))];
  if (found.length === 0) return {};
  return { ExpressionAttributeNames: Object.fromEntries(found.map((name) => [name, name.slice(1)])) };
}

function placeholders(values: Item | undefined) {
  const given = Object.entries(values ?? {}).filter(([, value]) => value !== undefined);
  if (given.length === 0) return {};
  const named = Object.fromEntries(given.map(([name, value]) => [`:${name}`, value]));
  return { ExpressionAttributeValues: marshall(named, MARSHALL) };
}
