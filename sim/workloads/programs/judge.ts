import type { Finding } from "../../../audit/contract.ts";
import type { RunView, StepView } from "../../../sdk/protocol/index.ts";
import type { Act, Played } from "../../contract.ts";
import { finding, isEarly, nameOf, triesExcused } from "../findings.ts";
import { oneEachProblems, runProblems, startProblems } from "../judge.ts";
import { type Cast, type Lifecycle, listenerOf, mainsOf } from "./cast.ts";
import { errorText } from "./compile.ts";
import { GO, type Input, nodesOf, shortened, signalOf, TOLD } from "./grammar.ts";
import { BLUR_MS, type End, endsOf, type Signal, type Surroundings } from "./model.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A process that dies as its first act leaves its message hidden for as long as its Lambda lasts. */
const LOST_BY_FAULT_MS = 6 * MINUTE_MS;

/** Everything that is to be judged of programs. */
export const judgeCast = (cast: Cast, played: Played): readonly Finding[] => [
  ...castProblems(cast, played),
  ...played.runs.flatMap((run) => [...endProblems(cast, played, run), ...missedProblems(cast, played, run)]),
];

/** The same, but for how runs end. */
export const castProblems = (cast: Cast, played: Played): readonly Finding[] => [
  ...startProblems(
    played,
    goEvents(played.acts).map(({ id }) => id),
    mainsOf(cast).map(({ id }) => id),
  ),
  ...runProblems(played, { tries: (run, step) => triesOf(cast, run, step) }),
  ...played.runs.flatMap((run) => [...cancelProblems(played, run), ...forgottenProblems(played, run)]),
  ...childProblems(cast, played),
  ...toldProblems(played),
  ...followProblems(cast, played),
  ...cast.heard.flatMap((name) => heardProblems(name, played)),
];

/** Each once, however often it was sent. */
export function goEvents(
  acts: readonly Act[],
): readonly { readonly id: string; readonly n: number; readonly at: number }[] {
  const sent = acts.flatMap((act) => (act.kind === "send" && act.event.name === GO ? [act] : []));
  return [...Map.groupBy(sent, ({ event }) => event.id).values()].flatMap(([first]) =>
    first === undefined ? [] : [{ id: first.event.id, n: (first.event.data as Input).n, at: first.at }],
  );
}

export const signalsOf = (acts: readonly Act[]): readonly Signal[] =>
  acts.flatMap((act) => {
    if (act.kind !== "send" || act.event.name === GO) return [];
    const { n, value } = act.event.data as { n: number; value: string };
    return [{ name: act.event.name, n, value, at: act.at }];
  });

/** Tries by design: those that are to fail. */
function triesOf({ programs }: Cast, { functionId }: RunView, key: string): number {
  const program = programs.find(({ id }) => id === functionId);
  if (program === undefined) return 1;
  const fails = nodesOf(program).flatMap((node) =>
    node.kind === "step" && isOf(key, node.id) ? [node.fails?.times ?? 0] : [],
  );
  return 1 + Math.max(0, ...fails);
}

/** Whether an operation has this id in the code, perhaps repeated. */
export const isOf = (key: string, id: string): boolean => key.replace(/:\d+$/, "") === id;

/** A run ends as the model says, or as cancelled by an act. */
function endProblems(cast: Cast, played: Played, run: RunView): readonly Finding[] {
  const program = cast.programs.find(({ id }) => id === run.functionId);
  if (program === undefined || !["completed", "failed"].includes(run.status)) return [];
  const begun = beginningOf(cast, played, run);
  if (begun === undefined) return [finding("L1", `${nameOf(run)} was started by nobody`, run.id)];
  const around = surroundingsOf(cast, played, run);
  const asked = { from: begun.at, to: begun.at + around.slackMs };
  const ends = endsOf(around, program, begun.input, asked);
  const end = endOf(run);
  if (ends.some((possible) => endText(possible) === end)) return [];
  const text = `${nameOf(run)} has ended with ${end}, and not with ${ends.map(endText).join(" or ")}`;
  return [finding("L1", text, run.id)];
}

const endText = ({ text, error }: Pick<End, "text" | "error">): string => (error === undefined ? text : `!${error}`);

