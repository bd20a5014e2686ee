import {
  CANCEL_AHEAD_MS,
  type CancelCause,
  type Outcome,
  type RunAddress,
  STATE_SLACK_MS,
  type Sweep,
} from "../../sdk/protocol/index.ts";
import { TABLE } from "../contract.ts";
import type { CrashCount } from "../engine/crash.ts";
import type { Parking } from "../engine/park.ts";
import type { RunHeader, Skipped } from "../engine/types.ts";
import { dueIndexKey, duePartition, dueTimeOf, headerKey, outcomeKey, type RunKey, runsIndexKey } from "./keys.ts";
import { type Birth, birthOf, headKey, NEW_HEADER, toHeader } from "./run-item.ts";
import { outcomeItem, toOutcome } from "./step-item.ts";
import { type Key, type Table, toTtl } from "./table.ts";

/** What the lease write overwrote; absent attributes mean that the run is new. */
export interface Leased {
  readonly header: RunHeader;
  readonly fence: number;
  readonly seen: number;
  /** When the lease ends unless it is renewed, in milliseconds. */
  readonly until: number;
  /** When the run is executed for the first time, perhaps by this lease. In milliseconds. */
  readonly startedAt: number;
  /** An owner was overwritten: its lease ended without being given back. */
  readonly takeover: boolean;
}

export interface LeaseRequest {
  readonly owner: string;
  readonly by: string;
  readonly now: number;
  readonly until: number;
  /** Of the code that goes on with the run; a run keeps that of its first. */
  readonly codeVersion: string;
}

/** An entry of the index of what is due, by the time that the index tells. */
export interface Due {
  readonly key: Key;
  readonly due: number;
}

/** The record of an event that starts no run of a function. */
export interface SkippedRun {
  readonly eventId: string;
  readonly queuedAt: number;
  readonly skipped: Skipped;
}

const FREE = "(attribute_not_exists(#owner) OR #leaseUntil < :now)";
const QUEUED =
  "#parked = :parked, #status = :active, #fence = if_not_exists(#fence, :zero), #wakeSeq = if_not_exists(#wakeSeq, :zero)";
const MINE = "#fence = :fence AND attribute_exists(#owner)";

/** Run headers: each method is one conditional write on one item (PROTOCOLS.md §2). */
export class RunStore {
  readonly #table: Table;
  readonly #retentionMs: number;

  constructor(table: Table, retentionMs: number) {
    this.#table = table;
    this.#retentionMs = retentionMs;
  }

  /** A cancellation that is ahead of its run's start is no run yet. */
  async header(run: RunKey): Promise<RunHeader | undefined> {
    const item = await this.#table.get(headerKey(run));
    return item?.eventId === undefined ? undefined : toHeader(item);
  }

  async headerAt(key: Key): Promise<RunHeader | undefined> {
    const item = await this.#table.get(key);
    return item && toHeader(item);
  }

  /** Ids of a function's runs that were queued on a day (`2026-11-21`), below the id `below`, the latest first. */
  idsOfDay(fn: Omit<RunAddress, "runId">, day: string, below: string, pageSize: number): AsyncGenerator<string> {
    const { gsi1pk } = runsIndexKey({ ...fn, runId: "" }, day);
    return this.#table.queryIndexDown(TABLE.runsIndex, gsi1pk, below, pageSize);
  }

