import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { Mutant } from "./patches.ts";

export const HELP = `Usage: npm run mutants -- [options]

Removes one guard of the engine at a time (each patch of test/mutants, in a copy of the sources), and runs the named test of its fault,
which has to fail by an assertion. Prints a table, and writes the one in docs/faults.md. Exit code 1 when a removed guard is not noticed,
when a patch does not apply any more, or when a test fails with all guards in place.

  --only <names>   faults or patches, such as FI-03,fi-12-b (default: all)
  --jobs <n>       mutants at a time (default: the machine's cores)
  --help           this text
`;

export interface MutantOptions {
  readonly help: boolean;
  /** Ids of faults and names of patches; all when undefined. */
  readonly only?: readonly string[];
  readonly jobs: number;
}

/** @throws Error with a message for people when an option is unknown or its value makes no sense */
export function readOptions(args: readonly string[], mutants: readonly Pick<Mutant, "name" | "id">[]): MutantOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      only: { type: "string" },
      jobs: { type: "string", default: String(availableParallelism()) },
    },
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1)
    throw new Error(`--jobs takes a whole number from 1 up, not '${values.jobs}'.`);
  const known = [...new Set(mutants.flatMap(({ id, name }) => [id, name]))];
  const only = values.only?.split(",").map((given) => {
    const name = known.find((one) => one.toLowerCase() === given.trim().toLowerCase());
    if (name === undefined) throw new Error(`There is no mutant '${given}'. There are: ${known.join(", ")}.`);
    return name;
  });
  return { help: values.help, jobs, ...(only !== undefined && { only }) };
}
