import type { RunView, WaitingFor } from "../sdk/protocol/index.ts";

const TERMINAL = new Set<RunView["status"]>(["completed", "failed", "cancelled", "skipped"]);

export const isTerminal = (run: RunView | undefined): run is RunView => run !== undefined && TERMINAL.has(run.status);

const NO_STEP = "no step: its handler is running code that is not a step, or the run's message has not been taken yet";

/** What a run that has not ended waits for, for people. */
export function whatItWaitsFor(run: RunView): string {
  const open = run.steps.filter(({ status }) => !["completed", "failed", "cancelled"].includes(status));
  const steps = open.map(({ id, kind, status }) => `the step "${id}" (${kind}, ${status})`);
  const what = queuedFor(run.waitingFor) ?? (steps.length === 0 ? NO_STEP : steps.join(", "));
  return `The run ${run.id} of "${run.functionId}" is ${run.status}; it waits for ${what}.`;
}

/** What holds back a run before it goes on, beside its steps. */
function queuedFor(reason: WaitingFor | undefined): string | undefined {
  switch (reason?.kind) {
    case "concurrency": {
      const { limit, key, held, holders } = reason;
      const ofKey = key === undefined ? "" : ` for the key "${key}"`;
      const ids = holders.map(({ runId }) => runId).join(", ");
      return `a slot of the concurrency limit of ${limit}${ofKey}${held === 0 ? "" : `, held by ${ids}`}`;
    }
    case "throttle":
      return `its throttled start at ${new Date(reason.startsAt).toISOString()}`;
    case "debounce":
    case "batch":
      return `the end of its ${reason.kind} at ${new Date(reason.until).toISOString()}`;
    default:
      return undefined;
  }
}
