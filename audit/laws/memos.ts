/** L10: a memo is what its key says, and a mismatch is loud. */
import { stepKey } from "../../lambdas/aws/keys.ts";
import { operationKey } from "../../sdk/execution/keys.ts";
import type { Finding } from "../contract.ts";
import { type Facts, isKnown, nameOf, type Run } from "../facts.ts";

export const memos = (facts: Facts): readonly Finding[] =>
  facts.runs.flatMap((run) => [...wrongKeys(run), ...silentMismatch(run)]);

const wrongKeys = (run: Run): readonly Finding[] =>
  run.steps.flatMap(({ sk, key, id }) => {
    if (operationKey(id) === key && stepKey(run, key).sk === sk) return [];
    const text = `${nameOf(run)} has the step ${id} under ${sk}, which is not the hash of its id`;
    return [{ law: "L10", text, runId: run.runId } as const];
  });

/** Which kind of step was there, and which one the code has asked for. */
const BOTH_SIDES = /was a step\.[\w.]+ .* is a step\.[\w.]+/s;

function silentMismatch(run: Run): readonly Finding[] {
  if (!isKnown(run) || run.header.outcome === undefined || run.header.outcome.ok) return [];
  const { code, message } = run.header.outcome.error;
  if (code !== "STEPWELL_STEP_MISMATCH" || BOTH_SIDES.test(message)) return [];
  const text = `${nameOf(run)} has failed by a mismatch, and does not say both sides: ${message}`;
  return [{ law: "L10", text, runId: run.runId }];
}
