import type { RunHeader } from "./types.ts";

export interface CrashCount {
  readonly crashes: number;
  readonly mark: number;
}

/** A lease that ended instead of being given back is a crash. The count starts over whenever the memo has grown (L4). */
export function countCrash(header: RunHeader, results: number): CrashCount {
  const same = header.crashMark === results;
  return { crashes: same ? (header.crashes ?? 0) + 1 : 1, mark: results };
}

/** What to do after `crashes` in a row with `attempts` tries allowed. */
export type CrashVerdict = "parallel" | "oneByOne" | "failRun";

/**
 * After a crash the suspects run one at a time, so that one poison step fails alone: the step that would run next counts the crashes
 * as its tries, and fails when they are used up. If the run dies even then, it was the code between the steps, and the run fails.
 */
export function judgeCrashes(crashes: number, attempts: number): CrashVerdict {
  if (crashes === 0) return "parallel";
  return crashes <= attempts ? "oneByOne" : "failRun";
}
