/** L7: write the wait first, and let the step decide. */
import { deadlineName, listenersOf, pathsKey, retryName, waitName } from "../../lambdas/aws/keys.ts";
import type { Listener } from "../../lambdas/engine/types.ts";
import { eventsOf, SQS_DELAY_SECONDS_MAX, type StepMemo } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import {
  type Facts,
  functionOf,
  isActive,
  isHeld,
  isKnown,
  type KnownRun,
  nameOf,
  runsNamed,
  type Step,
} from "../facts.ts";
import { either, isRouterBusy, isUnderWay, mayHaveTimer, unless } from "../under-way.ts";

export const waits = (facts: Facts): readonly Finding[] => [
  ...facts.runs
    .filter(isActive)
    .flatMap((run) => [
      ...openOf(run).flatMap((step) => [...unheard(facts, run, step), ...untimed(facts, run, step)]),
      ...noDeadline(facts, run),
    ]),
  ...facts.listeners.flatMap((listener) => leftListener(facts, listener)),
];

/** Operations that a suspend has found set up: later ones may be in the middle of it. */
const openOf = ({ steps, header }: KnownRun): readonly Step[] =>
  steps.filter(({ outcome, fence }) => outcome === undefined && fence <= (header.armed ?? 0));

/** An open wait stands in the index under each of its keys, and the index is looked at for its event. */
function unheard(facts: Facts, run: KnownRun, step: Step): readonly Finding[] {
  const { env, app, runId } = run;
  const { wait } = step;
  if (wait?.listeners === undefined || wait.listeners.length === 0) return [];
  const lost = listenersOf(runId, step).some(({ pk, sk }) => facts.itemAt(pk, sk) === undefined);
  const isLooked = wait.listeners.every((pk) => isLookedFor(facts, { env, app }, eventOf(pk)));
  if (!lost && isLooked) return [];
  const what = lost ? "its listener is not there" : "no event of that name is compared with the app's waits";
  const text = `${nameOf(run)} waits in ${step.id} for the event ${eventsOf(wait).join(" or ")}, and ${what}`;
  return [{ law: "L7", text, runId, wake: { env, app, functionId: run.header.functionId, runId } }];
}

/** The event's name in the key of its listeners. */
const eventOf = (pk: string): string => pk.split("#").slice(3, -1).join("#");

function isLookedFor(facts: Facts, { env, app }: Pick<KnownRun, "env" | "app">, event: string): boolean {
  const { pk, sk } = pathsKey(env, event);
  const known = [...((facts.itemAt(pk, sk)?.paths ?? []) as Iterable<string>)];
  return known.some((path) => (JSON.parse(path) as { readonly app: string }).app === app);
}

/** What is open ends in time: by an execution, by a schedule, or by a message that waits in a queue. */
function untimed(facts: Facts, run: KnownRun, step: Step): readonly Finding[] {
  const { until } = step;
  if (until === undefined || until <= facts.now || isHeld(run)) return [];
  const name = waitName(run.runId, step as unknown as StepMemo);
  const isMachine = step.wait?.via === "stepFunctions";
  const timer = { name, until, isMachine, isIt: (about: About) => about.stepKey === step.key };
  return hasTimer(facts, run, timer) ? [] : noTimer(facts, run, `in ${step.id} until ${new Date(until).toISOString()}`);
}

/** The same for the end of `timeouts.finish`, and for the next try of the handler. */
function noDeadline(facts: Facts, run: KnownRun): readonly Finding[] {
  const { header, runId } = run;
  const { finishBy, retryAt, attempts, parked } = header;
  if (isHeld(run) || (parked !== "sleeping" && parked !== "waiting")) return [];
  const tries = `handler:${attempts}`;
  const timers = [
    { name: finishBy && deadlineName(runId, "finish", finishBy), until: finishBy, about: "finish" },
    { name: retryAt && retryName(runId, attempts, retryAt), until: retryAt, about: tries },
  ];
  return timers.flatMap(({ name, until, about }) => {
    if (!name || until === undefined || until <= facts.now) return [];
    const timer = { name, until, isMachine: false, isIt: ({ stepKey }: About) => stepKey === about };
    return hasTimer(facts, run, timer)
      ? []
      : noTimer(facts, run, `for ${about} until ${new Date(until).toISOString()}`);
  });
}

interface About {
  readonly stepKey: string | undefined;
}

interface Timer {
  readonly name: string;
  readonly until: number;
  readonly isMachine: boolean;
  readonly isIt: (about: About) => boolean;
}

function hasTimer(facts: Facts, run: KnownRun, { name, until, isMachine, isIt }: Timer): boolean {
  const { snapshot, mail, now, timersOf } = facts;
  if (timersOf.get(run.runId)?.includes(name)) return true;
  // What could not be read is not judged.
  if (isMachine) return snapshot.executions === undefined;
  if (snapshot.messages !== undefined)
    return (mail.about.get(run.runId) ?? []).some(({ timer, stepKey }) => isIt({ stepKey: timer?.stepKey ?? stepKey }));
  if (until - now > SQS_DELAY_SECONDS_MAX * 1_000) return snapshot.schedules === undefined;
  return mayHaveTimer(facts, run);
}

function noTimer(facts: Facts, run: KnownRun, what: string): readonly Finding[] {
  const { env, app, runId, header } = run;
  const text = `${nameOf(run)} waits ${what}, and nothing will tell when that is over`;
  const wake = { env, app, functionId: header.functionId, runId };
  return unless(isUnderWay(facts, run), { law: "L7", text, runId, wake });
}

/** A listener is of a step that is open, or of a run that can be cancelled. */
function leftListener(facts: Facts, listener: Listener): readonly Finding[] {
  const { env, app, runId, event } = listener;
  const [run] = runsNamed(facts, env, runId);
  const known = run !== undefined && isKnown(run) ? run : undefined;
  const why =
    listener.kind === "cancel" ? whyCancelLeft(facts, listener, known) : whyLeft(facts, listener.stepKey, known);
  if (why === undefined) return [];
  const text = `a listener for the event ${event} is left: ${why}`;
  const busy = either(isUnderWay(facts, { env, app, runId }), known === undefined ? isRouterBusy(facts) : "no");
  return unless(busy, { law: "L7", text, runId });
}

function whyLeft(facts: Facts, stepKey: string, run: KnownRun | undefined): string | undefined {
  const step = run?.steps.find(({ key }) => key === stepKey);
  if (run === undefined || step === undefined) return `there is no step ${stepKey} of the run`;
  if (step.outcome === undefined) return undefined;
  // Who has brought the outcome takes it away; and so does the timeout, when it comes.
  const { runId } = run;
  if (facts.timersOf.get(runId)?.includes(waitName(runId, step as unknown as StepMemo))) return undefined;
  if ((facts.mail.about.get(runId) ?? []).some((letter) => letter.stepKey === stepKey)) return undefined;
  return `the step ${step.id} of ${nameOf(run)} has its outcome`;
}

/** Those of a `cancelOn` that a deploy has changed are left to their expiry. */
function whyCancelLeft(facts: Facts, listener: Listener, run: KnownRun | undefined): string | undefined {
  if (run === undefined) return `there is no run ${listener.runId}`;
  if (run.header.status === "active") return undefined;
  const today = functionOf(facts, listener);
  const index = Number(listener.sk.split("#").at(-1));
  const isSame = today?.fn.flow?.cancelOn?.[index]?.event === listener.event;
  const { codeVersion } = run.header;
  if (!facts.options.atRest && (!isSame || (codeVersion ?? today?.codeVersion) !== today?.codeVersion))
    return undefined;
  return `${nameOf(run)} has ended`;
}
