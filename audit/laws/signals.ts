/** L7 for signals: a name is of a step that waits, and a step that waits has its name. */
import { waiterKey } from "../../lambdas/aws/keys.ts";
import type { Finding, Item } from "../contract.ts";
import { type Facts, isActive, type KnownRun, nameOf, runsNamed, type Step } from "../facts.ts";
import { isUnderWay, unless } from "../under-way.ts";

export const signals = (facts: Facts): readonly Finding[] => [
  ...facts.runs.filter(isActive).flatMap((run) => run.steps.flatMap((step) => unheard(facts, run, step))),
  ...facts.signals.filter(({ sk }) => sk === "waiter").flatMap((waiter) => leftName(facts, waiter)),
];

/** Only what a suspend has found set up: later ones may be in the middle of it. One that was replaced is about to be told. */
function unheard(facts: Facts, run: KnownRun, step: Step): readonly Finding[] {
  const { env, app, runId, header } = run;
  const { wait, outcome, fence, key, id } = step;
  if (wait?.signal === undefined || outcome !== undefined || fence > (header.armed ?? 0)) return [];
  const at = waiterKey({ env, app, signal: wait.signal });
  const waiter = facts.itemAt(at.pk, at.sk);
  if (waiter?.runId === runId && waiter.stepKey === key) return [];
  const text = `${nameOf(run)} waits in ${id} for the signal ${wait.signal}, and the name is ${waiter === undefined ? "nobody's" : `the run ${String(waiter.runId)}'s`}`;
  const wake = { env, app, functionId: header.functionId, runId };
  return unless(isUnderWay(facts, run), { law: "L7", text, runId, wake });
}

/** Who has ended a wait gives its name back. */
function leftName(facts: Facts, waiter: Item): readonly Finding[] {
  const [env = "", app = ""] = waiter.pk.split("#");
  const runId = String(waiter.runId);
  const [run] = runsNamed(facts, env, runId);
  const step = run?.steps.find(({ key }) => key === waiter.stepKey);
  if (step !== undefined && step.outcome === undefined) return [];
  const text = `the name of a signal is left in ${waiter.pk}: the wait ${String(waiter.stepKey)} of the run ${runId} is over`;
  return unless(isUnderWay(facts, { env, app, runId }), { law: "L7", text, runId });
}
