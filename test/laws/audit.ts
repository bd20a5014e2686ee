import { type Item, audit as judge, type Snapshot } from "../../audit/index.ts";
import { snapshotOf } from "../../sim/snapshot.ts";
import { APP, type Stage } from "./harness.ts";

export interface Audit {
  readonly problems: readonly string[];
  /** Runs by function. */
  readonly runs: Readonly<Record<string, number>>;
}

/**
 * The laws at rest: by the auditor, from the tables and the queues alone, and by what the code has seen.
 *
 * @param mayLeave whether processes have died that have left something behind until it expires
 */
export async function audit(stage: Stage, { mayLeave = false } = {}): Promise<Audit> {
  const snapshot = await snapshotOf(stage, APP);
  const findings = judge(snapshot, { atRest: true, spotless: !mayLeave });
  const problems = [
    ...findings.map(({ law, text }) => `${text} (${law})`),
    ...handedProblems(stage),
    ...snapshot.items.filter(({ sk }) => sk.startsWith("step#")).flatMap((step) => storedProblems(stage, step)),
    ...stage.swept.map((runId) => `the sweeper had to wake ${runId} (L3)`),
  ];
  return { problems, runs: runsIn(snapshot) };
}

export type { Item };

/** Everything that lies in the table. */
export const allItems = async (stage: Pick<Stage, "aws" | "provisioned">): Promise<readonly Item[]> =>
  (await snapshotOf(stage, APP)).items;

function runsIn({ items }: Snapshot): Readonly<Record<string, number>> {
  const runs: Record<string, number> = {};
  const functions = items.filter(({ sk }) => sk === "header").map(({ functionId }) => String(functionId));
  for (const functionId of functions.sort()) runs[functionId] = (runs[functionId] ?? 0) + 1;
  return runs;
}

/** What is stored is what the code got. */
function storedProblems({ notebook }: Stage, step: Snapshot["items"][number]): string[] {
  const seen = notebook.handed.get(String(step.id));
  if (seen === undefined || step.kind !== "run" || step.outcome !== "ok") return [];
  if (seen.has(String(step.data))) return [];
  return [`the step "${step.id}" has stored ${step.data}, and the code got ${[...seen].join(" and ")} (L1)`];
}

/** Results never change: whatever replay, the code gets the same. */
const handedProblems = ({ notebook }: Stage): string[] =>
  [...notebook.handed].flatMap(([id, seen]) =>
    seen.size > 1 ? [`the code got different results of "${id}": ${[...seen].join(" and ")} (L1)`] : [],
  );
