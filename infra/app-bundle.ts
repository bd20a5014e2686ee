import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { type BuildFailure, buildSync, formatMessagesSync, type Metafile } from "esbuild";
import { lambdaBundle } from "../lambdas/bundle.ts";
import type { AppBundling } from "./app-props.ts";

/** The file in a Lambda's code, and what it exports. */
export const HANDLER = "index.handler";

/**
 * Bundles an app's entry into a new folder and hands it to `use`; it is gone afterwards. The same sources make the same bytes, wherever
 * they lie.
 *
 * @throws Error with file, line and reason when the code cannot be bundled, or has no `handler`
 */
export function withBundle<T>(entry: string, bundling: AppBundling, use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-app-"));
  try {
    for (const { path, contents } of bundle(resolve(entry), bundling)) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, contents);
    }
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface OutputFile {
  /** From the folder of the entry's own output. */
  readonly path: string;
  readonly contents: Uint8Array;
}

function bundle(
  entry: string,
  { external = [], define, loader, minify = true, sourceMap = false }: AppBundling,
): OutputFile[] {
  const options = lambdaBundle(entry);
  const built = orExplain(entry, () =>
    buildSync({
      ...options,
      external: [...options.external, ...external],
      minify,
      sourcemap: sourceMap ? "linked" : false,
      define: { ...options.define, ...define },
      ...(loader && { loader: { ...loader } }),
      // Paths in comments and source maps are seen from the sources, and tell nothing of this machine. Nothing is written there.
      absWorkingDir: dirname(entry),
      outdir: dirname(entry),
      write: false,
      metafile: true,
    }),
  );
  checkExports(entry, built.metafile);
  return built.outputFiles.map(({ path, contents }) => ({ path: basename(path), contents }));
}

const OUTPUT = "index.mjs";

function orExplain<T>(entry: string, build: () => T): T {
  try {
    return build();
  } catch (error) {
    const { errors = [] } = error as Partial<BuildFailure>;
    if (errors.length === 0) throw error;
    const messages = formatMessagesSync(errors, { kind: "error", color: false });
    throw new Error(`The entry ${entry} cannot be bundled:\n\n${messages.join("\n").trim()}`, { cause: error });
  }
}

function checkExports(entry: string, { outputs }: Metafile): void {
  const exported = outputs[OUTPUT]?.exports ?? [];
  if (exported.includes("handler")) return;
  throw new Error(
    `The entry ${entry} exports no "handler" but ${exported.join(", ") || "nothing"}. ` +
      "Write: export const handler = serve({ client, functions });",
  );
}
