import { describe, expect, it } from "vitest";
import {
  type IndexShape,
  type Item,
  indexCost,
  itemSize,
  numberSize,
  readUnits,
  refusedCost,
  valueSize,
  writeCost,
} from "../../local/capacity.ts";

const bytes = (size: number): Item => ({ a: { S: "x".repeat(size - 1) } });
const keysOnly: IndexShape = { name: "i", keys: ["g", "h"], attributes: ["g", "h", "pk"] };
const everything: IndexShape = { name: "all", keys: ["g"], attributes: undefined };

describe("item sizes", () => {
  it.each([
    [{ S: "abc" }, 3],
    [{ S: "" }, 0],
    [{ S: "é€😀" }, 9],
    [{ B: Buffer.from("12345").toString("base64") }, 5],
    [{ BOOL: false }, 1],
    [{ NULL: true }, 1],
    [{ SS: ["ab", "c"] }, 3],
    [{ NS: ["1", "22"] }, 4],
    [{ L: [] }, 3],
    [{ M: {} }, 3],
    [{ L: [{ S: "ab" }, { N: "1" }] }, 3 + 1 + 2 + 1 + 2],
    [{ M: { key: { S: "ab" } } }, 3 + 1 + 3 + 2],
  ])("a value %j takes %i bytes", (value, size) => expect(valueSize(value)).toBe(size));

  it.each([
    ["0", 1],
    ["1", 2],
    ["-1", 3],
    ["100", 2],
    ["12", 2],
    ["123", 3],
    ["0.001", 2],
    ["1767225600000", 5],
    ["1767225612345", 8],
    ["1e10", 2],
    ["-12345678901234567890123456789012345678", 21],
  ])("the number %s takes %i bytes", (text, size) => expect(numberSize(text)).toBe(size));

  it("names of attributes count", () => {
    expect(itemSize({ pk: { S: "abc" }, näme: { N: "5" } })).toBe(2 + 3 + 5 + 2);
  });
});

describe("write units", () => {
  it.each([
    ["a put of a new item of 1 KB", undefined, bytes(1024), 1],
    ["a put of one byte more", undefined, bytes(1025), 2],
    ["an update that shrinks counts the larger", bytes(3000), bytes(10), 3],
    ["an update that grows counts the larger", bytes(10), bytes(3000), 3],
    ["a delete counts the item", bytes(2049), undefined, 3],
    ["a delete of nothing counts one", undefined, undefined, 1],
  ])("%s", (_name, before, after, units) => expect(writeCost(before, after, [])).toBe(units));

  it("a refused condition costs by the existing item, at least one", () => {
    expect(refusedCost(undefined)).toBe(1);
    expect(refusedCost(bytes(1500))).toBe(2);
  });
});

describe("index writes", () => {
  const item = (fields: Record<string, string>): Item =>
    Object.fromEntries(Object.entries({ pk: "p", ...fields }).map(([key, value]) => [key, { S: value }]));
  it.each([
    ["an item without the index's keys costs nothing", item({ g: "1" }), item({ g: "1", x: "2" }), 0],
    ["an item that comes in costs one", item({}), item({ g: "1", h: "2" }), 1],
    ["an item that goes out costs one", item({ g: "1", h: "2" }), item({ g: "1" }), 1],
    ["a changed key costs two", item({ g: "1", h: "2" }), item({ g: "1", h: "3" }), 2],
    [
      "a change that is not projected costs nothing",
      item({ g: "1", h: "2", x: "a" }),
      item({ g: "1", h: "2", x: "b" }),
      0,
    ],
    ["a deleted item costs one", item({ g: "1", h: "2" }), undefined, 1],
  ])("%s", (_name, before, after, units) => expect(indexCost(keysOnly, before, after)).toBe(units));

  it("a projected change costs by the larger size", () => {
    expect(indexCost(everything, item({ g: "1", x: "a" }), item({ g: "1", x: "b".repeat(1500) }))).toBe(2);
  });
});

describe("read units", () => {
  it.each([
    [0, true, 1],
    [0, false, 0.5],
    [4096, true, 1],
    [4097, true, 2],
    [8193, false, 1.5],
  ])("%i bytes, consistent: %s", (size, consistent, units) => expect(readUnits(size, consistent)).toBe(units));
});