export const endOf = ({ status, output, error }: RunView): string =>
  status === "failed" ? `!${errorText(error)}` : shortened(String(output));

/** What the model has to know of the world in which a run has run. */
function surroundingsOf(cast: Cast, played: Played, run: RunView): Surroundings {
  const { struck, swept } = played;
  return {
    programs: new Map(cast.programs.map((program) => [program.id, program])),
    signals: signalsOf(played.acts),
    // The sweeper comes only when the acts are over.
    slackMs:
      swept.length > 0 ? 20 * DAY_MS : 5 * MINUTE_MS + struck.filter((one) => !isEarly(one)).length * LOST_BY_FAULT_MS,
    crashes: triesExcused(played, run.id),
  };
}

/** An event that came well after a wait began, and well before it was over, was got, or another one (L7). */
function missedProblems(cast: Cast, played: Played, run: RunView): readonly Finding[] {
  const program = cast.programs.find(({ id }) => id === run.functionId);
  const timedOut = run.steps.filter(({ kind, output }) => kind === "waitForEvent" && output === null);
  const n = timedOut.length === 0 ? undefined : beginningOf(cast, played, run)?.input.n;
  if (program === undefined || n === undefined) return [];
  const { signals, slackMs } = surroundingsOf(cast, played, run);
  return timedOut.flatMap(({ id, startedAt, endedAt = 0 }) => {
    const wait = nodesOf(program).find((node) => node.kind === "wait" && isOf(id, node.id));
    const missed = signals.find((signal) => {
      const at = played.origin + signal.at;
      const isMine = wait?.kind === "wait" && signal.name === signalOf(wait) && signal.n === n;
      return isMine && at > startedAt + BLUR_MS && at < endedAt - slackMs;
    });
    const text = `the wait "${id}" of ${nameOf(run)} has timed out, and an event for it came ${(missed?.at ?? 0) - startedAt + played.origin} ms after it had begun`;
    return missed === undefined ? [] : [finding("L7", text, run.id)];
  });
}

interface Beginning {
  readonly input: Input;
  /** When it was asked for, in milliseconds after the story's start. */
  readonly at: number;
}

/** By its event, or by the step that has invoked it. */
function beginningOf(cast: Cast, played: Played, run: RunView): Beginning | undefined {
  const [eventId = ""] = run.eventIds;
  const sent = goEvents(played.acts).find(({ id }) => id === eventId);
  if (sent !== undefined) return { input: { n: sent.n }, at: sent.at };
  for (const parent of played.runs) {
    const step = parent.steps.find((one) => one.eventId === eventId);
    const above = step && beginningOf(cast, played, parent);
    if (step === undefined || above === undefined) continue;
    const from = step.id.replace(/:\d+$/, "");
    return { input: { n: above.input.n, from }, at: step.startedAt - played.origin };
  }
  return undefined;
}

function cancelProblems({ cancelled }: Played, run: RunView): readonly Finding[] {
  const wasCancelled = cancelled.has(run.id);
  if (wasCancelled === (run.status === "cancelled")) return [];
  const text = wasCancelled ? `was cancelled, and is ${run.status}` : "is cancelled, and nobody has done that";
  return [finding(wasCancelled ? "L6" : "L1", `${nameOf(run)} ${text}`, run.id)];
}

/** Steps that nobody awaits have run when the run completes. */
function forgottenProblems({ witness }: Played, run: RunView): readonly Finding[] {
  if (run.status !== "completed") return [];
  const handed = Object.keys(witness.handed.get(run.id) ?? {});
  return handed.flatMap((key) => {
    const [, id] = /^unawaited (.*)$/.exec(key) ?? [];
    const step = run.steps.find((one) => one.id === id);
    if (id === undefined || step?.status === "completed" || step?.status === "failed") return [];
    return [
      finding(
        "L9",
        `${nameOf(run)} has completed, and its step "${id}", which nobody awaits, is ${step?.status}`,
        run.id,
      ),
    ];
  });
}

