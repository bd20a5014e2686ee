import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from "@aws-sdk/client-dynamodb";
import { marshall, unmarshall } from "@aws-sdk/util-dynamodb";
import { expect } from "vitest";
import { errorOf, tableName } from "../resources.ts";
import type { Promised, World } from "../target.ts";

const REFUSED = "ConditionalCheckFailedException";
const INVALID = "ValidationException";

/** One item of the test's own. */
export async function openItem(world: World) {
  const { dynamodb } = world.clients;
  const TableName = await tableName(world);
  const Key = marshall({ pk: world.unique("item"), sk: "a" });
  const put = (fields: object, more: object = {}) =>
    dynamodb.send(
      new PutItemCommand({
        TableName,
        Item: { ...Key, ...marshall(fields, { removeUndefinedValues: true }) },
        ...more,
      }),
    );
  const get = async () => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
    if (Item === undefined) return undefined;
    const { pk, sk, ...fields } = unmarshall(Item);
    return fields;
  };
  const update = async (UpdateExpression: string, values?: object, more: Partial<UpdateItemCommandInput> = {}) => {
    const { Attributes } = await dynamodb.send(
      new UpdateItemCommand({
        TableName,
        Key,
        UpdateExpression,
        ...(values && { ExpressionAttributeValues: marshall(values) }),
        ...more,
      }),
    );
    if (Attributes === undefined) return undefined;
    const { pk, sk, ...fields } = unmarshall(Attributes);
    return fields;
  };
  const remove = (condition?: string, values?: object) =>
    dynamodb.send(
      new DeleteItemCommand({
        TableName,
        Key,
        ...(condition !== undefined && { ConditionExpression: condition }),
        ...(values && { ExpressionAttributeValues: marshall(values) }),
      }),
    );
  return { TableName, Key, put, get, update, remove };
}

export function dynamodbWrites(promised: Promised): void {
  promised("a conditional put of an item that is there is refused, and changes nothing", async (world) => {
    const { put, get } = await openItem(world);
    const absent = { ConditionExpression: "attribute_not_exists(pk)" };
    await put({ n: 1 }, absent);
    expect((await errorOf(put({ n: 2 }, absent))).name).toBe(REFUSED);
    expect(await get()).toEqual({ n: 1 });
  });

  promised("of 24 racing conditional increments exactly ten win", async (world) => {
    const { update, get } = await openItem(world);
    const add = () =>
      update("ADD n :one", { ":one": 1, ":ten": 10 }, { ConditionExpression: "attribute_not_exists(n) OR n < :ten" });
    const results = await Promise.allSettled(Array.from({ length: 24 }, add));
    expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(10);
    expect(await get()).toEqual({ n: 10 });
  });

  promised("an update makes an item that is not there", async (world) => {
    const { update, get } = await openItem(world);
    const more = { ConditionExpression: "attribute_not_exists(pk)" };
    await update("SET n = :n", { ":n": 1 }, more);
    expect((await errorOf(update("SET n = :n", { ":n": 2 }, more))).name).toBe(REFUSED);
    expect(await get()).toEqual({ n: 1 });
  });

  promised("an update of nothing answers with no old attributes, later ones with all of them", async (world) => {
    const { update } = await openItem(world);
    const old = { ReturnValues: "ALL_OLD" as const };
    expect(await update("SET n = :n, m = :n", { ":n": 1 }, old)).toBeUndefined();
    expect(await update("SET n = :n REMOVE m", { ":n": 2 }, old)).toEqual({ n: 1, m: 1 });
    expect(await update("SET o = :n", { ":n": 3 }, { ReturnValues: "ALL_NEW" })).toEqual({ n: 2, o: 3 });
  });

  promised("if_not_exists counts from a default", async (world) => {
    const { update, get } = await openItem(world);
    for (let i = 0; i < 2; i++) {
      await update("SET fence = if_not_exists(fence, :zero) + :one, began = if_not_exists(began, :i)", {
        ":zero": 0,
        ":one": 1,
        ":i": i,
      });
    }
    expect(await get()).toEqual({ fence: 2, began: 0 });
  });

  promised("an update reads what was before it, in all its parts", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ a: 1, b: 2 });
    await update("SET a = b, b = a, c = if_not_exists(c, a) REMOVE d");
    expect(await get()).toEqual({ a: 2, b: 1, c: 1 });
  });

  promised("what is removed need not be there", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ n: 1 });
    await update("REMOVE a, b");
    expect(await get()).toEqual({ n: 1 });
  });

  promised("a removal of attributes alone makes an item that is not there", async (world) => {
    const { update, get } = await openItem(world);
    await update("REMOVE a");
    expect(await get()).toEqual({});
  });

  promised("a set grows by what it has not", async (world) => {
    const { update, get } = await openItem(world);
    await update("ADD paths :p", { ":p": new Set(["a"]) });
    await update("ADD paths :p", { ":p": new Set(["a", "b"]) });
    expect(await get()).toEqual({ paths: new Set(["a", "b"]) });
  });

  promised("a conditional delete is refused unless the item is as it was seen, also when it is gone", async (world) => {
    const { put, get, remove } = await openItem(world);
    await put({ nonce: "a" });
    expect((await errorOf(remove("nonce = :n", { ":n": "b" }))).name).toBe(REFUSED);
    await remove("nonce = :n", { ":n": "a" });
    expect(await get()).toBeUndefined();
    expect((await errorOf(remove("nonce = :n", { ":n": "a" }))).name).toBe(REFUSED);
    await remove();
  });

  promised("a refused condition shows the item when it is asked to", async (world) => {
    const { put } = await openItem(world);
    await put({ n: 1 });
    const more = {
      ConditionExpression: "attribute_not_exists(pk)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD" as const,
    };
    expect(await errorOf(put({ n: 2 }, more))).toMatchObject({ name: REFUSED, Item: { n: { N: "1" } } });
  });

  promised("a comparison with what is missing, or of another type, is false", async (world) => {
    const { put, update } = await openItem(world);
    await put({ word: "1" });
    for (const condition of ["n <= :one", "n > :one", "n = :one", "word >= :one", "word = :one", "n.till <= :one"]) {
      const refused = await errorOf(update("SET m = :one", { ":one": 1 }, { ConditionExpression: condition }));
      expect([condition, refused.name]).toEqual([condition, REFUSED]);
    }
  });

  promised("texts compare by their bytes", async (world) => {
    const { put, update } = await openItem(world);
    const more = (ConditionExpression: string) => ({ ConditionExpression });
    await put({ word: "Z" });
    await update("SET n = :a", { ":a": "a" }, more("word < :a"));
    await put({ word: "\u{1F600}" });
    await update("SET n = :a", { ":a": "\uFF5E" }, more("word > :a"));
  });

  promised("a number comes back as it was, and so do empty texts, maps and lists", async (world) => {
    const { put, get } = await openItem(world);
    const fields = { at: 1_767_225_612_345, part: 0.1, text: "", map: {}, list: [], no: false, none: null };
    await put(fields);
    expect(await get()).toEqual(fields);
  });

  promised("AND goes before OR, and NOT before both", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ a: 1 });
    const when = (ConditionExpression: string) =>
      update("SET n = if_not_exists(n, :one)", { ":one": 1 }, { ConditionExpression });
    await when("a = :one OR a = :one AND attribute_exists(b)");
    expect((await errorOf(when("(a = :one OR a = :one) AND attribute_exists(b)"))).name).toBe(REFUSED);
    await when("NOT attribute_exists(b) AND a = :one");
    expect(await get()).toEqual({ a: 1, n: 1 });
  });
}

