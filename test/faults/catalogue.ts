/** A fault that others have had in public, and what must hold here. Its test is `test/faults/<id>.test.ts`. */
export interface KnownFault {
  readonly id: string;
  /** What broke elsewhere. */
  readonly happened: string;
  /** What must hold. */
  readonly holds: string;
}

const fault = (id: string, happened: string, holds: string): KnownFault => ({ id, happened, holds });

/**
 * From public bug reports of Inngest, Restate, Temporal, DBOS, Vercel Workflow, Trigger.dev, Hatchet, Upstash, Cloudflare Workflows and
 * AWS durable functions.
 */
export const FAULTS: readonly KnownFault[] = [
  fault(
    "FI-01",
    "an event arrived while the wait was being set up: the run hung",
    "an event that matches and came after the wait began resolves it, in every interleaving",
  ),
  fault(
    "FI-02",
    "the write of the wait “failed” but had succeeded; the retry skipped its timeout",
    "a wait that exists has its timeout",
  ),
  fault(
    "FI-03",
    "an append to a batch succeeded but errored; the batch was never flushed",
    "an open batch has a flush ahead of it; each event is in exactly one batch",
  ),
  fault(
    "FI-04",
    "the pointer of a debounce was written before its timer; an older event overwrote a newer one",
    "it fires with the event of the greatest `ts`, no later than its first event and the maximum",
  ),
  fault(
    "FI-05",
    "all of the siblings could enqueue the continuation, or none did",
    "exactly one continuation after the last sibling",
  ),
  fault("FI-06", "a step in flight was started again by an unrelated wake", "one live attempt of a step"),
  fault(
    "FI-07",
    "a checkpoint was acknowledged but not saved, or saved twice",
    "what is acknowledged is durable, and the other way round; duplicates still go on",
  ),
  fault(
    "FI-08",
    "a slot was not freed on a crash, a retry, a failed release",
    "at rest no slots are held; the backlog drains unaided",
  ),
  fault(
    "FI-09",
    "concurrency 1 overlapped: a lease had lapsed before its first renewal",
    "never above the limit, by the store's clock",
  ),
  fault("FI-10", "a resume cleared all blockers, a new one too", "only what was observed is removed"),
  fault(
    "FI-11",
    "a stale recovery list was executed after the ownership had moved",
    "an execution needs a conditional write that wins now",
  ),
  fault(
    "FI-12",
    "two replays on different snapshots gave one id to different steps",
    "one fenced orchestrator, and one order of results for all replays; another kind under an id is an error",
  ),
  fault(
    "FI-13",
    "the late failure of a cancelled run was retried; a backoff outlived the cancellation",
    "an ended run absorbs everything",
  ),
  fault("FI-14", "a suspend raced a wake-up", "a run suspends only if there is no input that it has not seen"),
  fault(
    "FI-15",
    "a mismatch on replay returned another step's result",
    "code gets its own steps' results; another kind under an id is a visible, final failure",
  ),
  fault(
    "B-1",
    "an event was delivered to a waiter of another tenant or environment",
    "a match is of a key and a scope",
  ),
  fault("B-2", "a stale waiter swallowed the next event after a lost race", "a lost race consumes nothing"),
  fault(
    "B-3",
    "a lock was invisible with more than one shard",
    "locks, limits, lines and the sweeper see all partitions",
  ),
  fault(
    "B-4",
    "an event that was older than the run cancelled it",
    "only events after the run was scheduled cancel it",
  ),
  fault("B-5", "a sleep of a year was lost to a TTL", "nothing that a live run needs expires"),
  fault(
    "B-6",
    "`RetryAfterError` was ignored; attempt numbers were wrong",
    "attempts, delays and the last try are as a table says, in every mode",
  ),
  fault(
    "B-7",
    "a Lambda killed in a step used up no attempt: an endless loop",
    "a step that always kills its process fails after its retries",
  ),
  fault(
    "B-8",
    "the rerun of a batch replayed only its first event",
    "a run's events are stored with it: every start, takeover, resume and redelivery sees them all (reruns are not there yet)",
  ),
  fault(
    "B-9",
    "a cron around a change of clocks ran not at all, or twice",
    "a run for each nominal time, and the rule of which times there are is stated",
  ),
];
