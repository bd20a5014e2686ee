import { audit, type Finding, type Item, type Snapshot } from "../audit/index.ts";
import { STEP_PREFIX } from "../lambdas/aws/keys.ts";
import { stepItems } from "../lambdas/aws/step-item.ts";
import type { Played, Story, Struck, Witness } from "./contract.ts";

/** What is wrong with the end of a story: by the auditor, by the witness, and by the story itself. */
export function judge(story: Story, played: Played, snapshot: Snapshot, swept: readonly string[]): readonly Finding[] {
  const faults = severe(played.struck);
  return [
    ...audit(snapshot, { atRest: true, spotless: faults === 0 }),
    ...(faults > 1 ? [] : swept.map(neededSweeper)),
    ...played.witness.problems,
    ...doubled(played),
    ...storedSteps(snapshot).flatMap((step) => storedUnlike(played.witness, step)),
    ...story.judge(played),
  ];
}

const neededSweeper = (runId: string): Finding => ({
  law: "L3",
  text: `run ${runId} had no wake-up ahead of it until the sweeper came`,
  runId,
});

/** Late post, early timers, slow calls and indexes that lag are part of every day. */
const EVERYDAY: readonly Struck["kind"][] = ["late", "duplicate", "early", "delay", "backOff", "stale"];

/** Faults proper: one at a time is repaired by the messages that come again. */
export const severe = (struck: readonly Struck[]): number =>
  struck.filter(({ kind }) => !EVERYDAY.includes(kind)).length;

/** Post that is late or doubled, and an index that lags, take no lease from anybody: who holds it executes alone. */
const MERE_POST: readonly Struck["kind"][] = ["late", "duplicate", "stale"];

function doubled({ witness, struck }: Played): readonly Finding[] {
  const hits = struck.filter(({ kind }) => !MERE_POST.includes(kind));
  return witness.overlaps
    .filter(({ runId }) => !hits.some((hit) => hit.runId === undefined || hit.runId === runId))
    .map(({ runId, id }) => ({
      law: "L4",
      text: `two processes at a time were in the step "${id}" of run ${runId}`,
      runId,
    }));
}

const storedSteps = ({ items }: Snapshot): readonly Item[] => {
  const steps = items.filter(({ sk }) => sk.startsWith(STEP_PREFIX));
  return [...Map.groupBy(steps, ({ pk }) => pk).values()].flatMap((own) => stepItems(own) as readonly Item[]);
};

/** What is stored is what the code got. */
function storedUnlike({ handed }: Witness, { pk, id, kind, outcome, data }: Item): readonly Finding[] {
  const runId = pk.split("#").at(-1) ?? "";
  const seen = handed.get(runId)?.[String(id)];
  // What is too large for an item lies in S3.
  if (typeof data !== "string" || kind !== "run" || outcome !== "ok") return [];
  if (seen === undefined || seen.includes(data)) return [];
  const text = `the step "${id}" of run ${runId} has stored ${data}, and the code got ${seen.join(" and ")}`;
  return [{ law: "L1", text, runId }];
}
