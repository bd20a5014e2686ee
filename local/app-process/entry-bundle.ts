import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import type { BuildResult, Message } from "esbuild";
import { localBundle } from "../../lambdas/bundle.ts";
import { StepwellError } from "../../sdk/protocol/index.ts";

/** What came of a build of the entry. */
export type Build = { readonly ok: true; readonly file: string } | { readonly ok: false; readonly problem: string };

export interface EntryBundle {
  /** The first build's file. */
  readonly file: string;
  /** Calls for each later build whose outcome is another one than that of the build before. */
  onChange(listener: (build: Build) => void): void;
  /** Stops watching. */
  close(): Promise<void>;
}

/**
 * Bundles an app's entry as for a deploy, into `folder`, again whenever one of its files changes. Each version is a file of its own.
 *
 * @throws StepwellError `STEPWELL_ENTRY_FAILED` with every problem's place when it cannot be built
 */
export async function bundleEntry(entry: string, folder: string): Promise<EntryBundle> {
  // Loaded when it is needed: clouds whose functions are in this process have no use for it.
  const { context } = await import("esbuild");
  const first = Promise.withResolvers<Build>();
  let missed: Build | undefined;
  let isFirst = true;
  let changed = (build: Build) => {
    if (isFirst) first.resolve(build);
    else missed = build;
    isFirst = false;
  };
  let [last, versions] = ["", 0];
  const onEnd = async (result: BuildResult) => {
    const [output] = result.outputFiles ?? [];
    const key = result.errors.length > 0 ? problemOf(result.errors) : (output?.hash ?? "");
    if (key === last) return;
    last = key;
    if (result.errors.length > 0 || output === undefined) return changed({ ok: false, problem: key });
    const file = join(folder, `app-${++versions}.mjs`);
    await writeFile(file, output.contents);
    changed({ ok: true, file });
  };
  const builds = await context({
    ...localBundle(),
    entryPoints: [entry],
    outfile: join(folder, "app.mjs"),
    write: false,
    // The sources are at hand: the map is half the size without them, and read sooner.
    sourcesContent: false,
    plugins: [{ name: "stepwell", setup: (build) => build.onEnd(onEnd) }],
  });
  await builds.watch();
  const build = await first.promise;
  if (!build.ok) {
    await builds.dispose();
    throw entryBroken(build.problem);
  }
  const onChange = (listener: (build: Build) => void) => {
    changed = listener;
    if (missed !== undefined) listener(missed);
  };
  return { file: build.file, onChange, close: () => builds.dispose() };
}

export const entryBroken = (problem: string) =>
  new StepwellError("STEPWELL_ENTRY_FAILED", `The app's entry cannot be built:\n${problem}`);

const problemOf = (errors: readonly Message[]): string =>
  errors.map(({ text, location }) => `${location === null ? "" : `${placeOf(location)}: `}${text}`).join("\n");

const placeOf = ({ file, line, column }: NonNullable<Message["location"]>): string =>
  `${relative("", file)}:${line}:${column + 1}`;
