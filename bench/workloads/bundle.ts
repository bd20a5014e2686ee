import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Metafile } from "esbuild";
import { lambdaBundle } from "../../lambdas/bundle.ts";
import { median } from "../statistics.ts";
import { type Figure, unshared, type Workload } from "../workload.ts";

const ENTRY = fileURLToPath(new URL("../hello-world.ts", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROCESSES = 15;

/** What an app's Lambda loads at its start, and what it loads when it is first needed. Every time is of a fresh process. */
export const bundle: Workload = {
  name: "bundle",
  title: "a hello-world app's Lambda",
  exact: true,
  open: async () =>
    unshared(async () => {
      const folder = mkdtempSync(join(tmpdir(), "stepwell-bench-"));
      try {
        return await measure(folder);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }),
};

async function measure(folder: string): Promise<readonly Figure[]> {
  const code = join(folder, "code");
  const { metafile } = await build({ ...lambdaBundle(ENTRY), outdir: code, absWorkingDir: folder, metafile: true });
  // Stands in for the Lambda runtime's own copy of the SDK.
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"), "junction");
  const urlOf = (file: string) => pathToFileURL(join(folder, file)).href;
  const app = urlOf("code/index.mjs");
  const load = (client: string) => loadTime(folder, urlOf(fileWith(metafile, client)), app);
  const sizes = readdirSync(code).map((file) => statSync(join(code, file)).size);
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0);
  return [
    { name: "size of all files", unit: "bytes", value: size, aim: { atMost: 620_000 } },
    { name: "load", unit: "ms", value: loadTime(folder, app) },
    { name: "first wait: the Step Functions client", unit: "ms", value: load("@aws-sdk/client-sfn") },
    { name: "first sleep over 15 min: Scheduler's", unit: "ms", value: load("@aws-sdk/client-scheduler") },
    { name: "first large payload: S3's, unbundled", unit: "ms", value: loadTime(folder, "@aws-sdk/client-s3", app) },
  ];
}

/** The file of the bundle that a package lies in. */
function fileWith({ outputs }: Metafile, name: string): string {
  const found = Object.entries(outputs).find(([, { inputs }]) =>
    Object.keys(inputs).some((input) => input.includes(`/${name}/`)),
  );
  if (found === undefined) throw new Error(`The bundle has no ${name}.`);
  return found[0];
}

/** Median time of an import in a process that has loaded `after`. */
function loadTime(cwd: string, module: string, after = "node:process"): number {
  const code =
    `await import(${JSON.stringify(after)}); const start = performance.now(); ` +
    `await import(${JSON.stringify(module)}); console.log(performance.now() - start)`;
  return median(
    Array.from({ length: PROCESSES }, () => {
      const args = ["--input-type=module", "--eval", code];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
      return Number(stdout);
    }),
  );
}
