import { parseArgs } from "node:util";

export const HELP = `Usage: npm run bench -- [options]

Measures the engine in this process, on the machine's clock, over the real AWS SDK and the local cloud. Prints a table; aims are shown
beside their figures, and never fail the command.

  --only <names>   workloads to run, such as W1,W3 (default: all)
  --runs <n>       measured rounds of each after one warm-up; medians are of these (default: 5)
  --json <file>    writes all figures there as well
  --help           this text

Where the time goes: node --cpu-prof --cpu-prof-dir <folder> bench/main.ts --only W1
`;

export interface BenchOptions {
  readonly help: boolean;
  /** All when undefined. */
  readonly only?: readonly string[];
  readonly runs: number;
  readonly json?: string;
}

/** @throws Error with a message for people when an option is unknown or its value makes no sense */
export function readOptions(args: readonly string[], names: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", default: false },
      only: { type: "string" },
      runs: { type: "string", default: "5" },
      json: { type: "string" },
    },
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1)
    throw new Error(`--runs takes a whole number from 1 up, not '${values.runs}'.`);
  const only = values.only?.split(",").map((name) => name.trim());
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no workload '${unknown}'. There are: ${names.join(", ")}.`);
  return {
    help: values.help,
    runs,
    ...(only !== undefined && { only }),
    ...(values.json !== undefined && { json: values.json }),
  };
}
