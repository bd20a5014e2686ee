/** L3 of debounces and batches: an open one is flushed, and a closed one has its run. */
import type { Finding } from "../contract.ts";
import { type BucketFacts, type Facts, isKnown, runsNamed } from "../facts.ts";
import { type Answer, GRACE_MS, isRouterBusy, isUnderWay, unless } from "../under-way.ts";

export const buckets = (facts: Facts): readonly Finding[] =>
  facts.buckets.flatMap((of) => (of.bucket.closedAt === undefined ? unflushed(facts, of) : unstarted(facts, of)));

const inWords = ({ app, functionId, id, generation }: BucketFacts): string =>
  `generation ${generation} of the bucket ${id} of ${app}/${functionId}`;

function unflushed(facts: Facts, of: BucketFacts): readonly Finding[] {
  const { snapshot, now, timersOf, mail, options } = facts;
  const { bucket, runId } = of;
  if (timersOf.get(runId)?.some((name) => name.startsWith(`${runId}-flush-`))) return [];
  const finding: Finding = { law: "L3", text: `${inWords(of)} is open, and nothing will close it`, runId };
  if (options.atRest) return [finding];
  if (snapshot.messages !== undefined) {
    const isTimed = mail.flushes.some((flush) => flush.runId === runId && flush.generation === of.generation);
    // Who has opened it arms its timer, and has not acknowledged its event before.
    return isTimed || mail.events.has(bucket.first.id) ? [] : [finding];
  }
  const { router } = snapshot.counts ?? {};
  if (router === undefined || bucket.until + GRACE_MS > now) return [];
  return router.busy + router.delayed === 0 ? [finding] : [{ ...finding, unsure: true }];
}

/** Its run is there, or was; or its start is on its way. */
function unstarted(facts: Facts, of: BucketFacts): readonly Finding[] {
  const { now, retentionMs, timersOf } = facts;
  const { closedAt = 0 } = of.bucket;
  const run = { env: of.env, app: of.app, runId: of.runId };
  if (runsNamed(facts, of.env, of.runId).some(isKnown) || timersOf.has(of.runId)) return [];
  // The run may have ended, and its header have expired.
  if (closedAt + retentionMs < now) return [];
  const text = `${inWords(of)} is closed, and its run has not been started`;
  const answer = isUnderWay(facts, run);
  return unless(answer === "no" ? busyAbout(facts, of) : answer, { law: "L3", text, runId: of.runId });
}

/** Who has closed it comes back until the run is started: the timer, or one of many events. */
function busyAbout(facts: Facts, { runId, generation, bucket }: BucketFacts): Answer {
  if (facts.options.atRest) return "no";
  if (facts.mail.flushes.some((flush) => flush.runId === runId && flush.generation === generation)) return "yes";
  const isFresh = facts.snapshot.messages === undefined && (bucket.closedAt ?? 0) > facts.now - GRACE_MS;
  return isFresh ? "yes" : isRouterBusy(facts);
}
