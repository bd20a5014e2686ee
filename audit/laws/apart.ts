/** L3: each step that is in an invocation of its own has a message about it, and the last one wakes its run. */
import type { Finding } from "../contract.ts";
import { type Facts, isActive, isResting, type KnownRun, nameOf } from "../facts.ts";
import { isUnderWay, mayHaveTimer, unless } from "../under-way.ts";

export const apart = (facts: Facts): readonly Finding[] =>
  facts.runs.filter(isActive).flatMap((run) => {
    if (!isResting(run) || run.header.parked !== "running") return [];
    const { env, app, runId, header } = run;
    const wake = { env, app, functionId: header.functionId, runId };
    return whatIsLost(facts, run).flatMap((what) =>
      unless(isUnderWay(facts, run), { law: "L3", text: `${nameOf(run)} rests, and ${what}`, runId, wake }),
    );
  });

function whatIsLost(facts: Facts, run: KnownRun): readonly string[] {
  const { apart = new Set<string>() } = run;
  if (apart.size === 0) return ["all its steps in invocations of their own have ended"];
  return [...apart]
    .filter((key) => !hasMessage(facts, run, key))
    .map((key) => `its step ${idOf(run, key)} is to run in an invocation of its own, and no message about it is left`);
}

/** Waiting, with somebody, or ahead. */
function hasMessage(facts: Facts, run: KnownRun, key: string): boolean {
  const { snapshot, mail, timersOf, now } = facts;
  const { runId, steps } = run;
  if (timersOf.get(runId)?.some((name) => name.startsWith(`${runId}-${key}-`))) return true;
  if (snapshot.messages !== undefined)
    return (mail.about.get(runId) ?? []).some(({ kind, stepKey }) => kind === "step" && stepKey === key);
  const { leaseUntil = 0 } = steps.find((step) => step.key === key) ?? {};
  return leaseUntil >= now || mayHaveTimer(facts, run);
}

const idOf = ({ steps }: KnownRun, key: string): string => steps.find((step) => step.key === key)?.id ?? key;
