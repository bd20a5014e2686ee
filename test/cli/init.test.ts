import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { scratch, stepwell } from "./stepwell.ts";

const { version, devDependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ name, parentPath }) => join(parentPath, name).slice(folder.length + 1));

describe("stepwell init", () => {
  it("writes an app of that name, which depends on the stepwell that has written it", async () => {
    const folder = join(scratch(), "book-shop");
    const { code, out, err } = await stepwell(["init", folder]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain(`cd ${folder}\n  npm install\n`);
    expect(filesOf(folder).sort()).toEqual([
      ".gitignore",
      ".npmrc",
      "README.md",
      "cdk.json",
      "infra/main.ts",
      "package.json",
      "src/app.ts",
      "src/client.ts",
      "src/functions/index.ts",
      "src/functions/welcome.ts",
      "src/mail.ts",
      "test/welcome.test.ts",
      "tsconfig.json",
      `vendor/stepwell-${version}.tgz`,
    ]);
    const text = (file: string) => readFileSync(join(folder, file), "utf8");
    expect(filesOf(folder).filter((file) => text(file).includes("my-app"))).toEqual([]);
    expect(text("src/client.ts")).toContain('new Stepwell({ id: "book-shop"');
    const own = JSON.parse(text("package.json"));
    expect(own).toMatchObject({ name: "book-shop", type: "module" });
    expect(own.dependencies).toEqual({ stepwell: `file:vendor/stepwell-${version}.tgz` });
    // What is tried here is what a new app gets.
    expect(devDependencies).toMatchObject(own.devDependencies);
    const packed = gunzipSync(readFileSync(join(folder, "vendor", `stepwell-${version}.tgz`))).toString("latin1");
    expect(packed).toContain("package/dist/cli/bin.js");
  });

  it("takes a name, and a folder with nothing but a repository in it", async () => {
    const cwd = scratch();
    mkdirSync(join(cwd, ".git"));
    const { code, out } = await stepwell(["init", "--name", "other"], { cwd });
    expect(code).toBe(0);
    expect(out).not.toContain("  cd ");
    expect(JSON.parse(readFileSync(join(cwd, "package.json"), "utf8")).name).toBe("other");
  });

  it("leaves a folder alone that has something in it, and says what", async () => {
    const cwd = scratch();
    writeFileSync(join(cwd, "thesis.tex"), "");
    const { code, out, err } = await stepwell(["init", ".", "--name", "app"], { cwd });
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("is not empty: thesis.tex.");
    expect(readdirSync(cwd)).toEqual(["thesis.tex"]);
  });

  it("makes nothing when the folder's name cannot be an app's", async () => {
    const folder = join(scratch(), "2 Fast");
    const { code, err } = await stepwell(["init", folder]);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining("Give it with --name.") });
    expect(existsSync(folder)).toBe(false);
  });
});

const isFull = process.env.INIT === "full";
const title =
  "a new app installs, passes its tests and its types, and is synthesized, with the machine's own Node first";

it.skipIf(!isFull)(
  isFull ? title : `${title} (takes minutes and a registry: npm run check:init)`,
  { timeout: 900_000 },
  async () => {
    const cwd = join(scratch(), "full-app");
    expect(await stepwell(["init", cwd])).toMatchObject({ code: 0 });
    const PATH = (process.env.PATH ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
    const env = { PATH: PATH.join(delimiter), HOME: process.env.HOME, CI: "true" };
    const run = async (line: string) => {
      const [program = "", ...args] = line.split(" ");
      const { stdout } = await promisify(execFile)(program, args, { cwd, env, shell: process.platform === "win32" });
      return stdout;
    };
    await run("npm install");
    expect(await run("npm test")).toMatch(/pass 2\n/);
    await run("npx tsc --noEmit");
    expect(await run("npx stepwell doctor src/app.ts --port 0")).toMatch(/✓ entry .*"full-app" with welcome/);
    await run("npx cdk synth --quiet");
    expect(readdirSync(join(cwd, "cdk.out"))).toContain("full-app.template.json");
  },
);
