/** `npm run docs`: writes the examples into the guides, and the reference out of the docstrings in `dist`. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { regionsOf, withExamples } from "./docs/examples.ts";
import { writeReference } from "./docs/reference.ts";

const root = join(import.meta.dirname, "..");

for (const file of readdirSync(join(root, "docs/guides"))) {
  const path = join(root, "docs/guides", file);
  const test = join(root, "test/guides", file.replace(/\.md$/, ".test.ts"));
  const guide = readFileSync(path, "utf8");
  if (guide.includes("<!-- example:")) writeFileSync(path, withExamples(guide, regionsOf(readFileSync(test, "utf8"))));
}

writeReference(root, join(root, "docs/api"));
