import type { RunView, StepView } from "stepwell";

/**
 * How late each sleep of a run woke, in ms: from the time when it was due (`endedAt` of a sleep) to the first thing that happened in
 * the run after it.
 */
export function wakeUpLateness(run: RunView): readonly number[] {
  return run.steps.flatMap((step) => latenessOf(step, run) ?? []);
}

export function latenessOf(step: StepView, run: RunView): number | undefined {
  const due = step.endedAt;
  if (step.kind !== "sleep" || step.status !== "completed" || due === undefined) return undefined;
  const moments = [...run.steps.map(({ startedAt }) => startedAt), run.endedAt ?? Number.POSITIVE_INFINITY];
  const next = Math.min(...moments.filter((moment) => moment >= due));
  return Number.isFinite(next) ? next - due : undefined;
}
