import type { RunStatus, RunView } from "stepwell";

/** One line for each run that did not end as it should, and for each function without a run. Empty when all is well. */
export function complaints(runs: readonly RunView[], expected: Readonly<Record<string, RunStatus>>): readonly string[] {
  const wrong = runs.filter((run) => run.status !== expected[run.functionId]);
  const idle = Object.keys(expected).filter((id) => !runs.some(({ functionId }) => functionId === id));
  return [
    ...wrong.map(
      (run) =>
        `${run.functionId} ${run.id} is ${run.status}, and should be ${expected[run.functionId] ?? "unknown"}${why(run)}`,
    ),
    ...idle.map((id) => `${id} has no run`),
  ];
}

function why(run: RunView): string {
  if (run.error !== undefined) return `: ${run.error.message}`;
  const open = run.steps.filter(({ endedAt }) => endedAt === undefined).map(({ id, status }) => `"${id}" is ${status}`);
  return open.length === 0 ? "" : `: ${open.join(", ")}`;
}
