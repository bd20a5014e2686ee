import { expect, it } from "vitest";
import { readRepository } from "../docs-tables.ts";

const examples = [...readRepository("docs/flow-control.md").matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code);
const checked = readRepository("test/flow/examples.ts");

it("each example of docs/flow-control.md is type-checked, word for word", () => {
  expect(examples.length).toBeGreaterThan(10);
  expect(examples.filter((code) => !checked.includes(code ?? ""))).toEqual([]);
});

it("each is accepted when it is defined", async () => {
  await expect(import("./examples.ts")).resolves.toBeDefined();
});
