import type { RunHeader } from "./types.ts";

export interface CrashCount {
  readonly crashes: number;
  readonly mark: number;
}

/**
 * A lease that ended instead of being given back is a crash. The count starts over whenever the memo has grown (L4): `recorded` is
 * the number of tries and results in it. A failed try counts, since it has the crashes before it on record already.
 */
export function countCrash(header: Pick<RunHeader, "crashes" | "crashMark">, recorded: number): CrashCount {
  const same = header.crashMark === recorded;
  return { crashes: same ? (header.crashes ?? 0) + 1 : 1, mark: recorded };
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
