import type { RunView } from "../sdk/protocol/index.ts";
import { StepwellError } from "../sdk/protocol/index.ts";
import type { LocalAws } from "./aws.ts";
import { HUNG_AFTER_MS } from "./time-driver.ts";
import { isTerminal, whatItWaitsFor } from "./waiting.ts";

/** On a virtual clock `waitForRun` lets at most this much time pass, in ms: longer than any one sleep. */
const PATIENCE_MS = 400 * 86_400_000;
/**
 * A busy invocation is waited for this long in real time; virtual time stands still meanwhile. In ms. Less than the 5 s that test
 * runners give a test, so that the answer comes before they do.
 */
const BUSY_PATIENCE_MS = 4_000;
/** On the real clock runs are looked at this often, in ms: often at first, then less. */
const LOOK_MS_MIN = 2;
const LOOK_MS_MAX = 100;

export interface RunWaiterDeps {
  readonly aws: LocalAws;
  readonly look: (runId: string) => Promise<RunView | undefined>;
  /** Whether a message for this run is on its way. */
  readonly isQueued: (runId: string) => boolean;
  readonly sweep: () => Promise<{ readonly woken: readonly string[] }>;
}

/**
 * Asked on the virtual clock when all that is due now has happened and the run has not ended: `pass` lets time pass to `due` (ms since the
 * epoch; undefined when nothing is due), `look` looks again first, since something has been done, and `stop` ends the waiting.
 */
export type AtRest = (run: RunView | undefined, due: number | undefined) => Promise<"pass" | "look" | "stop">;

/** Waits until a run has ended. */
export function createRunWaiter(deps: RunWaiterDeps) {
  return async (runId: string): Promise<RunView> => {
    if (deps.aws.clock.kind === "real") return watch(deps, runId);
    return (await letTimePass(deps, runId, async () => "pass")) as RunView;
  };
}

async function watch(deps: RunWaiterDeps, runId: string): Promise<RunView> {
  for (let pause = LOOK_MS_MIN; ; pause = Math.min(LOOK_MS_MAX, pause * 1.5)) {
    const run = await deps.look(runId);
    if (isTerminal(run)) return run;
    if (run === undefined && !deps.isQueued(runId) && (await deps.look(runId)) === undefined) throw notFound(runId);
    await realTime(pause);
  }
}

/** Lets virtual time pass until a run has ended, or `atRest` stops it: then with the run as it is. */
export async function letTimePass(deps: RunWaiterDeps, runId: string, atRest: AtRest): Promise<RunView | undefined> {
  const { time, clock } = deps.aws;
  const end = clock.now() + PATIENCE_MS;
  // Who has sent the event has waited so long already; what was silent before that has its full time from then on.
  const startedAt = performance.now() - HUNG_AFTER_MS;
  for (;;) {
    await time.settle();
    const run = await deps.look(runId);
    if (isTerminal(run)) return run;
    if (run === undefined && !deps.isQueued(runId)) throw notFound(runId);
    const silentSince = time.silentSince();
    if (silentSince !== undefined) {
      if (performance.now() - Math.max(silentSince, startedAt) > BUSY_PATIENCE_MS) throw stuck(run, runId, BUSY);
      await realTime(LOOK_MS_MAX);
      continue;
    }
    const due = time.nextDue();
    const wish = await atRest(run, due);
    if (wish === "stop") return run;
    if (wish === "look") continue;
    if (due === undefined && (await deps.sweep()).woken.length > 0) continue;
    if (due === undefined) throw stuck(run, runId, "Nothing is due that could wake it.");
    if (due > end) throw stuck(run, runId, "400 days have passed on the virtual clock.");
    await time.passTo(due);
  }
}

const BUSY =
  "An invocation is still busy after 4 s of real time, and virtual time stands still meanwhile. " +
  "If its code waits for ever, let time pass over the Lambda's timeout with passTime.";

const realTime = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const stuck = (run: RunView | undefined, runId: string, why: string) =>
  new StepwellError(
    "STEPWELL_RUN_STUCK",
    `waitForRun: ${run === undefined ? `The run ${runId} is queued.` : whatItWaitsFor(run)} ${why}`,
  );

const notFound = (runId: string) =>
  new StepwellError("STEPWELL_RUN_NOT_FOUND", `There is no run "${runId}", and no message that would start it.`);
