import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Entry {
  readonly runId: string;
  readonly what: "begun" | "ended" | "between";
  readonly step: string;
  readonly pid: number;
  readonly at: number;
}

/** How a test cleans up; tests that run side by side have one each. */
export type OnFinished = (tidy: () => void | Promise<void>) => void;

/** A folder that is gone after the test. */
export function temporaryFolder(onTestFinished: OnFinished): string {
  const folder = mkdtempSync(join(tmpdir(), "stepwell-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What an app has written so far: it is whole lines, whenever it was killed. */
export const readJournal = (file: string): readonly Entry[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .trim()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Entry)
    : [];

/** Steps and how often their bodies began, of one run. */
export const executions = (journal: readonly Entry[], runId: string): Readonly<Record<string, number>> => {
  const begun = journal.filter((entry) => entry.runId === runId && entry.what === "begun");
  return Object.fromEntries([...Map.groupBy(begun, ({ step }) => step)].map(([step, all]) => [step, all.length]));
};

/** Processes take their time: a condition is looked at until it holds. */
export async function until(what: string, holds: () => unknown | Promise<unknown>, patienceMs = 60_000): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited in vain for this: ${what}`);
    await pause(10);
  }
}

export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
