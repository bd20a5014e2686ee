import { expect, it } from "vitest";
import { readRepository } from "./docs-tables.ts";

const PAGE = "docs/testing.md";
const TESTS = "test/test-kit/guide.test.ts";

const regions = [...readRepository(TESTS).matchAll(/^\/\/ #region (\w+)\n([\s\S]*?)^\/\/ #endregion$/gm)];
const blocks = [...readRepository(PAGE).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code);

it("every example of docs/testing.md is run, and stands there as it is run", () => {
  expect(blocks).toEqual(regions.map(([, , code]) => code));
  expect(blocks.length).toBeGreaterThan(5);
});

it("each section of docs/testing.md that explains something shows it", () => {
  const sections = readRepository(PAGE).split(/^## /m).slice(1);
  const untold = sections.filter((section) => !section.includes("```ts") && !section.includes("| "));
  expect(untold.map((section) => section.split("\n")[0])).toEqual([]);
});

it("docs/testing.md names error codes that there are", async () => {
  const { CODES } = await import("../sdk/protocol/index.ts");
  const named = [...readRepository(PAGE).matchAll(/STEPWELL_[A-Z_]+/g)].map(([code]) => code);
  expect(named.filter((code) => !CODES.includes(code as never))).toEqual([]);
});
