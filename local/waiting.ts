import type { RunView } from "../sdk/protocol/index.ts";

const TERMINAL = new Set<RunView["status"]>(["completed", "failed", "cancelled", "skipped"]);

export const isTerminal = (run: RunView | undefined): run is RunView => run !== undefined && TERMINAL.has(run.status);

const NO_STEP = "no step: its handler is running code that is not a step, or the run's message has not been taken yet";

/** What a run that has not ended waits for, for people. */
export function whatItWaitsFor(run: RunView): string {
  const open = run.steps.filter(({ status }) => !["completed", "failed", "cancelled"].includes(status));
  const steps = open.map(({ id, kind, status }) => `the step "${id}" (${kind}, ${status})`);
  const what = steps.length === 0 ? NO_STEP : steps.join(", ");
  return `The run ${run.id} of "${run.functionId}" is ${run.status}; it waits for ${what}.`;
}
