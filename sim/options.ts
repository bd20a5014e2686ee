import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";

export const HELP = `Usage: npm run sim -- [options]

Plays random stories against the engine on the local cloud, with faults, and judges them: by the auditor, which checks the laws of
ARCHITECTURE.md from the tables alone; by what the functions have seen; and by what each story must come to. A seed decides everything: the
story, in which order processes make their AWS calls, and what goes wrong: calls that fail, are repeated, slow or lost, processes that die
or stand still, messages that are late or come twice, clocks that are off. The same seed goes the same way each time, on any machine.

  --seeds <n>        how many seeds (default: 500)
  --from <n>         the first of them (default: 1)
  --seed <n>         only this one, in this process
  --trace            with --seed: prints all that happens
  --workload <name>  only stories of this family (default: all in turn)
  --jobs <n>         processes that play at the same time (default: one for each core)
  --json             prints the summary as JSON
  --help             this text

A story that breaks a law is told in its shortest form: whatever it fails without is left out. The first three are.
Exit code: 0 when all laws hold, 1 when one was broken, 2 when an option makes no sense.

Workloads: `;

export interface SimOptions {
  readonly help: boolean;
  readonly seeds: number;
  readonly from: number;
  /** Only this one. */
  readonly seed?: number;
  readonly trace: boolean;
  readonly workload?: string;
  readonly jobs: number;
  readonly json: boolean;
}

/** @throws Error with a message for people when an option is unknown or its value makes no sense */
export function readOptions(args: readonly string[], names: readonly string[]): SimOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: "string", default: "500" },
      from: { type: "string", default: "1" },
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      workload: { type: "string" },
      jobs: { type: "string", default: String(availableParallelism()) },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { seed, workload, trace, json, help } = values;
  if (workload !== undefined && !names.includes(workload))
    throw new Error(`There is no workload '${workload}'. There are: ${names.join(", ")}.`);
  if (trace && seed === undefined) throw new Error("--trace prints what happens in one story: say which by --seed.");
  return {
    help,
    trace,
    json,
    seeds: whole("--seeds", values.seeds, 1),
    from: whole("--from", values.from, 0),
    jobs: whole("--jobs", values.jobs, 1),
    ...(seed !== undefined && { seed: whole("--seed", seed, 0) }),
    ...(workload !== undefined && { workload }),
  };
}

function whole(name: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() !== "" && Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`${name} takes a whole number from ${least} up, not '${text}'.`);
}