export function dynamodbRefusals(promised: Promised): void {
  const refused: readonly (readonly [string, (item: Awaited<ReturnType<typeof openItem>>) => Promise<unknown>])[] = [
    ["a value that no expression names", ({ update }) => update("SET n = :n", { ":n": 1, ":m": 2 })],
    [
      "a name that no expression uses",
      ({ update }) => update("SET n = :n", { ":n": 1 }, { ExpressionAttributeNames: { "#m": "m" } }),
    ],
    ["an empty set of values", ({ update }) => update("REMOVE n", {})],
    ["a reserved word without #", ({ update }) => update("SET status = :n", { ":n": 1 })],
    ["two changes of one attribute", ({ update }) => update("SET n = :n REMOVE n", { ":n": 1 })],
    ["a change of a map and of an element of it", ({ update }) => update("SET m = :m REMOVE m.a", { ":m": {} })],
    ["an empty expression", ({ update }) => update("")],
    ["a change of the key", ({ update }) => update("SET sk = :s", { ":s": "b" })],
    ["a sum with a text", ({ put, update }) => put({ n: "1" }).then(() => update("SET n = n + :n", { ":n": 1 }))],
    ["a sum with what is missing", ({ update }) => update("SET n = n + :n", { ":n": 1 })],
    ["a text as a key of an index that is empty", ({ put }) => put({ gsi1pk: "", gsi1sk: "a" })],
    ["a number as a key of an index", ({ put }) => put({ gsi1pk: "a", gsi1sk: 1 })],
    ["a key of an index that is too long", ({ put }) => put({ gsi1pk: "a", gsi1sk: "x".repeat(1_025) })],
    [
      "an expression of more than 4 KB",
      ({ update }) => update(`REMOVE ${Array.from({ length: 500 }, (_, i) => `attribute${i}`).join(", ")}`),
    ],
  ];
  for (const [what, write] of refused) {
    promised(`${what} is refused as invalid`, async (world) => {
      expect((await errorOf(write(await openItem(world)))).name).toBe(INVALID);
    });
  }

  promised("an item of 400 KB is taken, a byte more is refused as invalid, put or updated", async (world) => {
    const { Key, put, update } = await openItem(world);
    const room = 400 * 1_024 - ("pk".length + Buffer.byteLength(Key.pk?.S ?? "") + "sk".length + 1 + "x".length);
    await put({ x: "x".repeat(room) });
    expect(await errorOf(put({ x: "x".repeat(room + 1) }))).toMatchObject({ name: INVALID, message: /size/ });
    const grown = await errorOf(update("SET x = :x", { ":x": "x".repeat(room + 1) }));
    expect([grown.name, grown.message]).toEqual([INVALID, expect.stringMatching(/size/)]);
  });

  promised("a table that is not there is named as such", async (world) => {
    const { Key } = await openItem(world);
    const command = new GetItemCommand({ TableName: world.unique("none"), Key });
    expect((await errorOf(world.clients.dynamodb.send(command))).name).toBe("ResourceNotFoundException");
  });

  promised("a sort key of 1,024 bytes is taken, one more is refused as invalid", async (world) => {
    const { TableName, Key } = await openItem(world);
    const put = (sk: string) =>
      world.clients.dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, sk: { S: sk } } }));
    await put("é".repeat(512));
    expect((await errorOf(put(`${"é".repeat(512)}x`))).name).toBe(INVALID);
  });
}
