import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { DoorName } from "../lambdas/contract.ts";

/** This package's folder: where its `package.json` is, seen from the sources as from what is built. */
function packageFolder(from: string): string {
  if (existsSync(join(from, "package.json"))) return from;
  const parent = dirname(from);
  if (parent === from)
    throw new Error("stepwell/cdk: the folder of the package is not found. It cannot be bundled; install it.");
  return packageFolder(parent);
}

/** The folder of a door's built code. @throws Error when it has not been built */
export function doorAsset(door: DoorName, root = packageFolder(import.meta.dirname)): string {
  const folder = join(root, "dist", "assets", door);
  if (existsSync(join(folder, "index.mjs"))) return folder;
  throw new Error(
    `The code of the engine's Lambda "${door}" is not at ${folder}. In a checkout of stepwell, run \`npm run build\`.`,
  );
}
