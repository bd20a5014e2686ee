/** Removes guards of the engine, one at a time, and sees that the named tests notice: `npm run mutants -- --help`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FAULTS } from "../test/faults/catalogue.ts";
import { foundIn, replaceTable, tableOf } from "./mutants/document.ts";
import { HELP, type MutantOptions, readOptions } from "./mutants/options.ts";
import { type Mutant, readMutants } from "./mutants/patches.ts";
import { renderTrials } from "./mutants/report.ts";
import { failuresWithout, type Trial, tryMutant } from "./mutants/trial.ts";

const root = join(import.meta.dirname, "..");
const documentPath = join(root, "docs/faults.md");
const progress = (text: string) => void process.stderr.write(`${text}\n`);

/** Tries them all, so many at a time; in the order of the patches. */
async function tryAll(mutants: readonly Mutant[], jobs: number): Promise<readonly Trial[]> {
  const trials: Trial[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    for (let i = next++; i < mutants.length; i = next++) {
      const trial = await tryMutant(root, mutants[i] as Mutant);
      trials[i] = trial;
      done += 1;
      progress(`[${done}/${mutants.length}] ${trial.mutant.name}: ${trial.verdict} (${trial.seconds.toFixed(1)} s)`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, mutants.length) }, work));
  return trials;
}

/** Rows of mutants that were not tried now keep what they say. */
function writeTable(mutants: readonly Mutant[], trials: readonly Trial[]): void {
  const document = readFileSync(documentPath, "utf8");
  const found = new Map(foundIn(document));
  for (const { mutant, verdict } of trials) found.set(mutant.name, verdict === "found" ? "yes" : "**no**");
  writeFileSync(documentPath, replaceTable(document, tableOf(FAULTS, mutants, found)));
}

/** @returns the exit code */
async function run({ only, jobs }: MutantOptions, mutants: readonly Mutant[]): Promise<number> {
  const chosen =
    only === undefined ? mutants : mutants.filter(({ name, id }) => only.includes(name) || only.includes(id));
  const tests = [...new Set(chosen.map(({ test }) => test))];
  progress(`${tests.length} test files as they are …`);
  const failures = await failuresWithout(root, tests);
  if (failures.length > 0) {
    progress(`These tests fail with all guards in place, so that their failing tells nothing:\n${failures.join("\n")}`);
    return 1;
  }
  const trials = await tryAll(chosen, jobs);
  process.stdout.write(renderTrials(trials));
  writeTable(mutants, trials);
  return trials.every(({ verdict }) => verdict === "found") ? 0 : 1;
}

async function main(): Promise<number> {
  const mutants = readMutants(join(root, "test/mutants"));
  let options: MutantOptions;
  try {
    options = readOptions(process.argv.slice(2), mutants);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (!options.help) return run(options, mutants);
  process.stdout.write(HELP);
  return 0;
}

process.exitCode = await main();
