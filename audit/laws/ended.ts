/** L6: terminal is terminal, and its tail leaves nothing behind. */
import { deadlineName, lockKey } from "../../lambdas/aws/keys.ts";
import type { Finding, Item } from "../contract.ts";
import {
  type Facts,
  isActive,
  isEnded,
  isKnown,
  isStartTimer,
  type KnownRun,
  nameOf,
  runsNamed,
  type Step,
} from "../facts.ts";
import { isRouterBusy, isUnderWay, unless } from "../under-way.ts";

export const ended = (facts: Facts): readonly Finding[] => [
  ...facts.runs.filter(isEnded).flatMap((run) => [...traces(run), ...leftOpen(facts, run), ...leftTimers(facts, run)]),
  ...facts.locks.filter(({ sk }) => sk === "singleton").flatMap((lock) => leftLock(facts, lock)),
  ...facts.runs.filter(isActive).flatMap((run) => lostLock(facts, run)),
];

const TRACES = ["owner", "by", "guard", "leaseUntil", "retryAt", "due"] as const;

/** One write ends a run, and takes all of this away. */
function traces(run: KnownRun): readonly Finding[] {
  const { header, runId, has } = run;
  // The time of a retry that was cancelled stays, since its timer is named by it.
  const stays = (name: (typeof TRACES)[number]) => name === "retryAt" && header.status === "cancelled";
  const left = TRACES.filter((name) => header[name] !== undefined && !stays(name));
  const lost = header.outcomeAt === "item" && !has.has(`outcome#${header.fence}`);
  return [
    ...left.map((name): Finding => ({ law: "L6", text: `${nameOf(run)} has ended, and still has "${name}"`, runId })),
    ...(lost ? [{ law: "L6", text: `${nameOf(run)} has ended, and its outcome is not stored`, runId } as const] : []),
  ];
}

/** A sleep that was over by then needs no outcome. */
const isOpen = ({ outcome, kind, until = 0 }: Step, now: number): boolean =>
  outcome === undefined && !(kind === "sleep" && until <= now);

function leftOpen(facts: Facts, run: KnownRun): readonly Finding[] {
  return run.steps
    .filter((step) => isOpen(step, facts.now))
    .flatMap((step) => {
      const text = `${nameOf(run)} has ended, and its step ${step.id} is open`;
      return unless(isUnderWay(facts, run), { law: "L6", text, runId: run.runId });
    });
}

/** Timers that the tail takes back. One that is about to fire anyway changes nothing. */
function leftTimers(facts: Facts, run: KnownRun): readonly Finding[] {
  const { runId, header, steps } = run;
  const ahead = steps.filter(({ until = 0 }) => until > facts.now);
  const names = [
    ...ahead.map(({ key, attempts }) => `${runId}-${key}-${attempts}`),
    ...(header.finishBy === undefined ? [] : [deadlineName(runId, "finish", header.finishBy)]),
  ];
  return (facts.timersOf.get(runId) ?? [])
    .filter((name) => names.includes(name) || isStartTimer(runId, name))
    .flatMap((name) => {
      const text = `${nameOf(run)} has ended, and its timer or execution ${name} is left`;
      return unless(isUnderWay(facts, run), { law: "L6", text, runId });
    });
}

/** A singleton's lock is of a run that lives, or that is about to. */
function leftLock(facts: Facts, lock: Item): readonly Finding[] {
  const [env = "", app = ""] = lock.pk.split("#");
  const runId = String(lock.runId);
  const [owner] = runsNamed(facts, env, runId).filter(isKnown);
  if (owner !== undefined && owner.header.status === "active") return [];
  const text = `the run ${runId}, which ${owner === undefined ? "is not there" : "has ended"}, has the singleton ${lock.pk}`;
  const finding = { law: "L6", text, runId } as const;
  if (owner !== undefined) return unless(isUnderWay(facts, owner), finding);
  // A start that is far off has the run created already.
  const isComing = isUnderWay(facts, { env, app, runId });
  return isComing === "no" ? unless(isRouterBusy(facts), finding) : unless(isComing, finding);
}

/** Only who has a newer run cancel an older one takes its lock. */
function lostLock(facts: Facts, run: KnownRun): readonly Finding[] {
  const { header, runId } = run;
  if (header.singleton === undefined) return [];
  const { pk, sk } = lockKey(run, "singleton", header.singleton);
  const lock = facts.itemAt(pk, sk);
  if (lock?.runId === runId) return [];
  if (lock === undefined)
    return [{ law: "L6", text: `${nameOf(run)} is a singleton, and its lock ${pk} is not there`, runId }];
  // The newer one has had it cancelled before.
  const isToEnd = header.cancel !== undefined || facts.mail.about.get(runId)?.some(({ kind }) => kind === "cancel");
  if (isToEnd) return [];
  const text = `${nameOf(run)} is a singleton, and its lock is the run ${String(lock.runId)}'s`;
  return unless(facts.snapshot.messages === undefined ? isRouterBusy(facts) : "no", { law: "L6", text, runId });
}
