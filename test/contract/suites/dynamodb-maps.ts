import type { UpdateItemCommandInput } from "@aws-sdk/client-dynamodb";
import { expect } from "vitest";
import { errorOf } from "../resources.ts";
import type { Promised } from "../target.ts";
import { openItem } from "./dynamodb-writes.ts";

const when = (ConditionExpression: string): Partial<UpdateItemCommandInput> => ({ ConditionExpression });

/** Elements of maps: what the slots of a gate are made of. */
export function dynamodbMaps(promised: Promised): void {
  promised("an element of a map is set, kept by if_not_exists and removed, without its neighbours", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ holders: { a: { till: 1 } }, promised: { b: { till: 2 }, c: { till: 3 } } });
    await update("SET holders.b = :slot, promised.c = if_not_exists(promised.c, :slot) REMOVE promised.b, holders.z", {
      ":slot": { till: 9 },
    });
    expect(await get()).toEqual({
      holders: { a: { till: 1 }, b: { till: 9 } },
      promised: { c: { till: 3 } },
    });
  });

  promised("an element of a map is not set where the map is missing", async (world) => {
    const { put, update } = await openItem(world);
    const set = () => update("SET holders.a = :slot", { ":slot": { till: 9 } });
    expect((await errorOf(set())).name).toBe("ValidationException");
    await put({ n: 1 });
    expect((await errorOf(set())).name).toBe("ValidationException");
  });

  promised("a condition that does not hold goes before a path that leads nowhere", async (world) => {
    const { update } = await openItem(world);
    const set = update("SET holders.a = :n REMOVE promised.a", { ":n": 1 }, when("attribute_exists(holders)"));
    expect((await errorOf(set)).name).toBe("ConditionalCheckFailedException");
  });

  promised("size() of a map counts its elements; of none it holds for no comparison", async (world) => {
    const { put, update, get } = await openItem(world);
    const set = (condition: string, size: number) => update("SET n = :n", { ":n": size }, when(condition));
    await put({ holders: { a: 1, b: 2 }, promised: {} });
    await set("size(holders) <= :n AND size(promised) < :n", 2);
    expect((await errorOf(set("size(holders) < :n", 2))).name).toBe("ConditionalCheckFailedException");
    for (const condition of ["size(nobody) < :n", "size(nobody) >= :n"]) {
      expect((await errorOf(set(condition, 5))).name).toBe("ConditionalCheckFailedException");
    }
    expect((await get())?.n).toBe(2);
  });

  promised("a condition looks into elements, of which any part may be missing", async (world) => {
    const { put, update } = await openItem(world);
    await put({ holders: { a: { till: 5, fence: 1 } } });
    const check = (condition: string) => update("SET n = :n", { ":n": 5 }, when(condition));
    await check("holders.a.till <= :n");
    await check("attribute_not_exists(holders.b) AND attribute_not_exists(promised.b)");
    await check("attribute_exists(holders.a) AND attribute_not_exists(holders.a.giver)");
    for (const condition of ["holders.b.till <= :n", "promised.a.till <= :n", "holders.a.fence.x <= :n"]) {
      expect((await errorOf(check(condition))).name).toBe("ConditionalCheckFailedException");
    }
  });

  promised("names of elements may begin with a digit when a # stands for them", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ holders: {} });
    await update(
      "SET #holders.#01K = :n",
      { ":n": 1 },
      { ExpressionAttributeNames: { "#holders": "holders", "#01K": "01K" } },
    );
    expect(await get()).toEqual({ holders: { "01K": 1 } });
  });

  promised("whole maps are equal when their elements are", async (world) => {
    const { put, update, get } = await openItem(world);
    await put({ slot: { fence: 1, till: 2 } });
    await update("SET n = :n", { ":n": 1, ":s": { till: 2, fence: 1 } }, when("slot = :s"));
    expect((await get())?.n).toBe(1);
  });
}
