/** The benchmark: `npm run bench -- --help`. */
import { writeFileSync } from "node:fs";
import { describeMachine } from "./machine.ts";
import { type Measured, measure } from "./measure.ts";
import { type BenchOptions, HELP, readOptions } from "./options.ts";
import { renderTable } from "./table.ts";
import { workloads } from "./workloads/index.ts";

const progress = (text: string) => void process.stderr.write(`${text}\n`);

async function run({ only, runs, json }: BenchOptions): Promise<void> {
  const measured: Measured[] = [];
  for (const workload of workloads) {
    if (only?.includes(workload.name) ?? true) measured.push(await measure(workload, runs, progress));
  }
  const machine = describeMachine();
  process.stdout.write(renderTable(measured, machine));
  if (json === undefined) return;
  const date = new Date().toISOString();
  writeFileSync(json, `${JSON.stringify({ date, machine, workloads: measured }, undefined, 2)}\n`);
}

async function main(): Promise<number> {
  let options: BenchOptions;
  try {
    options = readOptions(
      process.argv.slice(2),
      workloads.map(({ name }) => name),
    );
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}`);
    return 2;
  }
  if (options.help) process.stdout.write(HELP);
  else await run(options);
  return 0;
}

process.exitCode = await main();
