import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { Failure } from "./failure.ts";

/**
 * Packs the stepwell that is running into a folder, and returns the file's name. A new app depends on that file: the name of the package
 * may belong to somebody else in a registry.
 */
export async function packStepwell(folder: string): Promise<string> {
  const root = dirname(createRequire(import.meta.url).resolve("stepwell/package.json"));
  if (!existsSync(join(root, "dist", "cli", "bin.js")))
    throw new Failure(`The stepwell in ${root} has not been built.`, { advice: "Run `npm run build` there." });
  // Elsewhere first: if it fails, the new folder has not been touched.
  const packed = await mkdtemp(join(tmpdir(), "stepwell-pack-"));
  try {
    await npm(root, ["pack", "--ignore-scripts", "--silent", "--pack-destination", packed]);
    const [file] = await readdir(packed);
    if (file === undefined) throw new Failure("npm pack has made no file.");
    await mkdir(folder, { recursive: true });
    await copyFile(join(packed, file), join(folder, file));
    return file;
  } finally {
    await rm(packed, { recursive: true, force: true });
  }
}

async function npm(cwd: string, args: readonly string[]): Promise<void> {
  // On Windows npm is a script of the shell.
  const shell = process.platform === "win32";
  await promisify(execFile)("npm", args, { cwd, shell }).catch((cause: Error & { readonly stderr?: string }) => {
    const advice = "It has to be on the PATH, as it comes with Node.";
    throw new Failure(`npm ${args[0]} failed: ${cause.stderr?.trim() || cause.message}`, { advice, cause });
  });
}
