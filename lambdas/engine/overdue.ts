/** What an overdue run had waited for, told from what is stored of it: for the operator, never for a decision about the run. */
import type { Overdue, StepKind, StepMemo, Sweep, WaitedFor } from "../../sdk/protocol/index.ts";
import type { RunHeader } from "./types.ts";

/** Wakes by the sweeper that a run's header keeps, and characters of the names in them: it stays under 1 KB. */
const SWEEPS_KEPT = 3;
const NAME_CHARS_MAX = 32;

const BY_STEP: Readonly<Record<StepKind, WaitedFor>> = {
  sleep: "sleep",
  waitForEvent: "event",
  waitForSignal: "signal",
  invoke: "invoke",
  run: "retry",
  fetch: "retry",
  "ai.wrap": "retry",
  "ai.infer": "retry",
  sendEvent: "retry",
  sendSignal: "retry",
};

/** Of a run that has been due since `due` by the index. */
export function overdueOf(header: RunHeader, steps: Iterable<StepMemo>, due: number): Overdue {
  if (header.owner !== undefined) return { waitedFor: "worker", due: header.leaseUntil ?? due };
  if (header.cancel !== undefined) return { waitedFor: "cancel", due };
  if (header.parked === undefined) return { waitedFor: "continuation", due };
  if (header.retryAt === due) return { waitedFor: "retry", due };
  if (header.finishBy === due) return { waitedFor: "deadline", due };
  return ofSteps([...steps], due) ?? { waitedFor: "timer", due };
}

function ofSteps(steps: readonly StepMemo[], due: number): Overdue | undefined {
  const open = steps.filter(({ outcome }) => outcome === undefined);
  // Sleeps that are over stay open: the clock ends them. So it is the one that was over last.
  const timed = open.filter(({ until = Number.POSITIVE_INFINITY }) => until <= due).sort(byEnd)[0];
  if (timed?.until === due) return about(BY_STEP[timed.kind], timed, due);
  const resolved = steps.find(({ outcome, wait, until }) => outcome !== undefined && wait && until === due);
  if (resolved !== undefined) return about("result", resolved, resolved.endedAt ?? due);
  const invoked = open.find(({ kind, until }) => kind === "invoke" && until === undefined);
  if (invoked !== undefined) return about("check", invoked, due);
  // Its time was put off while its function was not deployed.
  return timed && about(BY_STEP[timed.kind], timed, timed.until ?? due);
}

const byEnd = (a: StepMemo, b: StepMemo): number => (b.until ?? 0) - (a.until ?? 0);

const about = (waitedFor: WaitedFor, { id }: StepMemo, due: number): Overdue => ({
  waitedFor,
  step: id,
  due,
});

/** Whether something was lost: a run that only looks after what it has invoked is woken once an hour. */
export const isLost = ({ waitedFor }: Overdue): boolean => waitedFor !== "check";

/** A run's list with one more. */
export function withSweep(sweeps: readonly Sweep[] | undefined, { step, key, ...sweep }: Sweep): readonly Sweep[] {
  const names = { ...(step !== undefined && { step: short(step) }), ...(key !== undefined && { key: short(key) }) };
  return [...(sweeps ?? []), { ...sweep, ...names }].slice(-SWEEPS_KEPT);
}

function short(name: string): string {
  const chars = [...name];
  return chars.length <= NAME_CHARS_MAX ? name : `${chars.slice(0, NAME_CHARS_MAX - 1).join("")}…`;
}

/** Why the sweeper woke a run, as a sentence without its times. */
export function becauseOf({ waitedFor, step, key }: Overdue): string {
  const named = step === undefined ? "" : ` "${step}"`;
  const keyed = key === undefined ? "" : ` for the key "${key}"`;
  switch (waitedFor) {
    case "sleep":
      return `its sleep${named} was over, and no timer came`;
    case "event":
    case "signal":
      return `its wait${named} had timed out, and no timeout came`;
    case "invoke":
      return `its invoke${named} had timed out, and no timeout came`;
    case "check":
      return `it looks once an hour after the function that it has invoked in${named}`;
    case "retry":
      return `the next try of ${step === undefined ? "its handler" : `its step${named}`} was due, and no timer came`;
    case "deadline":
      return "its timeouts.finish was over, and no timer came";
    case "result":
      return `its step${named} had its result, and no wake came`;
    case "cancel":
      return "it was cancelled, and no wake came";
    case "continuation":
      return "it had been passed on, and the message that continues it did not come";
    case "worker":
      return "its worker had died, and no message came to take it over";
    case "slot":
      return `it stood in line for a slot${keyed}, and one was free`;
    case "debounce":
      return `its debounce${keyed} was over, and no timer came`;
    case "batch":
      return `its batch${keyed} was over, and no timer came`;
    case "timer":
      return "it was due, and no timer came";
  }
}
