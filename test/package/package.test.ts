import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entries, openProject, type Project } from "./project.ts";

/** As `npm test` has built it. */
let project: Project;
beforeAll(async () => {
  project = await openProject(join(import.meta.dirname, "app"));
  const names = entries.filter((entry) => entry !== CDK);
  const lines = names.map((entry, index) => `import * as e${index} from "${entry}";`);
  const used = `export const all: readonly object[] = [${names.map((_, index) => `e${index}`).join(", ")}];`;
  writeFileSync(join(project.folder, "entries.ts"), [...lines, used, ""].join("\n"));
}, 120_000);
afterAll(() => project.remove());

const CDK = "stepwell/cdk";
const APP = ["client.ts", "functions.ts", "handler.ts", "try-it.ts", "entries.ts"];
const RESOLUTIONS = [
  { moduleResolution: "bundler", module: "esnext" },
  { moduleResolution: "nodenext", module: "nodenext" },
];

describe("the packed package", () => {
  it("has nothing that publint finds fault with", async () => {
    const { messages } = await publint({ pkgDir: project.installed, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  it("has types that fit its code, at every entry", async () => {
    const result = await checkPackage(createPackageFromTarballData(project.tarball));
    if (result.types === false) throw new Error("The package has no types.");
    const typed = Object.keys(result.entrypoints).map((path) => path.replace(".", "stepwell"));
    expect(typed).toEqual(expect.arrayContaining(entries));
    // ESM alone, behind `exports`: resolution without them knows no entry, and a CommonJS module loads it by `require`, as Node 22.12 can.
    const wrong = result.problems.filter(({ kind, ...problem }) => {
      const resolution = "resolutionKind" in problem ? problem.resolutionKind : undefined;
      return resolution !== "node10" && !(resolution === "node16-cjs" && kind === "CJSResolvesToESM");
    });
    expect(wrong).toEqual([]);
  }, 120_000);

  it.each(["import", "require"])(
    "is loaded by %s, at every entry",
    async (how) => {
      const load = how === "import" ? "await import(name)" : "require(name)";
      const text = `for (const name of ${JSON.stringify(entries)}) console.log(name, Object.keys(${load}).length > 0);`;
      const type = how === "import" ? "module" : "commonjs";
      const said = await project.run("--no-warnings", `--input-type=${type}`, "--eval", text);
      expect(said.split("\n")).toEqual(entries.map((entry) => `${entry} true`));
    },
    60_000,
  );
});

describe("a strict user's project", () => {
  // Not skipping the declarations: those of the package itself are looked at too.
  it.each(RESOLUTIONS)(
    "compiles under $moduleResolution",
    async (resolution) => {
      expect(await project.check({ ...resolution, skipLibCheck: false }, APP)).toBe("");
    },
    120_000,
  );

  it("compiles with its constructs", async () => {
    expect(await project.check({ ...RESOLUTIONS[1], skipLibCheck: true }, ["deploy.ts"])).toBe("");
  }, 120_000);

  it("is told what is wrong", async () => {
    const text = `import { stepwell } from "./client.ts";
      await stepwell.send({ name: "shop/order.placed", data: { orderId: "o1" }, user: { id: "u" } });`;
    writeFileSync(join(project.folder, "wrong.ts"), text);
    const said = await project.check({ ...RESOLUTIONS[1], skipLibCheck: true }, ["wrong.ts"]);
    expect(said).toContain("Property 'total' is missing");
  }, 120_000);

  it("runs", async () => {
    const text = 'import { tryIt } from "./try-it.ts"; console.log(await tryIt());';
    expect(await project.run("--no-warnings", "--input-type=module", "--eval", text)).toBe("shipped");
  }, 60_000);
});
