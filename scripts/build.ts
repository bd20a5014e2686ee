/** Builds `dist` from the sources: one clean compile, and the engine's Lambdas, each bundled into one folder. */
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { build } from "esbuild";
import { lambdaBundle } from "../lambdas/bundle.ts";
import { DOORS, type DoorName } from "../lambdas/contract.ts";

const buildDoor = (door: DoorName) =>
  build({
    ...lambdaBundle(`lambdas/${door}/handler.ts`),
    logLevel: "warning",
    outdir: `dist/assets/${door}`,
  });

rmSync("dist", { recursive: true, force: true });
execFileSync("tsc", ["--project", "tsconfig.build.json"], { stdio: "inherit", shell: process.platform === "win32" });
// New apps are made of these files as they are.
cpSync("cli/template", "dist/cli/template", { recursive: true });
await Promise.all(DOORS.map(buildDoor));
