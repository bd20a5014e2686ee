import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { blocksOf, regionsOf, withExamples } from "../../scripts/docs/examples.ts";
import { withNotes } from "./executed-plugin.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const INDEX = "README";
const guides = readdirSync(join(root, "docs/guides"))
  .map((file) => file.replace(/\.md$/, ""))
  .filter((name) => name !== INDEX);
const tests = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".test.ts") && file !== "guides.test.ts");
const guideOf = (name: string) => read(`docs/guides/${name}.md`);
const testOf = (name: string) => read(`test/guides/${name}.test.ts`);

describe.each(guides)("the guide %s", (name) => {
  it("has examples, and no code that is not one: run `npm run docs` to write them in", () => {
    const blocks = blocksOf(guideOf(name));
    expect(blocks.length).toBeGreaterThan(0);
    expect(blocks.filter((block) => block.name === undefined)).toEqual([]);
    expect(withExamples(guideOf(name), regionsOf(testOf(name)))).toBe(guideOf(name));
  });

  it("has every example of its test", () => {
    const shown = blocksOf(guideOf(name)).map((block) => block.name);
    expect([...shown].sort()).toEqual([...regionsOf(testOf(name)).keys()].sort());
  });

  it("has a test that runs all of its examples", () => {
    expect(testOf(name)).toMatch(/^ *it\("/m);
    expect(testOf(name)).not.toMatch(/\b(it|describe)\.(skip|todo|only|skipIf|runIf)\b/);
  });
});

describe("the guides", () => {
  it("have a test each, and no test is without its guide", () => {
    expect(tests.map((file) => file.replace(/\.test\.ts$/, "")).sort()).toEqual([...guides].sort());
  });

  it("are all in the list of guides", () => {
    const listed = [...guideOf(INDEX).matchAll(/\]\((\w[\w-]*)\.md\)/g)].map(([, name]) => name);
    expect([...listed].sort()).toEqual([...guides].sort());
  });

  it.each([INDEX, ...guides])("of %s links to what there is", (name) => {
    const targets = [...guideOf(name).matchAll(/\]\(([^)#]+)(#[\w-]+)?\)/g)].map(([, target]) => target as string);
    const path = join(root, "docs/guides", `${name}.md`);
    expect(targets.filter((target) => !existsSync(join(dirname(path), target)))).toEqual([]);
  });
});

describe("an example", () => {
  const source = ["before", "  // #region a", "  const x = {", "    y: 1,", "  };", "  // #endregion", "after"].join(
    "\n",
  );
  const guide = ["# A", "", "<!-- example: a -->", "```ts", "old", "```", "", "```sh", "ls", "```", ""].join("\n");

  it("is a region without its indentation", () => {
    expect(regionsOf(source).get("a")).toBe("const x = {\n  y: 1,\n};");
  });

  it("is written below its mark, and nothing else is changed", () => {
    const written = withExamples(guide, regionsOf(source));
    expect(written).toBe(guide.replace("old", "const x = {\n  y: 1,\n};"));
    expect(withExamples(written, regionsOf(source))).toBe(written);
  });

  it("is told from code that nobody runs", () => {
    expect(blocksOf(guide)).toMatchObject([
      { name: "a", language: "ts", code: "old" },
      { name: undefined, language: "sh", code: "ls" },
    ]);
  });

  it.each([
    ["has no end", "// #region a"],
    ["comes twice", "// #region a\n// #endregion\n// #region a\n// #endregion"],
    ["lies in another one", "// #region a\n// #region b\n// #endregion\n// #endregion"],
    ["ends only", "// #endregion"],
  ])("that %s is refused", (_, broken) => {
    expect(() => regionsOf(broken)).toThrow("region");
  });

  it("is known to be executed by the functions in it", () => {
    const lines = ["// #region a", "const f = () => {", "};", "// #endregion", "const g = () => {", "};"];
    const noted = withNotes(lines.join("\n"));
    const world = globalThis as { examplesExecuted?: Map<string, boolean> };
    const before = world.examplesExecuted;
    new Function(`${noted}; g();`)();
    expect([...(world.examplesExecuted ?? [])]).toEqual([["a, line 2: const f = () => {", false]]);
    new Function(`${noted}; f();`)();
    expect([...(world.examplesExecuted ?? [])]).toEqual([["a, line 2: const f = () => {", true]]);
    if (before === undefined) delete world.examplesExecuted;
    else world.examplesExecuted = before;
  });

  it("in a text is no code", () => {
    const text = ["const t = `", "// #region a", "f(() => {", "// #endregion", "`;"].join("\n");
    expect(withNotes(text)).toContain(`\n${text.slice(text.indexOf("//"))}`);
  });

  it("that is not there is refused", () => {
    expect(() => withExamples(guide, new Map())).toThrow('"a"');
  });
});