/** One child for each invoke, whose end is the step's. */
function childProblems(cast: Cast, { runs, struck }: Played): readonly Finding[] {
  const asked = runs.flatMap((run) => run.steps.filter(({ kind }) => kind === "invoke"));
  const never = new Set(mainsOf(cast).map(({ id }) => id));
  const children = runs.filter(
    ({ functionId }) => cast.programs.some(({ id }) => id === functionId) && !never.has(functionId),
  );
  // Of one whose run has ended before it was asked for there may be none, nor of one whose time was over before it could be asked for.
  const mayLack = ({ status, error }: StepView) =>
    status === "cancelled" || (struck.length > 0 && error?.code === "STEPWELL_INVOKE_TIMEOUT");
  const sure = asked.filter((step) => !mayLack(step) || children.some((run) => run.eventIds[0] === step.eventId));
  return [
    ...oneEachProblems("a child", new Set(sure.map(({ eventId = "" }) => eventId)), children, (run) => run.eventIds[0]),
    ...asked.flatMap((step) =>
      children.filter((run) => run.eventIds[0] === step.eventId).flatMap((run) => toldParent(step, run)),
    ),
  ];
}

function toldParent(step: StepView, child: RunView): readonly Finding[] {
  const got = step.status === "failed" ? `!${errorText(step.error)}` : shortened(String(step.output));
  if (step.status === "cancelled" || got === "!STEPWELL_INVOKE_TIMEOUT" || got === endOf(child)) return [];
  return [
    finding(
      "L1",
      `${nameOf(child)} has ended with ${endOf(child)}, and its parent's "${step.id}" got ${got}`,
      child.id,
    ),
  ];
}

/** One run for each event that a step has sent. Of a step whose run has ended meanwhile there may be some. */
function toldProblems({ runs }: Played): readonly Finding[] {
  const told = runs.filter(({ functionId }) => functionId === TOLD);
  const sent = runs.flatMap((run) => run.steps.filter(({ kind }) => kind === "sendEvent"));
  const sure = sent.flatMap(({ output }) => (output as { ids?: readonly string[] } | undefined)?.ids ?? []);
  const ended = runs.filter((run) => run.status !== "completed").map(({ id }) => id);
  const possible = told.flatMap(({ eventIds: [id = ""] }) => (ended.some((runId) => id.startsWith(runId)) ? [id] : []));
  return [
    ...oneEachProblems(TOLD, new Set([...sure, ...possible]), told, (run) => run.eventIds[0]),
    ...told.flatMap((run) =>
      run.status === "completed" ? [] : [finding("L1", `${nameOf(run)} is ${run.status}`, run.id)],
    ),
  ];
}

/** `onFailure` and `onCancel`: once for each run that has failed or was cancelled. */
function followProblems(cast: Cast, { runs }: Played): readonly Finding[] {
  if (!cast.followed) return [];
  return mainsOf(cast).flatMap(({ id }) =>
    (
      [
        ["failed", `${id}-failure`],
        ["cancelled", `${id}-cancel`],
      ] as const
    ).flatMap(([status, functionId]) => {
      const ended = runs.filter((run) => run.functionId === id && run.status === status);
      const wanted = ended.map((run) => `${run.id} ${errorOf(run)}`);
      return oneEachProblems(
        functionId,
        new Set(wanted),
        runs.filter((run) => run.functionId === functionId),
        textOfEnd,
      );
    }),
  );
}

const errorOf = (run: RunView): string => (run.status === "failed" ? errorText(run.error) : "");

const textOfEnd = ({ status, output }: RunView): string | undefined =>
  status === "completed" ? String(output) : undefined;

/** Each lifecycle event of each run is heard once; those who hear it emit none themselves. */
function heardProblems(name: Lifecycle, { runs }: Played): readonly Finding[] {
  const isFollower = ({ functionId }: RunView) => /^heard-|-failure$|-cancel$/.test(functionId);
  const emits = {
    finished: ({ status }: RunView) => status === "completed" || status === "failed",
    failed: ({ status }: RunView) => status === "failed",
    cancelled: ({ status }: RunView) => status === "cancelled",
    invoked: (run: RunView) => runs.some(({ steps }) => steps.some(({ eventId }) => eventId === run.eventIds[0])),
  }[name];
  const wanted = runs.filter((run) => !isFollower(run) && emits(run)).map(({ id }) => id);
  const heard = runs.filter(({ functionId }) => functionId === listenerOf(name));
  return oneEachProblems(listenerOf(name), new Set(wanted), heard, textOfEnd);
}
