/** The simulator: `npm run sim -- --help`. */
import { Crew } from "./crew.ts";
import { HELP, readOptions, type SimOptions } from "./options.ts";
import { planOf } from "./plan.ts";
import { Progress } from "./progress.ts";
import { shrink } from "./shrink.ts";
import { simulate } from "./simulate.ts";
import { renderFailure, renderSummary, type Summary, summarize } from "./summary.ts";
import { type Report, reportOf, type Task, taskOf } from "./task.ts";
import { tellFailure, tellTrace, tellUnrepeated } from "./tell.ts";
import { workloads } from "./workloads/index.ts";

/** So many failing stories are told. */
const TOLD_MAX = 3;

const names = workloads.map(({ name }) => name);

async function playAll({ seeds, from, workload, jobs }: SimOptions): Promise<Summary> {
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1_000;
  const reports: Report[] = [];
  const failed: Report[] = [];
  const progress = new Progress(process.stderr, seeds);
  const onReport = (report: Report) => {
    reports.push(report);
    if (report.findings.length > 0) {
      failed.push(report);
      progress.note(renderFailure(report));
    }
    const rate = (reports.length / seconds()).toFixed(1);
    const text = `${reports.length} of ${seeds} seeds, ${rate} a second, ${failed.length} broke a law`;
    progress.show(reports.length, text);
  };
  await new Crew(tasks(seeds, from, workload), onReport).work(jobs);
  progress.end();
  const toTell = failed.toSorted((a, b) => a.seed - b.seed).slice(0, TOLD_MAX);
  const retold = toTell.map(({ seed, ...of }) => taskOf(seed, of.workload, true));
  const tell = (again: Report) => {
    const { told, findings, seed } = again;
    if (told !== undefined) process.stdout.write(told);
    else if (findings.length > 0) process.stdout.write(`${findings.map(({ text }) => text).join("\n")}\n`);
    else
      for (const first of toTell.filter((one) => one.seed === seed)) process.stdout.write(tellUnrepeated(first, again));
  };
  await new Crew(retold, tell).work(1);
  return summarize(reports, seconds());
}

function* tasks(seeds: number, from: number, workload: string | undefined): Generator<Task> {
  for (let seed = from; seed < from + seeds; seed++) yield taskOf(seed, workload, false);
}

/** One story, here. */
async function playOne(seed: number, options: SimOptions): Promise<Summary> {
  const began = performance.now();
  const task = taskOf(seed, options.workload, true);
  const workload = workloads.find(({ name }) => name === task.workload);
  if (workload === undefined) throw new Error(`There is no workload '${task.workload}'.`);
  const { story, plan } = planOf(workload, seed);
  const result = await simulate(story, plan);
  if (options.trace) process.stdout.write(`${result.about}\n${tellTrace(result)}${result.hash}\n\n`);
  if (result.findings.length > 0) process.stdout.write(tellFailure(result, await shrink(story, result)));
  return summarize([reportOf(result)], (performance.now() - began) / 1_000);
}

async function main(): Promise<number> {
  let options: SimOptions;
  try {
    options = readOptions(process.argv.slice(2), names);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${HELP}${names.join(", ")}\n`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(`${HELP}${names.join(", ")}\n`);
    return 0;
  }
  const summary = await (options.seed === undefined ? playAll(options) : playOne(options.seed, options));
  process.stdout.write(options.json ? `${JSON.stringify(summary, undefined, 2)}\n` : renderSummary(summary));
  return summary.failures.length === 0 ? 0 : 1;
}

// A story that hangs must not hold this process up.
process.exit(await main());
