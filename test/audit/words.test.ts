import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LAWS } from "../../audit/contract.ts";
import { LAW_TEXTS } from "../../audit/words.ts";

it("the laws are told as ARCHITECTURE.md tells them", () => {
  const document = readFileSync(join(import.meta.dirname, "../../ARCHITECTURE.md"), "utf8");
  const rows = [...document.matchAll(/^\| (L\d+) \| (.+) \|$/gm)].map(([, law, text]) => [law, text]);
  expect(rows).toEqual(LAWS.map((law) => [law, LAW_TEXTS[law]]));
});
