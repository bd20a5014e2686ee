import type { Story, Workload } from "../../sim/contract.ts";
import { type Plan, planOf } from "../../sim/plan.ts";
import { type Broken, type Result, simulate } from "../../sim/simulate.ts";
import { taskOf } from "../../sim/task.ts";
import { workloads } from "../../sim/workloads/index.ts";

/** What a seed tells, of the workload whose turn it is. */
export function storyOf(seed: number, name?: string): { readonly story: Story; readonly plan: Plan } {
  const task = taskOf(seed, name, false);
  return planOf(workloads.find((workload) => workload.name === task.workload) as Workload, seed);
}

/** Plays a seed; `change` its plan before. */
export function playSeed(
  seed: number,
  change: (plan: Plan) => Plan = (plan) => plan,
  broken?: Broken,
): Promise<Result> {
  const { story, plan } = storyOf(seed);
  return simulate(story, change(plan), broken);
}
