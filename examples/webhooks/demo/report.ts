import type { RunView } from "stepwell";
import { expectedStatus } from "../functions.ts";
import { count } from "./format.ts";
import type { Screen } from "./screen.ts";
import { type Outcome, type Section, summarize } from "./summary.ts";
import { timelineOf } from "./timeline.ts";
import { complaints } from "./verdict.ts";

/** A heading, and lines under it. */
export function printSection(screen: Screen, { title, lines }: Section): void {
  screen.print(`\n${screen.bold(title)}`);
  for (const line of lines) screen.print(`  ${line}`);
}

/** The tables, then the timeline of one run of a function. */
export function printReport(screen: Screen, outcome: Outcome, functionId: string): void {
  for (const section of summarize(outcome)) printSection(screen, section);
  const run = outcome.runs.find((one) => one.functionId === functionId);
  if (run !== undefined)
    printSection(screen, { title: `One run of ${functionId}, step by step`, lines: timelineOf(run) });
}

/** What is to be judged. */
export interface Case {
  readonly runs: readonly RunView[];
  readonly troubles: readonly string[];
  /** Whatever else is not as it should be. */
  readonly others: readonly string[];
  readonly elapsed: string;
}

/** Whether all is well, in a sentence. Returns the exit code. */
export function printVerdict(screen: Screen, { runs, troubles, others, elapsed }: Case): number {
  if (troubles.length > 0) screen.print("\nWarnings and errors in the engine's log:");
  for (const line of troubles) screen.print(`  ${line}`);
  const wrong = [...complaints(runs, expectedStatus), ...others];
  if (wrong.length === 0) {
    screen.print(`\n${screen.green("✔")} Every run ended as it should${meantToFail(runs)}. This took ${elapsed}.`);
    return 0;
  }
  screen.print(`\n${screen.red("✘")} Not as it should be, after ${elapsed}:`);
  for (const line of wrong) screen.print(`  ${line}`);
  return 1;
}

function meantToFail(runs: readonly RunView[]): string {
  const failed = runs.filter(({ status }) => status === "failed");
  const functionIds = new Set(failed.map(({ functionId }) => functionId));
  return failed.length === 0 ? "" : `; ${count(failed.length)} had to fail (${[...functionIds].join(", ")})`;
}
