import { PutRuleCommand, TestEventPatternCommand } from "@aws-sdk/client-eventbridge";
import { expect } from "vitest";
import { errorOf } from "../resources.ts";
import type { Promised } from "../target.ts";

const event = {
  version: "0",
  id: "1",
  source: "shop.orders",
  "detail-type": "Order Placed",
  account: "123456789012",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: [],
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

const matching: readonly (readonly [string, object])[] = [
  ["exact", { source: ["shop.orders"] }],
  ["one of several", { source: ["x", "shop.orders"] }],
  ["number", { detail: { amount: [12.5] } }],
  ["boolean", { detail: { paid: [true] } }],
  ["null", { detail: { note: [null] } }],
  ["nested", { detail: { customer: { name: ["Ada"] } } }],
  ["an element of an array", { detail: { tags: ["vip"] } }],
  ["objects in an array", { detail: { items: { sku: ["b"] } } }],
  ["prefix", { source: [{ prefix: "shop." }] }],
  ["empty prefix", { source: [{ prefix: "" }] }],
  ["prefix, any case", { source: [{ prefix: { "equals-ignore-case": "SHOP." } }] }],
  ["suffix", { detail: { file: [{ suffix: ".pdf" }] } }],
  ["equals-ignore-case", { "detail-type": [{ "equals-ignore-case": "order placed" }] }],
  ["wildcard", { detail: { file: [{ wildcard: "reports/*/*.pdf" }] } }],
  ["anything-but", { source: [{ "anything-but": "x" }] }],
  ["anything-but prefixes", { source: [{ "anything-but": { prefix: ["x", "y"] } }] }],
  ["anything-but wildcard", { source: [{ "anything-but": { wildcard: "*.x" } }] }],
  ["numeric", { detail: { amount: [{ numeric: [">", 0, "<=", 12.5] }] } }],
  ["exists", { detail: { id: [{ exists: true }] } }],
  ["does not exist", { detail: { none: [{ exists: false }] } }],
  ["cidr", { detail: { ip: [{ cidr: "10.0.0.0/24" }] } }],
  ["$or", { $or: [{ source: ["x"] }, { detail: { paid: [true] } }] }],
  ["$or inside", { detail: { $or: [{ id: ["x"] }, { amount: [{ numeric: ["<", 13] }] }] } }],
];

const other: readonly (readonly [string, object])[] = [
  ["none of several", { source: ["x", "y"] }],
  ["not all fields", { source: ["shop.orders"], "detail-type": ["x"] }],
  ["suffix, other", { detail: { file: [{ suffix: ".png" }] } }],
  ["wildcard, other", { detail: { file: [{ wildcard: "reports/*.png" }] } }],
  ["wildcard with a star", { source: [{ wildcard: "shop\\*" }] }],
  ["anything-but a list", { source: [{ "anything-but": ["x", "shop.orders"] }] }],
  ["anything-but a number", { detail: { amount: [{ "anything-but": 12.5 }] } }],
  ["anything-but prefix", { source: [{ "anything-but": { prefix: "shop" } }] }],
  ["anything-but suffix", { source: [{ "anything-but": { suffix: "orders" } }] }],
  ["anything-but, any case", { source: [{ "anything-but": { "equals-ignore-case": ["SHOP.ORDERS"] } }] }],
  ["anything-but of a missing field", { detail: { none: [{ "anything-but": "x" }] } }],
  ["numeric equal", { detail: { amount: [{ numeric: ["=", 12] }] } }],
  ["numeric on a text", { source: [{ numeric: [">", 0] }] }],
  ["exists of a missing one", { detail: { none: [{ exists: true }] } }],
  ["cidr, other", { detail: { ip: [{ cidr: "10.1.0.0/24" }] } }],
  ["$or, none", { $or: [{ source: ["x"] }, { source: ["y"] }] }],
];

const malformed: readonly (readonly [string, string])[] = [
  ["is no JSON", "{"],
  ["is no object", "[]"],
  ["is empty", "{}"],
  ["has a bare value", '{"source":"x"}'],
  ["has an empty list", '{"source":[]}'],
  ["has an unknown operator", '{"source":[{"regex":".*"}]}'],
  ["has two operators in one", '{"source":[{"prefix":"a","suffix":"b"}]}'],
  ["has a bad comparison", '{"source":[{"numeric":["~",1]}]}'],
  ["has a bad CIDR", '{"source":[{"cidr":"10.0.0.0/99"}]}'],
  ["has two stars in a row", '{"source":[{"wildcard":"a**"}]}'],
];

export function eventPatterns(promised: Promised): void {
  const both: readonly (readonly [boolean, readonly (readonly [string, object])[]])[] = [
    [true, matching],
    [false, other],
  ];
  for (const [expected, patterns] of both) {
    for (const [name, pattern] of patterns) {
      promised(`a pattern ${expected ? "matches" : "does not match"}: ${name}`, async ({ clients }) => {
        const command = new TestEventPatternCommand({
          EventPattern: JSON.stringify(pattern),
          Event: JSON.stringify(event),
        });
        expect((await clients.eventBridge.send(command)).Result).toBe(expected);
      });
    }
  }

  for (const [what, EventPattern] of malformed) {
    promised(`a rule whose pattern ${what} is refused`, async ({ clients, unique }) => {
      const rule = clients.eventBridge.send(new PutRuleCommand({ Name: unique("rule"), EventPattern }));
      expect((await errorOf(rule)).name).toBe("InvalidEventPatternException");
    });
  }
}
