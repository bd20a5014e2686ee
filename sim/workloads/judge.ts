/** What holds for each run of each story, whatever its functions do. */
import type { Finding } from "../../audit/contract.ts";
import type { RunView, StepView } from "../../sdk/protocol/index.ts";
import type { Played } from "../contract.ts";
import { diaryOf } from "./diary.ts";
import { finding, nameOf, triesExcused } from "./findings.ts";

/** Clocks of processes differ by so much at most, both ways, in milliseconds. */
const SKEW_MS = 5_000;

export interface Expected {
  /** How often the body of a step may begin when nothing goes wrong. */
  readonly tries: (run: RunView, step: string) => number;
}

/** Steps ran often enough and not too often, the code got what the table says, and nothing ran after the end. */
export const runProblems = (played: Played, expected: Expected): readonly Finding[] =>
  played.runs.flatMap((run) => [
    ...endedProblems(run),
    ...bodyProblems(played, expected, run),
    ...handedProblems(played, run),
    ...lateProblems(played, run),
  ]);

const endedProblems = (run: RunView): readonly Finding[] =>
  run.endedAt === undefined && run.status !== "skipped"
    ? [finding("L3", `${nameOf(run)} is still ${run.status}`, run.id)]
    : [];

function bodyProblems(played: Played, { tries }: Expected, run: RunView): readonly Finding[] {
  const counts = played.witness.bodies.get(run.id) ?? {};
  const excused = triesExcused(played, run.id);
  const tooMany = Object.entries(counts).flatMap(([step, count]) => {
    const most = tries(run, step) + excused;
    const text = `the body of "${step}" in ${nameOf(run)} began ${count} times, at most ${most} are explained`;
    return count > most ? [finding("L4", text, run.id)] : [];
  });
  // The body of a zombie is not counted, and its result may be the first.
  const missing = excused > 0 ? [] : run.steps.filter((step) => hasRun(step) && counts[step.id] === undefined);
  return [
    ...tooMany,
    ...missing.map(({ id }) => finding("L1", `${nameOf(run)} has a result of "${id}", whose body never ran`, run.id)),
  ];
}

const hasRun = ({ kind, status }: StepView): boolean => kind === "run" && status === "completed";

/** What the code was given is what the table holds. Only operations: a witness may note other things. */
const handedProblems = ({ witness }: Played, run: RunView): readonly Finding[] =>
  run.steps.flatMap((step) => {
    const seen = witness.handed.get(run.id)?.[step.id] ?? [];
    const stored = storedText(step);
    if (stored === undefined || seen.every((json) => json === stored)) return [];
    const text = `the code of ${nameOf(run)} got ${seen.join(" and ")} from "${step.id}", and the table holds ${stored}`;
    return [finding("L1", text, run.id)];
  });

function storedText({ kind, status, output, error }: StepView): string | undefined {
  if (status === "failed") return JSON.stringify(`!${error?.code ?? error?.message}`);
  if (status !== "completed" || kind === "sleep") return undefined;
  if (kind !== "waitForEvent") return JSON.stringify(output ?? null);
  return JSON.stringify(output === null ? "null" : String((output as { data: { value: unknown } }).data.value));
}

/** Nothing runs after the end (L6). Of a process that was struck nobody knows when it does what. */
function lateProblems(played: Played, run: RunView): readonly Finding[] {
  if (run.endedAt === undefined || triesExcused(played, run.id) > 0) return [];
  const { endedAt } = run;
  const late = (diaryOf(played.witness).begun.get(run.id) ?? []).filter((time) => time > endedAt + SKEW_MS);
  return late.map((time) =>
    finding("L6", `a body of ${nameOf(run)} began ${time - endedAt} ms after the run had ended`, run.id),
  );
}

/** Each of these events has exactly one run of each of these functions, and no other run. */
export function startProblems(
  { runs, runsOf }: Played,
  eventIds: readonly string[],
  functionIds: readonly string[],
): readonly Finding[] {
  return eventIds.flatMap((eventId) => {
    const its = runs.filter((run) => run.eventIds.includes(eventId));
    const shown = (runsOf.get(eventId) ?? []).map(({ id }) => id);
    const unseen = its.filter(({ id }) => !shown.includes(id));
    return [
      ...functionIds.flatMap((functionId) => {
        const count = its.filter((run) => run.functionId === functionId).length;
        return count === 1
          ? []
          : [finding("L1", `the event ${eventId} has ${count} runs of ${functionId}, and not one`)];
      }),
      ...its
        .filter(({ functionId }) => !functionIds.includes(functionId))
        .map((run) =>
          finding("L1", `the event ${eventId} has started ${nameOf(run)}, which it does not trigger`, run.id),
        ),
      ...unseen.map((run) => finding("L9", `${nameOf(run)} is not told of the event ${eventId}`, run.id)),
    ];
  });
}

/** Each of these has exactly one; `about` says which of them a run is for. */
export function oneEachProblems(
  what: string,
  wanted: ReadonlySet<string>,
  found: readonly RunView[],
  about: (run: RunView) => string | undefined,
): readonly Finding[] {
  const counts = Map.groupBy(found, (run) => about(run) ?? `nobody, since it is ${run.status}`);
  return [
    ...[...wanted].flatMap((key) => {
      const count = counts.get(key)?.length ?? 0;
      return count === 1
        ? []
        : [finding(count === 0 ? "L3" : "L1", `there are ${count} runs of ${what} for ${key}, and not one`)];
    }),
    ...found
      .filter((run) => !wanted.has(about(run) ?? ""))
      .map((run) => finding("L1", `${nameOf(run)} is for ${about(run)}, which asks for none`, run.id)),
  ];
}
