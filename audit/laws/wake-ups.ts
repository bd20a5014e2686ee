/** L3: every run that has not ended has a wake-up ahead of it. */
import { eventKey, olderEventKey, placeSortKey, placesPartition } from "../../lambdas/aws/keys.ts";
import { invokeEventId, timeOf } from "../../lambdas/engine/run-id.ts";
import { SQS_DELAY_SECONDS_MAX } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import { type Facts, isActive, isHeld, isStartTimer, type KnownRun, nameOf, type Run } from "../facts.ts";
import { GRACE_MS, isUnderWay, mayHaveTimer, unless } from "../under-way.ts";

export const wakeUps = (facts: Facts): readonly Finding[] => [
  ...facts.runs
    .filter(isActive)
    .flatMap((run) => [...lostEvents(facts, run), ...asleep(facts, run), ...unguarded(facts, run)]),
  ...facts.runs.filter(({ header }) => header === undefined).flatMap((run) => lostHeader(facts, run)),
];

function asleep(facts: Facts, run: KnownRun): readonly Finding[] {
  const { env, app, runId, header } = run;
  const why = whyAsleep(facts, run);
  if (why === undefined) return [];
  const wake = { env, app, functionId: header.functionId, runId };
  return unless(isUnderWay(facts, run), { law: "L3", text: `${nameOf(run)} ${why}`, runId, wake });
}

/** What is wrong with a run about which there is no message; undefined: nothing. */
function whyAsleep(facts: Facts, run: KnownRun): string | undefined {
  const { header, runId } = run;
  if (isHeld(run)) return "was held by somebody whose lease has ended, and nobody takes it over";
  if (header.cancel !== undefined) return "is cancelled, and nobody carries that out";
  if (header.parked === undefined) return "was given back by its holder, and nobody goes on with it";
  if (header.parked === "queued")
    return isInLine(facts, run) || hasStart(facts, run)
      ? undefined
      : "is queued, and is not in line, nor has it a start ahead";
  if (header.due === undefined) return `is ${header.parked}, and is not in the index of what is due`;
  if (isOverdue(facts, run)) return `has been due since ${new Date(header.due).toISOString()}`;
  const isLost = facts.snapshot.messages !== undefined && !hasTimer(facts, runId) && !hasChild(facts, run);
  return isLost ? `is ${header.parked}, and nothing will wake it but the sweeper` : undefined;
}

/** The message that holds a lease is not acknowledged before the lease is given back: it follows a crash (L2). */
function unguarded({ snapshot, mail, options }: Facts, run: KnownRun): readonly Finding[] {
  const { runId, header } = run;
  if (!isHeld(run) || snapshot.messages === undefined || options.atRest) return [];
  if (mail.about.get(runId)?.some(({ id }) => id === header.by)) return [];
  const text = `${nameOf(run)} is held for the message ${header.by} under the fence ${header.fence}, and that message is gone`;
  return [{ law: "L2", text, runId }];
}

/** Its event is stored, and so are all of several: without them it cannot go on. */
function lostEvents(facts: Facts, run: KnownRun): readonly Finding[] {
  const { env, header, runId, has } = run;
  const at = header.eventAt ?? timeOf(runId);
  const latest = facts.itemAt(eventKey(env, header.eventId).pk, "event");
  const older = olderEventKey(env, header.eventId, at);
  const isStored = latest?.at === at || facts.itemAt(older.pk, older.sk) !== undefined;
  const text = isStored
    ? header.batch && !has.has("events") && `${nameOf(run)} has several events, and their list is not stored`
    : `the event ${header.eventId} of ${nameOf(run)} is not stored`;
  return text ? [{ law: "L3", text, runId }] : [];
}

const isInLine = ({ places }: Facts, { runId, env }: KnownRun): boolean =>
  places.some((place) => place.runId === runId && place.env === env);

/** A throttled run has its start ahead: by a schedule, or as a delayed message. */
function hasStart(facts: Facts, run: KnownRun): boolean {
  const { snapshot, mail, now } = facts;
  const { runId, header } = run;
  if (facts.timersOf.get(runId)?.some((name) => isStartTimer(runId, name))) return true;
  if (snapshot.messages !== undefined) return mail.about.has(runId);
  const place = facts.itemAt(placesPartition(header), placeSortKey(header.reserved ?? ""));
  const isFar = Number(place?.startsAt ?? 0) - now > SQS_DELAY_SECONDS_MAX * 1_000;
  return !isFar && mayHaveTimer(facts, run);
}

/**
 * Past the time at which the sweeper would have woken it. An invoke without a timeout has no timer, and is only looked after now and then:
 * its child tells when it has ended.
 */
function isOverdue(facts: Facts, run: KnownRun): boolean {
  const { due = 0 } = run.header;
  if (due + GRACE_MS >= facts.now) return false;
  return !hasTimer(facts, run.runId) && !hasChild(facts, run);
}

const hasTimer = ({ timersOf, mail }: Facts, runId: string): boolean =>
  (timersOf.get(runId) ?? []).some((name) => !/^.{26}-(hold|flush)-/.test(name)) || mail.about.has(runId);

/** An open invoke whose child has not ended. */
const hasChild = ({ byId, runs }: Facts, { runId, env, steps }: KnownRun): boolean => {
  const ids = steps
    .filter(({ kind, outcome }) => kind === "invoke" && outcome === undefined)
    .map(({ key }) => invokeEventId(runId, key));
  return (
    byId.size > 0 &&
    ids.length > 0 &&
    runs.some((run) => run.env === env && isActive(run) && ids.includes(run.header.eventId))
  );
};

/** Whatever is open in a run that has no header hangs for ever: what ends a run closes its steps, and a header expires after that. */
function lostHeader(facts: Facts, run: Run): readonly Finding[] {
  const open = run.steps.find(
    ({ outcome, kind, until = 0 }) => outcome === undefined && !(kind === "sleep" && until <= facts.now),
  );
  if (open === undefined) return [];
  const text = `${nameOf(run)} has no header, and its step ${open.id} is open`;
  return unless(isUnderWay(facts, run), { law: "L3", text, runId: run.runId });
}