  /** Runs and open buckets of a shard that should have gone on at `upTo`, the longest overdue first, page by page. */
  async *due(shard: number, upTo: number, pageSize: number): AsyncGenerator<readonly Due[]> {
    const text = new Date(upTo).toISOString();
    for await (const page of this.#table.queryIndexUp(TABLE.dueIndex, duePartition(shard), text, pageSize))
      yield page.map(({ key, sortedBy }) => ({ key, due: dueTimeOf(sortedBy) }));
  }

  /** Moves the due time of a run that rests. */
  async postpone(run: RunKey & { readonly fence: number }, due: number): Promise<void> {
    await this.#table.update(headerKey(run), {
      update: "SET #gsi2pk = :gsi2pk, #gsi2sk = :gsi2sk",
      when: "#status = :active AND #fence = :fence AND attribute_not_exists(#owner)",
      values: { active: "active", fence: run.fence, ...dueIndexKey(run.runId, due) },
    });
  }

  /** Notes that the sweeper is about to wake a run. False: it has gone on since it was read, beyond that fence, and needs no wake. */
  async noteSweeps(run: RunKey, sweeps: readonly Sweep[], fence?: number): Promise<boolean> {
    const { applied } = await this.#table.update(headerKey(run), {
      update: "SET #sweeps = :sweeps",
      when: `#status = :active${fence === undefined ? "" : " AND #fence = :fence"}`,
      values: { active: "active", fence, sweeps: JSON.stringify(sweeps) },
    });
    return applied;
  }

  /** Leaves a word for the operator on a run. */
  async note(run: RunKey, note: string): Promise<void> {
    await this.#table.update(headerKey(run), {
      update: "SET #note = :note",
      when: "attribute_exists(pk)",
      values: { note },
    });
  }

  /**
   * Creates a run that has yet to wait for its start, with no owner, so that it can be seen and cancelled. One that was cancelled ahead of
   * its start is filled in. Undefined: there is a run already, or the record of one that was skipped; look at the header.
   */
  async park(run: RunAddress, birth: Birth): Promise<RunHeader | undefined> {
    const { values, sets } = birthOf(run, birth);
    const written = await this.#table.update(headerKey(run), {
      update: `SET ${[QUEUED, ...sets].join(", ")} REMOVE #ttl`,
      when: "attribute_not_exists(pk) OR (#status = :active AND attribute_not_exists(#eventId))",
      values: { parked: "queued", active: "active", zero: 0, ...values },
      returns: "ALL_NEW",
    });
    return written.applied ? toHeader(written.item) : undefined;
  }

  /** Writes down that an event started no run, in the header's place. False: more than a cancellation ahead is there; look at it. */
  async putSkipped(run: RunAddress, { eventId, queuedAt, skipped }: SkippedRun): Promise<boolean> {
    const values = {
      ...headKey(run, queuedAt),
      ...NEW_HEADER,
      status: "skipped",
      eventId,
      endedAt: queuedAt,
      skipped: JSON.stringify(skipped),
      ttl: toTtl(queuedAt + this.#retentionMs),
    };
    return this.#table.put({ ...headerKey(run), ...values }, "attribute_not_exists(#eventId)");
  }

  /** Takes the lease; with `birth`, creates the run if it is not there. Undefined: refused, look at the header. */
  async lease(run: RunAddress, request: LeaseRequest, birth?: Birth): Promise<Leased | undefined> {
    const take =
      "#owner = :owner, #by = :by, #leaseUntil = :until, #fence = if_not_exists(#fence, :zero) + :one, " +
      "#status = :active, #wakeSeq = if_not_exists(#wakeSeq, :zero), #startedAt = if_not_exists(#startedAt, :now), " +
      "#codeVersion = if_not_exists(#codeVersion, :codeVersion)";
    const create = birth === undefined ? undefined : birthOf(run, birth);
    const exists =
      birth === undefined
        ? "#status = :active AND attribute_exists(#eventId)"
        : "(attribute_not_exists(pk) OR #status = :active)";
    const written = await this.#table.update(headerKey(run), {
      update: `SET ${[take, ...(create?.sets ?? [])].join(", ")} REMOVE #guard, #parked, #ttl`,
      when: `${exists} AND ${FREE}`,
      values: { ...request, active: "active", zero: 0, one: 1, ...create?.values },
      returns: "ALL_OLD",
    });
    if (!written.applied) return undefined;
    // Of a run that is new, or was cancelled ahead of its start, the lease has written what it overwrote nothing of.
    const header = toHeader({ ...NEW_HEADER, ...create?.values, ...written.item });
    const { fence, wakeSeq: seen, owner, startedAt = request.now } = header;
    return { header, fence: fence + 1, seen, until: request.until, startedAt, takeover: owner !== undefined };
  }

  /**
   * Records a cancellation: the next holder carries it out (PROTOCOLS.md, P7). A run that is not there yet gets a header that its start
   * fills in. Decided from what is stored, since the reply to a write may be lost: the header of a run that is to be woken, else why not.
   */
  async cancel(run: CancelTarget, cause: CancelCause, now: number): Promise<RunHeader | "ended" | "ahead"> {
    for (;;) {
      const item = await this.#table.get(headerKey(run));
      if (item !== undefined && item.status !== "active") return "ended";
      if (item?.cancel !== undefined) return item.eventId === undefined ? "ahead" : toHeader(item);
      await (item === undefined ? this.#cancelAhead(run, cause, now) : this.#recordCancel(run, cause));
    }
  }

  async #recordCancel(run: CancelTarget, cause: CancelCause): Promise<void> {
    await this.#table.update(headerKey(run), {
      update: "SET #cancel = :cancel, #wakeSeq = if_not_exists(#wakeSeq, :zero) + :one",
      when: "#status = :active AND attribute_not_exists(#cancel)",
      values: { cancel: JSON.stringify(cause), zero: 0, one: 1, active: "active" },
    });
  }

  async #cancelAhead(run: CancelTarget, cause: CancelCause, now: number): Promise<void> {
    const { env, app, functionId, runId } = run;
    const known = { env, app, runId, ...(functionId !== undefined && { functionId }), cancel: JSON.stringify(cause) };
    const header = { ...headerKey(run), v: 1, ...known, status: "active", fence: 0, wakeSeq: 1 };
    await this.#table.put({ ...header, ttl: toTtl(now + CANCEL_AHEAD_MS) }, "attribute_not_exists(pk)");
  }

  /** Marks a run that nobody holds as queued; with `birth`, creates it. False: it is held, not there, or to end, and needs no queue. */
  async queue(run: RunAddress, birth?: Birth): Promise<boolean> {
    const create = birth === undefined ? undefined : birthOf(run, birth);
    const exists = birth === undefined ? "#status = :active" : "(attribute_not_exists(pk) OR #status = :active)";
    const written = await this.#table.update(headerKey(run), {
      update: `SET ${[QUEUED, ...(create?.sets ?? [])].join(", ")} REMOVE #gsi2pk, #gsi2sk`,
      when: `${exists} AND attribute_not_exists(#owner) AND attribute_not_exists(#cancel)`,
      values: { parked: "queued", active: "active", zero: 0, ...create?.values },
    });
    return written.applied;
  }

  /** Gives a lease back to get in line: the run has not gone on. `isFirst`: it has never been executed. */
  async requeue(run: RunKey, fence: number, isFirst: boolean): Promise<boolean> {
    const written = await this.#table.update(headerKey(run), {
      update: `SET #parked = :parked REMOVE #owner, #by, #guard, #leaseUntil, #gsi2pk, #gsi2sk${isFirst ? ", #startedAt" : ""}`,
      when: MINE,
      values: { fence, parked: "queued" },
    });
    return written.applied;
  }

  /** Gives back a lease that may have been taken: the answer to the write was an error. A crash would be counted otherwise. */
  async abandon(run: RunKey, owner: string): Promise<void> {
    await this.#table.update(headerKey(run), {
      update: "REMOVE #owner, #by, #guard, #leaseUntil",
      when: "#owner = :owner",
      values: { owner },
    });
  }

  /** Wakes a run that is held: its holder will look again. Undefined: not held like that any more, start over. */
  async raise(run: RunKey, fence: number, messageId: string, now: number): Promise<RunHeader | undefined> {
    const written = await this.#table.update(headerKey(run), {
      update: "SET #wakeSeq = #wakeSeq + :one, #guard = if_not_exists(#guard, :id)",
      when: `${MINE} AND #leaseUntil >= :now AND #status = :active`,
      values: { one: 1, id: messageId, fence, now, active: "active" },
      returns: "ALL_NEW",
    });
    return written.applied ? toHeader(written.item) : undefined;
  }

  /** The heartbeat. Returns the header that it read back, or undefined when the run has gone to another. */
  async renew(run: RunKey, fence: number, until: number): Promise<RunHeader | undefined> {
    const written = await this.#table.update(headerKey(run), {
      update: "SET #leaseUntil = :until",
      when: MINE,
      values: { until, fence },
      returns: "ALL_NEW",
    });
    return written.applied ? toHeader(written.item) : undefined;
  }

  async countCrash(run: RunKey, fence: number, { crashes, mark }: CrashCount): Promise<boolean> {
    const written = await this.#table.update(headerKey(run), {
      update: "SET #crashes = :crashes, #crashMark = :mark, #crashFence = :fence",
      when: MINE,
      values: { crashes, mark, fence },
    });
    return written.applied;
  }

  /** Lets go of the run until something wakes it. Refused when a wake came that has not been seen (L2). */
  async suspend(run: RunKey, suspend: Suspend): Promise<boolean> {
    const { fence, seen, armed, parking, attempts, results, retryAt, finishBy } = suspend;
    const retry = retryAt === undefined ? "" : ", #retryAt = :retryAt";
    const deadline = finishBy === undefined ? "" : ", #finishBy = :finishBy";
    const written = await this.#table.update(headerKey(run), {
      update:
        "SET #armed = :armed, #attempts = :attempts, #parked = :doing, #results = :results, " +
        `#gsi2pk = :gsi2pk, #gsi2sk = :gsi2sk${retry}${deadline} REMOVE #owner, #by, #guard, #leaseUntil`,
      when: `${MINE} AND #wakeSeq = :seen`,
      values: {
        ...{ fence, seen, armed, attempts, results, retryAt, finishBy },
        doing: parking.doing,
        ...dueIndexKey(run.runId, parking.due),
      },
    });
    return written.applied;
  }

  /**
   * Gives the lease back with nothing decided; the caller sends the message that continues, or keeps its own. `attempts`: failed
   * tries of the handler so far.
   */
  async release(run: RunKey, fence: number, attempts?: number): Promise<boolean> {
    const written = await this.#table.update(headerKey(run), {
      update: `${attempts === undefined ? "" : "SET #attempts = :attempts "}REMOVE #owner, #by, #guard, #leaseUntil`,
      when: MINE,
      values: { fence, attempts },
    });
    return written.applied;
  }

  /** The end (L6). Refused when a wake came that has not been seen. */
  async finish(run: RunKey, fence: number, seen: number, end: RunEnd): Promise<boolean> {
    const values = {
      status: end.status,
      endedAt: end.endedAt,
      ttl: toTtl(end.endedAt + this.#retentionMs),
      attempts: end.attempts,
      tail: end.tail || undefined,
      outcome: end.outcome,
      outcomeAt: end.outcomeAt,
      cancel: end.cancel && JSON.stringify(end.cancel),
    };
    const given = Object.entries(values).filter(([, value]) => value !== undefined);
    // A cancelled run keeps the time of its next try: its timer is named by it, and taken back by a tail that may be repeated.
    const dropped = [
      ...["owner", "by", "guard", "leaseUntil", "crashes", "crashMark", "crashFence", "gsi2pk", "gsi2sk"],
      ...(end.status === "cancelled" ? [] : ["retryAt"]),
      ...(end.unstarted ? ["startedAt"] : []),
    ];
    const written = await this.#table.update(headerKey(run), {
      update:
        `SET ${given.map(([name]) => `#${name} = :${name}`).join(", ")} ` +
        `REMOVE ${dropped.map((name) => `#${name}`).join(", ")}`,
      when: `${MINE} AND #status = :active AND #wakeSeq = :seen`,
      values: { ...values, fence, seen, active: "active" },
    });
    return written.applied;
  }

  /** How an ended run ended. */
  async outcome(run: RunKey, header: RunHeader): Promise<Outcome | undefined> {
    if (header.outcomeAt === undefined) return header.outcome;
    const item = await this.#table.get(outcomeKey(run, header.fence));
    return item && toOutcome(item);
  }

  /** An outcome too large for the header; immutable, so writing it twice is harmless. */
  async putOutcome(run: RunKey, fence: number, outcome: Outcome, endedAt: number): Promise<void> {
    const ttl = toTtl(endedAt + STATE_SLACK_MS + this.#retentionMs);
    await this.#table.put({ ...outcomeKey(run, fence), v: 1, ...outcomeItem(outcome), ttl });
  }
}

export interface Suspend {
  readonly fence: number;
  readonly seen: number;
  /** The fence up to which everything open has been set up. */
  readonly armed: number;
  readonly parking: Parking;
  /** Failed tries of the handler so far. */
  readonly attempts: number;
  /** How many step items there are. */
  readonly results: number;
  /** When the handler is to be tried again, if it has failed. */
  readonly retryAt?: number;
  /** When the run is cancelled unless it has ended, if ever. */
  readonly finishBy?: number;
}

export interface RunEnd {
  readonly status: "completed" | "failed" | "cancelled";
  readonly endedAt: number;
  readonly attempts: number;
  /** Whether something remains to be done after the end. */
  readonly tail: boolean;
  /** JSON of the `Outcome`, while small. */
  readonly outcome?: string;
  readonly outcomeAt?: "item";
  readonly cancel?: CancelCause;
  /** It was cancelled before any of its code has run. */
  readonly unstarted?: boolean;
}

/** A run to cancel: whoever has only its id does not know its function. */
export type CancelTarget = Omit<RunAddress, "functionId"> & { readonly functionId?: string | undefined };
