import type { Finding } from "../../../audit/contract.ts";
import type { RunView, StepView } from "../../../sdk/protocol/index.ts";
import type { Played } from "../../contract.ts";
import { finding, isEarly, nameOf } from "../findings.ts";
import { runProblems, startProblems } from "../judge.ts";
import { type Node, nodesOf, type Program, shortened } from "../programs/grammar.ts";
import { goEvents, isOf } from "../programs/judge.ts";

/** An invocation of the old code may last so long after a deploy, in milliseconds. */
const LAST_OF_OLD_MS = 10 * 60_000;
const SKEW_MS = 5_000;

/** What must hold whatever is deployed while runs are in flight. */
export function judgeDeploys(versions: readonly Program[], played: Played): readonly Finding[] {
  const [first] = versions;
  const ids = goEvents(played.acts).map(({ id }) => id);
  return [
    ...startProblems(played, ids, [first?.id ?? ""]),
    ...runProblems(played, { tries: (_, step) => 1 + Math.max(...versions.map((version) => failsOf(version, step))) }),
    ...played.runs.flatMap((run) => [
      ...tokenProblems(played, run),
      ...(run.status === "completed" ? completedProblems(versions, played, run) : mismatchProblems(versions, run)),
    ]),
  ];
}

const failsOf = (version: Program, key: string): number =>
  Math.max(
    0,
    ...nodesOf(version).map((node) => (node.kind === "step" && isOf(key, node.id) ? (node.fails?.times ?? 0) : 0)),
  );

const baseOf = (key: string): string => key.replace(/:\d+$/, "");

interface Token {
  readonly id: string;
  readonly version: number;
}

function tokenOf(step: StepView): Token | undefined {
  const { value } = (step.output ?? {}) as { readonly value?: unknown };
  const [, id, version = "0"] = /^(.*?)(?:v(\d+))?@\d+~*$/.exec(String(value)) ?? [];
  return id === undefined ? undefined : { id, version: Number(version) };
}

/** A result is of the step under whose id it is kept, and was made by code that was live then. */
function tokenProblems(played: Played, run: RunView): readonly Finding[] {
  const deploys = played.acts.flatMap((act) => (act.kind === "deploy" ? [played.origin + act.at] : []));
  const isCalm = played.struck.every(isEarly);
  return run.steps.flatMap((step) => {
    if (step.kind !== "run" || step.status !== "completed") return [];
    const { id, version = 0 } = tokenOf(step) ?? {};
    const liveFrom = version === 0 ? 0 : (deploys[version - 1] ?? Number.POSITIVE_INFINITY);
    const liveUntil = (deploys[version] ?? Number.POSITIVE_INFINITY) + LAST_OF_OLD_MS;
    const ended = step.endedAt ?? 0;
    const what = `the result of "${step.id}" in ${nameOf(run)}`;
    return [
      ...(id === baseOf(step.id) ? [] : [finding("L10", `${what} is of ${id}`, run.id)]),
      ...(ended + SKEW_MS < liveFrom
        ? [finding("L10", `${what} is of version ${version}, before its deploy`, run.id)]
        : []),
      ...(isCalm && step.startedAt > liveUntil
        ? [finding("L10", `${what} is of version ${version}, long after the next deploy`, run.id)]
        : []),
    ];
  });
}

/** A run that has completed has done all that its last version asks for, each operation as the kind that it is there. */
function completedProblems(versions: readonly Program[], { acts }: Played, run: RunView): readonly Finding[] {
  const output = String(run.output);
  const version = Number(/^v(\d+) /.exec(output)?.[1] ?? 0);
  const program = versions[version];
  const deployed = acts.filter(({ kind }) => kind === "deploy").length;
  if (program === undefined || version > deployed)
    return [finding("L10", `${nameOf(run)} was completed by version ${version}, which was never deployed`, run.id)];
  return nodesOf(program).flatMap((node) => {
    const kind = kindOf(node);
    if (kind === undefined || !("id" in node)) return [];
    const step = run.steps.find(({ id }) => id === node.id);
    const what = `${nameOf(run)} was completed by version ${version}, whose step.${kind} "${node.id}"`;
    if (step === undefined) return [finding("L10", `${what} was never done`, run.id)];
    if (step.kind !== kind) return [finding("L10", `${what} is a step.${step.kind} in the table`, run.id)];
    const { value } = (step.output ?? {}) as { readonly value?: string };
    const text = `>${kind === "run" ? shortened(value ?? "") : node.id}`;
    return output.includes(text) ? [] : [finding("L10", `${what} gave ${text}, and the output is ${output}`, run.id)];
  });
}

const kindOf = ({ kind }: Node): "run" | "sleep" | undefined =>
  kind === "step" ? "run" : kind === "sleep" ? kind : undefined;

/** Nothing else fails a run: both sides are told, and they are really two. */
function mismatchProblems(versions: readonly Program[], run: RunView): readonly Finding[] {
  const { code, message = "" } = run.error ?? { message: "" };
  const [, id = "", before, now] = /^The step "(.+)" was a step\.(\w+) .*, and is a step\.(\w+) /.exec(message) ?? [];
  const kinds = versions
    .flatMap(nodesOf)
    .flatMap((node) => ("id" in node && node.id === baseOf(id) ? [kindOf(node)] : []));
  const stored = run.steps.find((step) => step.id === id)?.kind;
  const isTold = code === "STEPWELL_STEP_MISMATCH" && before !== now && stored === before;
  if (isTold && kinds.includes(now as "run") && kinds.includes(before as "run")) return [];
  return [finding("L10", `${nameOf(run)} is ${run.status} by ${code}: ${message}`, run.id)];
}
