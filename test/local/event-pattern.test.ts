import { describe, expect, it } from "vitest";
import { compilePattern } from "../../local/services/event-pattern.ts";

const event = {
  source: "shop.orders",
  "detail-type": "Order Placed",
  detail: {
    id: "o-1",
    amount: 12.5,
    paid: true,
    note: null,
    ip: "10.0.0.7",
    tags: ["new", "vip"],
    file: "reports/2026/summary.pdf",
    customer: { name: "Ada", age: 36 },
    items: [{ sku: "a" }, { sku: "b" }],
  },
};

describe("a pattern", () => {
  it.each<[string, object, boolean]>([
    ["exact", { source: ["shop.orders"] }, true],
    ["exact, one of several", { source: ["x", "shop.orders"] }, true],
    ["exact, none", { source: ["x"] }, false],
    ["all fields must match", { source: ["shop.orders"], "detail-type": ["x"] }, false],
    ["number", { detail: { amount: [12.5] } }, true],
    ["boolean", { detail: { paid: [true] } }, true],
    ["null", { detail: { note: [null] } }, true],
    ["nested", { detail: { customer: { name: ["Ada"] } } }, true],
    ["an element of an array", { detail: { tags: ["vip"] } }, true],
    ["objects in an array", { detail: { items: { sku: ["b"] } } }, true],
    ["prefix", { source: [{ prefix: "shop." }] }, true],
    ["prefix, any case", { source: [{ prefix: { "equals-ignore-case": "SHOP." } }] }, true],
    ["suffix", { detail: { file: [{ suffix: ".pdf" }] } }, true],
    ["suffix, other", { detail: { file: [{ suffix: ".png" }] } }, false],
    ["equals-ignore-case", { "detail-type": [{ "equals-ignore-case": "order placed" }] }, true],
    ["wildcard", { detail: { file: [{ wildcard: "reports/*/*.pdf" }] } }, true],
    ["wildcard, other", { detail: { file: [{ wildcard: "reports/*.png" }] } }, false],
    ["wildcard with a star", { source: [{ wildcard: "shop\\*" }] }, false],
    ["anything-but", { source: [{ "anything-but": "x" }] }, true],
    ["anything-but a list", { source: [{ "anything-but": ["x", "shop.orders"] }] }, false],
    ["anything-but a number", { detail: { amount: [{ "anything-but": 12.5 }] } }, false],
    ["anything-but prefix", { source: [{ "anything-but": { prefix: "shop" } }] }, false],
    ["anything-but prefixes", { source: [{ "anything-but": { prefix: ["x", "y"] } }] }, true],
    ["anything-but suffix", { source: [{ "anything-but": { suffix: "orders" } }] }, false],
    ["anything-but wildcard", { source: [{ "anything-but": { wildcard: "*.x" } }] }, true],
    ["anything-but, any case", { source: [{ "anything-but": { "equals-ignore-case": ["SHOP.ORDERS"] } }] }, false],
    ["anything-but of a missing field", { detail: { none: [{ "anything-but": "x" }] } }, false],
    ["numeric", { detail: { amount: [{ numeric: [">", 0, "<=", 12.5] }] } }, true],
    ["numeric equal", { detail: { amount: [{ numeric: ["=", 12] }] } }, false],
    ["numeric on a text", { source: [{ numeric: [">", 0] }] }, false],
    ["exists", { detail: { id: [{ exists: true }] } }, true],
    ["does not exist", { detail: { none: [{ exists: false }] } }, true],
    ["exists of a missing one", { detail: { none: [{ exists: true }] } }, false],
    ["cidr", { detail: { ip: [{ cidr: "10.0.0.0/24" }] } }, true],
    ["cidr, other", { detail: { ip: [{ cidr: "10.1.0.0/24" }] } }, false],
    ["$or", { $or: [{ source: ["x"] }, { detail: { paid: [true] } }] }, true],
    ["$or, none", { $or: [{ source: ["x"] }, { source: ["y"] }] }, false],
    ["$or inside", { detail: { $or: [{ id: ["x"] }, { amount: [{ numeric: ["<", 13] }] }] } }, true],
  ])("%s", (_name, pattern, matches) => expect(compilePattern(JSON.stringify(pattern))(event)).toBe(matches));

  it.each<[string, string]>([
    ["no JSON", "{"],
    ["no object", "[]"],
    ["empty", "{}"],
    ["a bare value", '{"source":"x"}'],
    ["an empty list", '{"source":[]}'],
    ["an unknown operator", '{"source":[{"regex":".*"}]}'],
    ["two operators", '{"source":[{"prefix":"a","suffix":"b"}]}'],
    ["a bad comparison", '{"source":[{"numeric":["~",1]}]}'],
    ["a bad CIDR", '{"source":[{"cidr":"10.0.0.0/99"}]}'],
    ["two stars", '{"source":[{"wildcard":"a**"}]}'],
  ])("that is %s is refused", (_name, text) => {
    expect(() => compilePattern(text)).toThrow(expect.objectContaining({ name: "InvalidEventPatternException" }));
  });
});
