import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { OPTIONS } from "../sdk/functions/options.ts";
import { BACKWARD, RUN_HOOKS } from "../sdk/middleware/run-hooks.ts";
import { CODES } from "../sdk/protocol/index.ts";

const read = (file: string) => readFileSync(join(import.meta.dirname, "..", file), "utf8");

describe("the documents", () => {
  it("explain every error code, and no other", () => {
    const documented = [...read("docs/errors.md").matchAll(/^### (\w+)$/gm)].map(([, code]) => code);
    expect(documented.sort()).toEqual([...CODES].sort());
  });

  it("list every option of createFunction with what becomes of it", () => {
    const words = { works: "works", noEffect: "no effect" };
    const rows = [...read("docs/differences.md").matchAll(/^\| `([\w ]+)` \| (works|no effect) \|$/gm)];
    for (const [name, state] of Object.entries(OPTIONS)) {
      expect(
        rows.some(([, names, word]) => names?.split(" ").includes(name) && word === words[state]),
        name,
      ).toBe(true);
    }
  });

  it("list every hook of middleware, and say which go the other way round", () => {
    const text = read("docs/middleware.md");
    const rows = [...text.matchAll(/^\| `(\w+)\(/gm)].map(([, hook]) => hook);
    expect(rows.sort()).toEqual([...RUN_HOOKS].sort());
    const backward = /(\S+, \S+ and \S+) go the other way\nround/m.exec(text)?.[1];
    expect([...(backward ?? "").matchAll(/`(\w+)`/g)].map(([, hook]) => hook).sort()).toEqual([...BACKWARD].sort());
  });

  it("name the two commands exactly", () => {
    expect(read("README.md")).toContain("npm ci && npm run demo");
    expect(read("README.md")).toContain("npm ci && npm test");
  });
});
