/** The reference: the docstrings in the declarations of a build, by api-extractor and api-documenter. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { entryPage, type Pages } from "./pages.ts";

interface Package {
  readonly version: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

interface Entry {
  /** As users import it: `stepwell/http`. */
  readonly entry: string;
  /** As the tools are told. */
  readonly name: string;
  /** Its declarations. */
  readonly types: string;
}

function entriesOf(root: string): readonly Entry[] {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Package;
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === "string"
      ? []
      : [{ entry: path.replace(/^\./, "stepwell"), name: toolName(path), types: join(root, target.types) }],
  );
}

/** The tools take a package's name, and want them to differ. */
const toolName = (path: string): string =>
  path === "." ? "stepwell" : `@stepwell/${path.slice("./".length).replaceAll("/", "-")}`;

/** Writes a page for each entry. @throws Error when an entry has no declarations yet, or cannot be read */
export function writeReference(root: string, folder: string): void {
  const work = mkdtempSync(join(tmpdir(), "stepwell-reference-"));
  try {
    extract(root, work);
    const pages = document(work);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const entries = entriesOf(root).map(({ entry, name }) => ({ entry, file: name.replace("@stepwell/", "") }));
    for (const { entry, file } of entries) writeFileSync(join(folder, `${file}.md`), entryPage(file, entry, pages));
    const list = entries.map(({ entry, file }) => `- [\`${entry}\`](${file}.md)`);
    writeFileSync(
      join(folder, "index.md"),
      `# Reference\n\nMade from the docstrings by \`npm run docs\`.\n\n${list.join("\n")}\n`,
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The pages of api-documenter, one for each name. */
function document(work: string): Pages {
  const out = join(work, "pages");
  const manifest = createRequire(import.meta.url).resolve("@microsoft/api-documenter/package.json");
  execFileSync(process.execPath, [join(dirname(manifest), "bin/api-documenter"), "markdown", "-i", work, "-o", out], {
    stdio: "pipe",
  });
  const text = (file: string) => readFileSync(join(out, file), "utf8").replaceAll("\r\n", "\n");
  return new Map(readdirSync(out).map((file) => [file.replace(/\.md$/, ""), text(file)]));
}

/** A model of each entry. They share one program: most of the time goes into that. */
function extract(root: string, work: string): void {
  const entries = entriesOf(root);
  const configs = entries.map((entry) => configOf(root, work, entry));
  const [first, ...others] = configs;
  if (first === undefined) return;
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: others.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  });
  for (const [i, config] of configs.entries()) {
    const problems: string[] = [];
    Extractor.invoke(config, {
      compilerState,
      localBuild: true,
      messageCallback: (message) => {
        if (message.logLevel === ExtractorLogLevel.Error && message.category === "Compiler")
          problems.push(message.text);
        message.handled = true;
      },
    });
    if (problems.length > 0) throw new Error(`${entries[i]?.name}: ${problems.join("\n")}`);
  }
}

function configOf(root: string, work: string, { name, types }: Entry) {
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    moduleResolution: "nodenext",
    strict: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: ["node"],
  };
  return ExtractorConfig.prepare({
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, "package.json"),
    packageJson: { name, version: "0.0.0" },
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: types,
      compiler: { overrideTsconfig: { compilerOptions, files: [types] } },
      apiReport: { enabled: false },
      docModel: { enabled: true, apiJsonFilePath: join(work, `${name.replaceAll(/\W/g, "-")}.api.json`) },
      dtsRollup: { enabled: false },
    },
  });
}
