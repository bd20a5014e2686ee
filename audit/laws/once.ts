/** L1: at least once in, once in effect. */
import { runIdOf, timeOf } from "../../lambdas/engine/run-id.ts";
import { EVENT_DEDUPE_MS, EVENT_RETENTION_MS, STATE_SLACK_MS } from "../../sdk/protocol/index.ts";
import type { Finding } from "../contract.ts";
import { type BucketFacts, type Facts, isActive, isKnown, type KnownRun, nameOf } from "../facts.ts";
import { isUnderWay, unless } from "../under-way.ts";

export const once = (facts: Facts): readonly Finding[] => [
  ...facts.runs.filter(isKnown).flatMap((run) => wrongId(facts, run)),
  ...twins(facts.runs.filter(isKnown)),
  ...inTwoBuckets(facts.buckets),
  ...facts.buckets.flatMap((bucket) => wrongMembers(facts, bucket)),
  ...facts.runs.flatMap((run) => lostMembership(facts, run)),
  ...facts.runs.filter(isActive).flatMap(lostResults),
];

/** The id of a run is the hash of what it is from: that is all the deduplication there is. */
function wrongId({ buckets, now }: Facts, run: KnownRun): readonly Finding[] {
  const { app, runId, header } = run;
  const { functionId, eventId, queuedAt } = header;
  if (header.runId !== runId)
    return [{ law: "L1", text: `${nameOf(run)} has the header of the run ${header.runId}`, runId }];
  if (runIdOf({ app, functionId }, eventId, timeOf(runId)) === runId) return [];
  if (buckets.some((bucket) => bucket.runId === runId && bucket.app === app)) return [];
  // Its bucket may have expired.
  if (queuedAt < now - EVENT_RETENTION_MS - STATE_SLACK_MS) return [];
  const text = `${nameOf(run)} has an id that is not the hash of its function, its event ${eventId} and their time`;
  return [{ law: "L1", text, runId }];
}

/** An event starts a function once; an id that is accepted anew a day later is another event. */
function twins(runs: readonly KnownRun[]): readonly Finding[] {
  const started = runs.filter(({ header }) => header.status !== "skipped");
  const groups = Map.groupBy(started, ({ env, app, header }) =>
    JSON.stringify([env, app, header.functionId, header.eventId]),
  );
  return [...groups.values()].flatMap((group) => {
    const sorted = group.toSorted((a, b) => acceptedAt(a) - acceptedAt(b));
    return sorted.slice(1).flatMap((run, i) => {
      const before = sorted[i] as KnownRun;
      if (acceptedAt(run) - acceptedAt(before) >= EVENT_DEDUPE_MS) return [];
      const text = `the event ${run.header.eventId} has started two runs of ${run.app}/${run.header.functionId}: ${before.runId} and ${run.runId}`;
      return [{ law: "L1", text, runId: run.runId } as const];
    });
  });
}

const acceptedAt = ({ header, runId }: KnownRun): number => header.eventAt ?? timeOf(runId);

const inWords = ({ app, functionId, id, generation }: BucketFacts): string =>
  `generation ${generation} of the bucket ${id} of ${app}/${functionId}`;

function inTwoBuckets(buckets: readonly BucketFacts[]): readonly Finding[] {
  const places = buckets.flatMap((of) => (of.bucket.events ?? []).map((event) => ({ of, event })));
  const groups = Map.groupBy(places, ({ of: { env, app, functionId }, event: { id, at } }) =>
    JSON.stringify([env, app, functionId, id, at]),
  );
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => ({
      law: "L1",
      text: `the event ${group[0]?.event.id} is in ${group.map(({ of }) => inWords(of)).join(" and in ")}`,
    }));
}

/** Who is in a bucket has it on record, in the place of the run that the event alone would have had. */
function wrongMembers(facts: Facts, of: BucketFacts): readonly Finding[] {
  const { env, app, functionId, id, generation, bucket } = of;
  return (bucket.events ?? []).flatMap((event) => {
    const runId = runIdOf({ app, functionId }, event.id, event.at);
    const member = facts.byId.get(runId)?.find((run) => run.env === env)?.header?.bucket;
    if (member === undefined) {
      if (bucket.closedAt !== undefined) return [];
      return [{ law: "L1", text: `the event ${event.id} is in ${inWords(of)}, and has no record of it` } as const];
    }
    if (member.id === id && member.generation === generation) return [];
    const text = `the event ${event.id} is in ${inWords(of)}, and its record says generation ${member.generation} of ${member.id}`;
    return [{ law: "L1", text } as const];
  });
}

/** An event that is to be in a bucket, and is not. */
function lostMembership(facts: Facts, run: Facts["runs"][number]): readonly Finding[] {
  const { header, env, app } = run;
  if (header?.bucket === undefined) return [];
  const { id, generation } = header.bucket;
  const { functionId, eventId } = header;
  const found = facts.buckets.find(
    (one) =>
      one.env === env &&
      one.app === app &&
      one.functionId === functionId &&
      one.id === id &&
      one.generation === generation,
  );
  const isIn = found?.bucket.events?.some((event) => event.id === eventId) ?? true;
  if (found !== undefined && isIn) return [];
  if (!facts.options.atRest && facts.mail.events.has(eventId)) return [];
  const text = `the event ${eventId} is to be in generation ${generation} of the bucket ${id} of ${app}/${functionId}, and is not there`;
  return unless(isUnderWay(facts, run), { law: "L1", text });
}

/** A suspend counts the steps: none of them may be lost. */
function lostResults(run: KnownRun): readonly Finding[] {
  const { header, steps, runId } = run;
  if (steps.length >= (header.results ?? 0)) return [];
  const text = `${nameOf(run)} has ${steps.length} steps on record, and had ${header.results} when it was suspended`;
  return [{ law: "L1", text, runId }];
}
