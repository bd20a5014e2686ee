/** The contract suite against whatever else claims to be AWS: `npm run conformance -- --help`. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { EMULATORS, type EmulatorName, install, isInstalled } from "./emulators.ts";

const HELP = `Plays test/contract against the local cloud and independent emulators, and prints who keeps what.

  npm run conformance -- --install   installs the emulators that are missing (Java with Maven, Python, npm), then plays
  npm run conformance                plays what is installed
  REMOTE=1 CONTRACT_ROLE=arn:… npm run conformance -- --only remote   a real account (docs/local-cloud.md says what it costs)

  --only a,b   of: local-in-process, local-socket, ${EMULATORS.join(", ")}, remote
  --help
`;

const TARGETS = ["local-in-process", "local-socket", ...EMULATORS, "remote"] as const;
type TargetName = (typeof TARGETS)[number];

interface Options {
  readonly install: boolean;
  readonly help: boolean;
  readonly only: readonly TargetName[];
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: { install: { type: "boolean" }, help: { type: "boolean" }, only: { type: "string" } },
  });
  const only = values.only?.split(",") ?? TARGETS;
  const stranger = only.find((name) => !TARGETS.some((target) => target === name));
  if (stranger !== undefined) throw new Error(`--only: there is no target "${stranger}".`);
  return { install: values.install ?? false, help: values.help ?? false, only: only as readonly TargetName[] };
}

/** What went wrong with those that could not be installed. */
function installMissing(only: readonly TargetName[]): ReadonlyMap<string, string> {
  const failed = new Map<string, string>();
  for (const name of EMULATORS.filter((emulator) => only.includes(emulator))) {
    if (isInstalled(name)) continue;
    process.stderr.write(`installing ${name} …\n`);
    const problem = install(name);
    if (problem !== undefined) failed.set(name, problem);
  }
  return failed;
}

/** What vitest's JSON reporter writes, as far as it matters here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly title: string }[];
  }[];
}

function play(only: readonly TargetName[]): Report {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-conformance-"));
  const file = join(folder, "report.json");
  try {
    const files = only.map((name) => `test/contract/${name}.test.ts`);
    const args = ["run", ...files, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    spawnSync("vitest", args, { stdio: ["ignore", "inherit", "inherit"], shell: process.platform === "win32" });
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One line a target; a sentence that is known to be broken has failed as it should. */
function summarize({ testResults }: Report, failedInstalls: ReadonlyMap<string, string>): string {
  const rows = testResults.map(({ name, assertionResults: tests }) => {
    const target = /([\w-]+)\.test\.ts$/.exec(name)?.[1] ?? name;
    const assertionResults = tests.filter(({ title }) => !title.startsWith("differs from the contract"));
    const count = (status: string, differs: boolean) =>
      assertionResults.filter((test) => test.status === status && test.title.includes(": no, ") === differs).length;
    const skipped = assertionResults.filter(({ status }) => status === "skipped" || status === "pending").length;
    const cells = [
      count("passed", false),
      count("passed", true),
      count("failed", false) + count("failed", true),
      skipped,
    ];
    const why = failedInstalls.get(target);
    return [target.padEnd(18), ...cells.map((cell) => String(cell).padStart(8)), why ? `  ${why}` : ""].join("");
  });
  const head = `${"target".padEnd(18)}${["keeps", "differs", "failed", "skipped"].map((name) => name.padStart(8)).join("")}`;
  return `\n${head}\n${rows.sort().join("\n")}\n`;
}

function main(): number {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const failedInstalls = options.install ? installMissing(options.only) : new Map<EmulatorName, string>();
  const report = play(options.only);
  process.stdout.write(summarize(report, failedInstalls));
  const hasFailed = ({ message, assertionResults }: Report["testResults"][number]) =>
    message !== "" || assertionResults.some(({ status }) => status === "failed");
  return report.testResults.some(hasFailed) ? 1 : 0;
}

process.exitCode = main();
