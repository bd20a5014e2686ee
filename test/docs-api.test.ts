import { describe, expect, it } from "vitest";
import { readRepository } from "./docs-tables.ts";
import { publicNames } from "./exports.ts";

const names = publicNames();
const label = ({ entry, name, file }: (typeof names)[number]) => `${entry}: ${name} (${file})`;
/** Letters and digits alone: the reference escapes, links and breaks lines in its own way. */
const bare = (text: string) => text.replaceAll(/[^\p{L}\p{N}]+/gu, "");

/** What a docstring says first, before its tags and its code. */
const firstWords = (docs: string) =>
  docs
    .replace(/^\/\*\*|\*\/$/g, "")
    .replaceAll(/^\s*\* ?/gm, "")
    .split(/\n\s*\n|@\w+/)[0]
    ?.replaceAll(/[<>{}]/g, " ") ?? "";

describe("every public name", () => {
  it("is found in the sources", () => {
    for (const name of ["Stepwell", "StepTools", "serve", "startLocal", "App", "httpDoor", "default"])
      expect(names.map((found) => found.name)).toContain(name);
    expect(names.length).toBeGreaterThan(100);
  });

  it("has a docstring", () => {
    expect(names.filter(({ docs }) => docs === "").map(label)).toEqual([]);
  });

  it("that is there at run time has an example", () => {
    expect(names.filter(({ isValue, docs }) => isValue && !docs.includes("@example")).map(label)).toEqual([]);
  });
});

describe("the reference", () => {
  const pages = new Map<string, string>();
  const pageOf = (entry: string) => {
    const file = `docs/api/${entry.replace(/^stepwell\//, "").replaceAll("/", "-")}.md`;
    const page = pages.get(file) ?? bare(readRepository(file));
    pages.set(file, page);
    return page;
  };

  it("has every public name, with what its docstring says: run `npm run docs`", () => {
    const missing = names.filter(({ entry, name, docs }) => {
      const page = pageOf(entry);
      return !(name === "default" || page.includes(bare(name))) || !page.includes(bare(firstWords(docs)));
    });
    expect(missing.map(label)).toEqual([]);
  });

  it("is linked from the list of entries", () => {
    const index = readRepository("docs/api/index.md");
    for (const entry of new Set(names.map((found) => found.entry))) expect(index).toContain(`\`${entry}\``);
  });
});
