import type { Finding } from "../audit/index.ts";
import type { Workload } from "./contract.ts";
import { severe } from "./judge.ts";
import { planOf } from "./plan.ts";
import { shrink } from "./shrink.ts";
import { type Result, simulate } from "./simulate.ts";
import { tellFailure } from "./tell.ts";
import { workloads } from "./workloads/index.ts";

/** One story to play. */
export interface Task {
  readonly workload: string;
  readonly seed: number;
  /** Whether a failing one is to be told. */
  readonly tell: boolean;
}

/** How it went, as plain data. */
export interface Report {
  readonly workload: string;
  readonly seed: number;
  readonly findings: readonly Finding[];
  /** Faults that struck, by kind. */
  readonly struck: Readonly<Record<string, number>>;
  /** How many of them were more than what is part of every day. */
  readonly severe: number;
  /** How many runs only the sweeper got going again. */
  readonly swept: number;
  readonly runs: number;
  readonly calls: number;
  readonly hash: string;
  /** Whether it has not ended: its process is of no more use. */
  readonly hung: boolean;
  /** The failing story in its shortest form. */
  readonly told?: string;
}

/** Which story a seed tells, if no family is asked for: each in turn. */
export const taskOf = (seed: number, workload: string | undefined, tell: boolean): Task => ({
  seed,
  tell,
  workload: workload ?? (workloads[seed % workloads.length] as Workload).name,
});

export async function perform({ workload: name, seed, tell }: Task): Promise<Report> {
  const workload = workloads.find((one) => one.name === name);
  if (workload === undefined) throw new Error(`There is no workload '${name}'.`);
  const { story, plan } = planOf(workload, seed);
  const result = await simulate(story, plan);
  const report = reportOf(result);
  if (!tell || report.findings.length === 0) return report;
  return { ...report, told: tellFailure(result, await shrink(story, result)) };
}

export function reportOf({ plan, findings, struck, swept, runNames, calls, hash, hung }: Result): Report {
  const kinds: Record<string, number> = {};
  for (const { kind } of struck) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const { workload, seed } = plan;
  const faults = { struck: kinds, severe: severe(struck), swept: swept.length };
  return { workload, seed, findings, ...faults, runs: runNames.size, calls, hash, hung };
}
