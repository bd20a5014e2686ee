/** L4: leases are fenced, and tries are counted. */
import { RETRIES_MAX } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import { type Facts, isActive, isKnown, type KnownRun, nameOf } from "../facts.ts";

/** How often a step or a handler is tried at most: how often its function allows is not stored. */
const TRIES_MAX = RETRIES_MAX + 1;

export const tries = (facts: Facts): readonly Finding[] => [
  ...facts.runs.filter(isKnown).flatMap(aheadOfFence),
  ...facts.runs.filter(isActive).flatMap(tooMany),
];

/** Whoever writes something has a lease, and its fence is on the header before. */
function aheadOfFence(run: KnownRun): readonly Finding[] {
  const { header, steps, runId } = run;
  const { fence, armed = 0, crashFence = 0 } = header;
  const marks = [
    ...steps.map((step) => ({ what: `its step ${step.id} has`, by: step.fence })),
    { what: "it was suspended by", by: armed },
    { what: "a crash was counted by", by: crashFence },
  ];
  return marks
    .filter(({ by }) => by > fence)
    .map(({ what, by }) => ({ law: "L4", text: `${nameOf(run)} has the fence ${fence}, and ${what} ${by}`, runId }));
}

function tooMany(run: KnownRun): readonly Finding[] {
  const { header, steps, runId } = run;
  const open = steps.filter(({ outcome }) => outcome === undefined);
  const counts = [
    ...open.map(({ id, attempts }) => ({ what: `its step ${id} has failed`, count: attempts, most: TRIES_MAX - 1 })),
    { what: "its handler has failed", count: header.attempts, most: TRIES_MAX - 1 },
    // It may die once more while it is failed for that.
    { what: "it has crashed", count: header.crashes ?? 0, most: TRIES_MAX + 1 },
  ];
  return counts
    .filter(({ count, most }) => count > most)
    .map(({ what, count }) => ({ law: "L4", text: `${nameOf(run)} goes on, and ${what} ${count} times`, runId }));
}
