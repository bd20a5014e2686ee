import { type TransactWriteItem, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { marshall } from "@aws-sdk/util-dynamodb";
import { expect } from "vitest";
import { errorOf } from "../resources.ts";
import type { Promised, World } from "../target.ts";
import { openItem } from "./dynamodb-writes.ts";

/** Two items: one that is looked at, and one that is put if the first is as it should be. */
async function openPair(world: World) {
  const [guard, target] = [await openItem(world), await openItem(world)];
  const transact = (...TransactItems: TransactWriteItem[]) =>
    world.clients.dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
  const check = (n: number): TransactWriteItem => ({
    ConditionCheck: {
      TableName: guard.TableName,
      Key: guard.Key,
      ConditionExpression: "#n = :n",
      ExpressionAttributeNames: { "#n": "n" },
      ExpressionAttributeValues: marshall({ ":n": n }),
    },
  });
  const put = (fields: object, more: object = {}): TransactWriteItem => ({
    Put: { TableName: target.TableName, Item: { ...target.Key, ...marshall(fields) }, ...more },
  });
  return { guard, target, transact, check, put };
}

const reasonsOf = (error: unknown): readonly (string | undefined)[] =>
  ((error as { CancellationReasons?: { Code?: string }[] }).CancellationReasons ?? []).map(({ Code }) => Code);

export function dynamodbTransactions(promised: Promised): void {
  promised("a transaction puts an item if another one is as it should be", async (world) => {
    const { guard, target, transact, check, put } = await openPair(world);
    await guard.put({ n: 1 });
    await transact(check(1), put({ list: [{ a: 1 }, { b: "x" }] }));
    expect(await target.get()).toEqual({ list: [{ a: 1 }, { b: "x" }] });
    expect(await guard.get()).toEqual({ n: 1 });
  });

  promised(
    "a transaction is cancelled as a whole, with a reason for each action, if a condition does not hold",
    async (world) => {
      const { guard, target, transact, check, put } = await openPair(world);
      await guard.put({ n: 2 });
      const error = await errorOf(transact(check(1), put({ m: 1 })));
      expect(error.name).toBe("TransactionCanceledException");
      expect(reasonsOf(error)).toEqual(["ConditionalCheckFailed", "None"]);
      expect(await target.get()).toBeUndefined();
      const absent = { ConditionExpression: "attribute_not_exists(pk)" };
      await transact(check(2), put({ m: 1 }, absent));
      expect(reasonsOf(await errorOf(transact(check(2), put({ m: 2 }, absent))))).toEqual([
        "None",
        "ConditionalCheckFailed",
      ]);
      expect(await target.get()).toEqual({ m: 1 });
    },
  );

  promised("a condition of a transaction on an item that is not there does not hold", async (world) => {
    const { target, transact, check, put } = await openPair(world);
    expect((await errorOf(transact(check(1), put({ m: 1 })))).name).toBe("TransactionCanceledException");
    expect(await target.get()).toBeUndefined();
  });

  promised("an item is once in a transaction", async (world) => {
    const { guard, transact, put, target } = await openPair(world);
    await guard.put({ n: 1 });
    expect((await errorOf(transact(put({ m: 1 }), put({ m: 2 })))).name).toBe("ValidationException");
    expect(await target.get()).toBeUndefined();
  });
}
