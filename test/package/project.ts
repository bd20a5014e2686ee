import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packStepwell } from "../../cli/pack.ts";

export const root = join(import.meta.dirname, "..", "..");
const run = promisify(execFile);

/** What the package's own package.json says. */
export const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
};

/** `stepwell`, `stepwell/lambda`, …: everything that can be imported. */
export const entries = Object.keys(manifest.exports)
  .filter((path) => path !== "./package.json")
  .map((path) => path.replace(".", "stepwell"));

/** An empty project with the packed package in its `node_modules`, and beside it what its package.json asks for. */
export interface Project {
  readonly folder: string;
  /** The package as it is published. */
  readonly tarball: Uint8Array;
  /** Where it has been unpacked. */
  readonly installed: string;
  /** Says what the compiler has to say, which is nothing when all is well. */
  check(options: object, files: readonly string[]): Promise<string>;
  /** What a program in it prints. */
  run(...args: string[]): Promise<string>;
  remove(): void;
}

/** What is of the user's own choice. */
const OWN_CHOICE = ["@types/node", "zod", "typescript"];

export async function openProject(app: string): Promise<Project> {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-project-"));
  const file = join(folder, await packStepwell(folder));
  const installed = join(folder, "node_modules", "stepwell");
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", file, "-C", installed, "--strip-components", "1"]);
  const { dependencies, peerDependencies } = manifest;
  for (const name of [...Object.keys({ ...dependencies, ...peerDependencies }), ...OWN_CHOICE]) {
    const link = join(folder, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(root, "node_modules", name), link, "junction");
  }
  cpSync(app, folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "my-app", private: true, type: "module" }));
  return {
    folder,
    installed,
    tarball: readFileSync(file),
    check: async (options, files) => {
      writeFileSync(
        join(folder, "tsconfig.json"),
        JSON.stringify({ compilerOptions: { ...STRICT, ...options }, files }),
      );
      return compile(folder);
    },
    run: async (...args) => (await run(process.execPath, args, { cwd: folder })).stdout.trim(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** What the compiler says of the project in a folder. */
export async function compile(folder: string, ...flags: string[]): Promise<string> {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const args = [tsc, "--project", join(folder, "tsconfig.json"), ...flags];
  const said = await run(process.execPath, args, { cwd: folder }).catch((error) => error as { stdout: string });
  return said.stdout;
}

/** The strictest that a careful user writes. */
export const STRICT = {
  target: "es2024",
  lib: ["es2024", "esnext.disposable"],
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  noEmit: true,
};
