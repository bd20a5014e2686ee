import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, sep } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withBundle } from "../../infra/app-bundle.ts";
import type { AppBundling } from "../../infra/app-props.ts";

let root = "";
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "stepwell-entries-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Bundles an entry of these files: what is in the folder that becomes the Lambda's code. */
function bundleOf(files: Readonly<Record<string, string>>, bundling: AppBundling = {}, project = "project") {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, project, path)), { recursive: true });
    writeFileSync(join(root, project, path), text);
  }
  return withBundle(join(root, project, "app.ts"), bundling, (folder) =>
    Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")])),
  );
}

const HANDLER = "export const handler = async (): Promise<object> => ({});";

describe("the bundle of an entry", () => {
  it("is one module that exports the handler", () => {
    const files = bundleOf({ "app.ts": 'export * from "./other.ts";', "other.ts": HANDLER });
    expect(Object.keys(files)).toEqual(["index.mjs"]);
    expect(files["index.mjs"]).toMatch(/export\s*\{\w+ as handler\}/);
  });

  it("is the same bytes from another folder, so that nothing is deployed when nothing has changed", () => {
    const source = {
      "app.ts": `import { n } from "./lib/n.ts"; export const lazy = () => import("./lib/lazy.ts"); console.log(n); ${HANDLER}`,
      "lib/n.ts": "export const n = 1;",
      "lib/lazy.ts": 'import { n } from "./n.ts"; export const later = n + 1;',
    };
    const options = { sourceMap: true, minify: false };
    const here = bundleOf(source, options, "here");
    expect(bundleOf(source, options, "somewhere/else")).toEqual(here);
    expect(Object.keys(here).length).toBeGreaterThan(2);
  });

  it("has a source map when asked for, with paths from beside the entry", () => {
    const files = bundleOf({ "app.ts": HANDLER }, { sourceMap: true });
    expect(Object.keys(files).sort()).toEqual(["index.mjs", "index.mjs.map"]);
    expect(JSON.parse(files["index.mjs.map"] ?? "").sources).toEqual(["app.ts"]);
  });

  it("follows the project's tsconfig, and the options that are given", () => {
    const files = bundleOf(
      {
        "app.ts": `import text from "./query.sql"; import { n } from "@lib/n"; import "sharp"; console.log(text, n, STAGE); ${HANDLER}`,
        "query.sql": "select 42",
        "src/n.ts": 'export const n = "by path";',
        "tsconfig.json": '{ "compilerOptions": { "paths": { "@lib/*": ["./src/*"] } } }',
      },
      { external: ["sharp"], define: { STAGE: '"test"' }, loader: { ".sql": "text" }, minify: false },
    );
    for (const part of ["select 42", "by path", '"test"', 'import "sharp"']) expect(files["index.mjs"]).toContain(part);
  });

  it("loads CommonJS modules that ask where they lie, beside an entry that has such names of its own", () => {
    const files = bundleOf(
      {
        "app.ts": `import { createRequire } from "node:module"; import { dirname } from "node:path"; import { fileURLToPath } from "node:url";
          import asked from "./asked.cjs";
          const require = createRequire(import.meta.url);
          const __dirname = dirname(fileURLToPath(import.meta.url));
          const sep: string = await Promise.resolve(require("node:path").sep);
          export const handler = () => ({ ...asked, own: __dirname, sep });`,
        "asked.cjs": 'exports.dir = __dirname; exports.file = require("path").basename(__filename);',
      },
      { define: { STAGE: '"test"' } },
      "commonjs",
    );
    const folder = join(root, "commonjs", "out");
    mkdirSync(folder);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    // By Node itself: the tests' own loader gives every module these names.
    const main = 'import("./index.mjs").then(({ handler }) => console.log(JSON.stringify(handler())))';
    const said = execFileSync(process.execPath, ["--eval", main], { cwd: folder, encoding: "utf8" });
    expect(JSON.parse(said)).toEqual({ dir: folder, file: "index.mjs", own: folder, sep });
  });

  it("leaves no folder behind", () => {
    const folder = withBundle(
      join(root, "project", "app.ts"),
      { external: ["sharp"], loader: { ".sql": "text" } },
      (at) => at,
    );
    expect(() => readdirSync(folder)).toThrow(/ENOENT/);
  });
});

describe("an entry that cannot be deployed is refused", () => {
  it.each<[string, string, RegExp]>([
    [
      "with a syntax error: file, line and reason",
      "export const handler = (;",
      /app\.ts:1:24[\s\S]*Unexpected ";"|Unexpected ";"[\s\S]*app\.ts:1:24/,
    ],
    [
      "with an import that is not there",
      `import "./gone.ts"; ${HANDLER}`,
      /Could not resolve "\.\/gone\.ts"[\s\S]*app\.ts:1/,
    ],
    ["without a handler", "export const main = 1;", /exports no "handler" but main\..*export const handler = serve/],
    ["with nothing at all", "", /exports no "handler" but nothing/],
    ["with a handler of CommonJS", "module.exports = { handler: 1 };", /exports no "handler" but default/],
  ])("%s", (name, text, message) => {
    expect(() => bundleOf({ "app.ts": text }, {}, name.replaceAll(/\W/g, "-"))).toThrow(message);
  });
});
