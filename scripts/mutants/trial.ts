import { execFile, execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Mutant } from "./patches.ts";

/**
 * What became of a removed guard: noticed by an assertion; not noticed; noticed by something else, such as an error or a timeout, which
 * proves nothing; or it could not be removed, since the patch does not apply any more.
 */
export type Verdict = "found" | "survived" | "no assertion" | "does not apply";

export interface Trial {
  readonly mutant: Mutant;
  readonly verdict: Verdict;
  /** The test that failed, or why there is no such thing. */
  readonly about: string;
  readonly seconds: number;
}

/** A test that takes so long turns in circles, in ms. */
const PATIENCE_MS = 240_000;

/** What a copy need not have. */
const LEFT_OUT = new Set(["node_modules", "dist", ".git", "cdk.out", ".stepwell", "coverage"]);

/** Tries one mutant in a copy of the sources, which is gone afterwards. */
export async function tryMutant(root: string, mutant: Mutant): Promise<Trial> {
  const began = performance.now();
  const copy = mkdtempSync(join(tmpdir(), `stepwell-${mutant.name}-`));
  try {
    const judged = await judge(root, copy, mutant);
    return { mutant, ...judged, seconds: (performance.now() - began) / 1_000 };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Tests that fail with all guards in place, by name. */
export async function failuresWithout(root: string, tests: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-mutants-"));
  try {
    const failures = failuresOf(await runTests(root, tests, join(folder, "report.json")));
    return failures.map(({ name, message }) => `${name}: ${firstLine(message)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judge(root: string, copy: string, mutant: Mutant): Promise<Pick<Trial, "verdict" | "about">> {
  cpSync(root, copy, { recursive: true, filter: (source) => !LEFT_OUT.has(basename(source)) });
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"), "junction");
  const refusal = applyPatch(copy, mutant.patch);
  if (refusal !== undefined) return { verdict: "does not apply", about: refusal };
  const failures = failuresOf(await runTests(copy, [mutant.test], join(copy, "report.json")));
  if (failures.length === 0) return { verdict: "survived", about: "all tests pass" };
  const asserted = failures.find(({ message }) => /^AssertionError\b/.test(message));
  if (asserted !== undefined) return { verdict: "found", about: asserted.name };
  return { verdict: "no assertion", about: firstLine(failures[0]?.message ?? "") };
}

/** Undefined, or what git says. */
export function applyPatch(folder: string, patch: string, check = false): string | undefined {
  try {
    // A copy may lie in a repository of somebody else's: git is not to look for one.
    const env = { ...process.env, GIT_CEILING_DIRECTORIES: join(folder, "..") };
    execFileSync("git", ["apply", ...(check ? ["--check"] : []), patch], { cwd: folder, env, stdio: "pipe" });
    return undefined;
  } catch (error) {
    return firstLine(String((error as { stderr?: Buffer }).stderr ?? error));
  }
}

/** A failing test is what is asked for: the report counts, not the exit code. Undefined: there is none. */
async function runTests(folder: string, tests: readonly string[], report: string): Promise<Report | undefined> {
  const vitest = join(folder, "node_modules/vitest/vitest.mjs");
  const args = [vitest, "run", "--reporter=json", `--outputFile=${report}`, ...tests];
  const options = { cwd: folder, timeout: PATIENCE_MS * tests.length, maxBuffer: 1e8 };
  await new Promise<void>((resolve) => execFile(process.execPath, args, options, () => resolve()));
  return existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as Report) : undefined;
}

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

interface Failure {
  readonly name: string;
  readonly message: string;
}

/** A file that cannot be loaded, or a run that does not end, is a failure too, though not by an assertion. */
function failuresOf(report: Report | undefined): readonly Failure[] {
  if (report === undefined) return [{ name: "vitest", message: "The test did not come to an end." }];
  return report.testResults.flatMap(({ name, status, message = "", assertionResults }) => {
    const failed = assertionResults.filter((result) => result.status === "failed");
    if (failed.length === 0 && status === "failed")
      return [{ name: basename(name), message: message || "It cannot be loaded." }];
    return failed.flatMap(({ fullName, failureMessages = [] }) =>
      failureMessages.map((text) => ({ name: fullName, message: text })),
    );
  });
}

const firstLine = (text: string): string => text.split("\n")[0] ?? "";
