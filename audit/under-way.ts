/**
 * Whether somebody is still at it. A crash on the way is followed by another delivery of the same message, so nothing is wrong with a
 * run, gate or bucket as long as there is a message about it. Where only counts of queues are known, time tells most: what was touched
 * less than `GRACE_MS` ago may be in the middle of something.
 */
import type { Finding } from "./contract.ts";
import { type Facts, isHeld, isKnown, type KnownRun, type Run, runsNamed } from "./facts.ts";
import { isAhead } from "./mail.ts";

/** What a delivery, a takeover or the sweeper needs at most, in milliseconds. */
export const GRACE_MS = 120_000;

export type Answer = "yes" | "no" | "perhaps";

/** Whether a run is held, or a message about it is with somebody or about to be. Timers ahead do not count. */
export function isUnderWay(facts: Facts, run: Pick<Run, "env" | "app" | "runId">): Answer {
  const { snapshot, options, now, mail } = facts;
  if (options.atRest) return "no";
  const known = runsNamed(facts, run.env, run.runId).filter(isKnown);
  if (known.some((one) => isHeld(one) && (one.header.leaseUntil ?? 0) >= now)) return "yes";
  if (snapshot.messages !== undefined) {
    const isNamed = mail.about.get(run.runId)?.some((letter) => !isAhead(letter)) === true;
    return isNamed || known.some((one) => isRouted(facts, one)) ? "yes" : "no";
  }
  if (known.some((one) => lastSeen(one.header) > now - GRACE_MS)) return "yes";
  return areEmpty(facts, run) ? "no" : "perhaps";
}

/** Whether the router has what resolves a wait of the run, or brings the run into being. */
const isRouted = ({ mail }: Facts, { header, steps }: KnownRun): boolean =>
  (header.fence === 0 && mail.isRouting) ||
  steps.some(({ by }) => by?.startsWith(BY_EVENT) === true && mail.events.has(by.slice(BY_EVENT.length)));

const BY_EVENT = "event:";

/** When a run was touched last, as far as its header tells. */
const lastSeen = ({ leaseUntil = 0, endedAt = 0, startedAt = 0, queuedAt }: NonNullable<Run["header"]>): number =>
  Math.max(leaseUntil, endedAt, startedAt, queuedAt);

/** Whether the router may be about to send something of which nobody can tell whom it is for. */
export function isRouterBusy(facts: Facts): Answer {
  const { snapshot, options, mail } = facts;
  if (options.atRest) return "no";
  if (snapshot.messages !== undefined) return mail.isRouting ? "yes" : "no";
  return snapshot.counts?.router.busy === 0 ? "no" : "perhaps";
}

/** The finding, unless somebody is at it who will mend it. */
export function unless(answer: Answer, finding: Finding): readonly Finding[] {
  if (answer === "yes") return [];
  return [answer === "no" ? finding : { ...finding, unsure: true }];
}

/** The surest yes of several. */
export const either = (...answers: readonly Answer[]): Answer =>
  answers.includes("yes") ? "yes" : answers.includes("perhaps") ? "perhaps" : "no";

/** Whether the queues that a run depends on have nothing in them but delayed messages. */
const areEmpty = (facts: Facts, run: Pick<Run, "env" | "app">): boolean =>
  countsOf(facts, run).every((one) => one?.busy === 0);

/** Whether a timer of the run may be in its queue. */
export const mayHaveTimer = (facts: Facts, run: Pick<Run, "env" | "app">): boolean =>
  countsOf(facts, run).some((one) => one === undefined || one.busy + one.delayed > 0);

const countsOf = ({ snapshot: { counts } }: Facts, { env, app }: Pick<Run, "env" | "app">) => [
  counts?.router,
  counts?.apps[`${env}/${app}`],
];
