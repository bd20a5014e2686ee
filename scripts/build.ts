/** Builds `dist` from the sources: one clean compile, and the engine's Lambdas, each bundled into one file. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { build } from "esbuild";
import { lambdaBundle } from "../lambdas/bundle.ts";
import { DOORS, type DoorName } from "../lambdas/contract.ts";

const buildDoor = (door: DoorName) =>
  build({
    ...lambdaBundle(),
    logLevel: "warning",
    entryPoints: [`lambdas/${door}/handler.ts`],
    outfile: `dist/assets/${door}/index.mjs`,
  });

rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["--project", "tsconfig.build.json"], { stdio: "inherit", shell: process.platform === "win32" });
await Promise.all(DOORS.map(buildDoor));
