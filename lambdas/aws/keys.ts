import type { GateRef, RunAddress, StepMemo } from "../../sdk/protocol/index.ts";
import type { Key } from "./table.ts";

/**
 * Keys of the one table. They begin with environment and app, so that IAM's `dynamodb:LeadingKeys` can fence apps; what apps share
 * stands under the app name `$`, which no client can have.
 */
const SHARED = "$";

export type RunKey = Pick<RunAddress, "env" | "app" | "runId">;

export const runPartition = ({ env, app, runId }: RunKey): string => `${env}#${app}#run#${runId}`;
export const headerKey = (run: RunKey): Key => ({ pk: runPartition(run), sk: "header" });
/** By the fence that ended the run: what a late holder writes lies beside it. */
export const outcomeKey = (run: RunKey, fence: number): Key => ({ pk: runPartition(run), sk: `outcome#${fence}` });
export const STEP_PREFIX = "step#";
export const stepSortKey = (key: string): string => `${STEP_PREFIX}${key}`;
export const stepKey = (run: RunKey, key: string): Key => ({ pk: runPartition(run), sk: stepSortKey(key) });
/** Of steps that were written together: found with the others, and no step's own, since keys of steps have no `#`. */
export const packKey = (run: RunKey, name: string): Key => ({ pk: runPartition(run), sk: `${PACK_PREFIX}${name}` });
export const packName = (sk: string): string => sk.slice(PACK_PREFIX.length);
const PACK_PREFIX = `${STEP_PREFIX}pack#`;

export const eventKey = (env: string, id: string): Key => ({ pk: `${env}#${SHARED}#event#${id}`, sk: "event" });
/** Where an event lies once its id has been accepted anew. */
export const olderEventKey = (env: string, id: string, at: number): Key => ({
  ...eventKey(env, id),
  sk: `event#${new Date(at).toISOString()}`,
});
export const registryPartition = (env: string): string => `${env}#${SHARED}#registry`;
export const appKey = (env: string, app: string): Key => ({ pk: registryPartition(env), sk: `app#${app}` });

/** Which match paths are live for an event name. */
export const pathsKey = (env: string, event: string): Key => ({ pk: `${env}#${SHARED}#paths#${event}`, sk: "paths" });

/** Listeners for one event name whose match paths have the values hashed in `match`. */
export const listenerPartition = (env: string, app: string, event: string, match: string): string =>
  `${env}#${app}#listener#${event}#${match}`;

/** Events of one name whose match paths have the values hashed in `match`. */
export interface ArrivalsOf {
  readonly env: string;
  readonly app: string;
  readonly event: string;
  readonly match: string;
}
export const arrivalPartition = ({ env, app, event, match }: ArrivalsOf): string =>
  `${env}#${app}#arrived#${event}#${match}`;
export const arrivalKey = (of: ArrivalsOf, { id, at }: { readonly id: string; readonly at: number }): Key => ({
  pk: arrivalPartition(of),
  sk: `${arrivalsFrom(at)}#${id}`,
});
/** Before every sort key of a bus time of `at` or later. */
export const arrivalsFrom = (at: number): string => new Date(at).toISOString();

/** Sort key of a step's listener; of a wait for several events that of the one at that place. */
export const listenerName = (runId: string, step: Pick<StepMemo, "key">, index = 0): string =>
  `${runId}#${step.key}${index === 0 ? "" : `#${index}`}`;

/** Where the listeners of a wait lie. */
export const listenersOf = (runId: string, step: Pick<StepMemo, "key" | "wait">): readonly Key[] =>
  (step.wait?.listeners ?? []).map((pk, index) => ({ pk, sk: listenerName(runId, step, index) }));

/** A signal's name belongs to an app. */
export interface SignalKey {
  readonly env: string;
  readonly app: string;
  readonly signal: string;
}
const signalPartition = ({ env, app, signal }: SignalKey): string => `${env}#${app}#signal#${signal}`;
/** The step that waits for a signal. */
export const waiterKey = (of: SignalKey): Key => ({ pk: signalPartition(of), sk: "waiter" });
/** For whom a signal is that has been sent. */
export const sentKey = (of: SignalKey, id: string): Key => ({ pk: signalPartition(of), sk: `sent#${id}` });

/** Sort key of the listener of a run's `cancelOn` at that place. */
export const cancelListenerName = (runId: string, index: number): string => `${runId}#cancel#${index}`;

/** Name of the schedule that wakes a run at a deadline of its function's. */
export const deadlineName = (runId: string, deadline: "start" | "finish", at: number): string =>
  `${runId}-${deadline}-${at}`;

/** Name of the schedule of the next try of a run's handler. */
export const retryName = (runId: string, attempts: number, at: number): string => `${runId}-handler-${attempts}-${at}`;

/** Name of the schedule at which a gate that a run has held back opens again. */
export const holdName = (runId: string, gate: GateRef, until: number): string =>
  `${runId}-hold-${gate.id.slice(0, 8)}-${until}`;

/** Name of a step's schedule or execution: at most 64 characters, the same for every repeat. */
export const waitName = (runId: string, step: StepMemo): string => `${runId}-${step.key}-${step.attempts}`;

export const deadLetterPartition = (env: string): string => `${env}#${SHARED}#dead`;

/** Whose a gate is: the app's own, or what the apps of an environment, or all environments, share. */
const gateOwner = ({ env, app }: AppKey, { scope }: GateRef): string => {
  if (scope === "fn") return `${env}#${app}`;
  return scope === "env" ? `${env}#${SHARED}` : `${SHARED}#${SHARED}`;
};

export type AppKey = Pick<RunAddress, "env" | "app">;

/** The slots of a gate: an item for each shard, and one for a time at which it opens again. */
export const slotsPartition = (app: AppKey, gate: GateRef): string => `${gateOwner(app, gate)}#slots#${gate.id}`;
export const shardKey = (app: AppKey, gate: GateRef, shard: number): Key => ({
  pk: slotsPartition(app, gate),
  sk: `shard#${shard}`,
});
export const heldKey = (app: AppKey, gate: GateRef): Key => ({ pk: slotsPartition(app, gate), sk: "held" });

/** Runs in line before the gates of an owner, in a few partitions, so that the sweeper finds them all: by gate, then by order. */
export const BACKLOG_SHARDS = 4;
const backlog = (owner: string, shard: number): string => `${owner}#backlog#${shard}`;
export const backlogsOfApp = ({ env, app }: AppKey): readonly string[] => backlogsOf(`${env}#${app}`);
export const backlogsOfEnvironment = (env: string): readonly string[] => backlogsOf(`${env}#${SHARED}`);
export const backlogsOfAccount = (): readonly string[] => backlogsOf(`${SHARED}#${SHARED}`);
const backlogsOf = (owner: string) => Array.from({ length: BACKLOG_SHARDS }, (_, shard) => backlog(owner, shard));

/** The line before a gate. */
export const lineOf = (app: AppKey, gate: GateRef) => ({
  pk: backlog(gateOwner(app, gate), gate.id.charCodeAt(0) % BACKLOG_SHARDS),
  prefix: linePrefix(gate.id),
});
export const linePrefix = (gateId: string): string => `${gateId}#`;
/** Above every entry of a gate's line, and below the next gate's. */
export const lineEnd = (gateId: string): string => `${gateId}$`;
export const entryKey = (app: AppKey, gate: GateRef, order: string, runId: string): Key => {
  const { pk, prefix } = lineOf(app, gate);
  return { pk, sk: `${prefix}${order}#${runId}` };
};

/** What a rate limit remembers for one key; `hash` is of the function and the key. */
export const paceKey = ({ env, app }: AppKey, hash: string): Key => ({
  pk: `${env}#${app}#pace#${hash}`,
  sk: "rateLimit",
});

/** The places of a function's runs under its throttle: by the hash of the key, then in order. */
export const placesPartition = ({ env, app, functionId }: Omit<RunAddress, "runId">): string =>
  `${env}#${app}#pace#${functionId}`;
const PLACE_PREFIX = "throttle#";
/** Sort key of a place, by its name `<hash>#<number>`; also of a mere hash and "#", before all its places. */
export const placeSortKey = (name: string): string => `${PLACE_PREFIX}${name}`;
export const placeNameIn = (sortKey: string): string => sortKey.slice(PLACE_PREFIX.length);

/** Which run has a key of an `idempotency` or a `singleton`; `hash` is of the function and the key. */
export const lockKey = ({ env, app }: AppKey, option: "idempotency" | "singleton", hash: string): Key => ({
  pk: `${env}#${app}#lock#${hash}`,
  sk: option,
});

/** Name of the schedule of a throttled start that is far off. A start that is moved has another each time. */
export const startName = (runId: string, rev: number): string => `${startPrefix(runId)}${rev}`;
/** How the names of all of a run's schedules for its throttled start begin. */
export const startPrefix = (runId: string): string => `${runId}-start-`;

/** A debounce or a batch of a function, by the hash of its kind and key: its generations, and which of them is the open one. */
export type BucketKey = Omit<RunAddress, "runId"> & { readonly bucket: string };
export const bucketPartition = ({ env, app, functionId, bucket }: BucketKey): string =>
  `${env}#${app}#bucket#${functionId}#${bucket}`;
export const bucketKey = (of: BucketKey, generation: number): Key => ({
  pk: bucketPartition(of),
  sk: `generation#${generation}`,
});
/** The bucket and the generation of such a key; undefined: it is of something else. */
export function bucketAt({ pk, sk }: Key): { readonly of: BucketKey; readonly generation: number } | undefined {
  const [env = "", app = "", kind, functionId = "", bucket = ""] = pk.split("#");
  const generation = Number(/^generation#(\d+)$/.exec(sk)?.[1]);
  return kind === "bucket" && !Number.isNaN(generation)
    ? { of: { env, app, functionId, bucket }, generation }
    : undefined;
}
export const pointerKey = (of: BucketKey): Key => ({ pk: bucketPartition(of), sk: "pointer" });

/** Name of the schedule that flushes a bucket: by the run that it will have, and by its time. */
export const flushName = (runId: string, at: number): string => `${runId}-flush-${at.toString(36)}`;

/** The events of a run that has several. */
export const runEventsKey = (run: RunKey): Key => ({ pk: runPartition(run), sk: "events" });

/** Run listing: by function and day, in order of run id. */
export const runsIndexKey = (run: RunAddress, day: string) => ({
  gsi1pk: `${run.env}#${run.app}#${run.functionId}#${day}`,
  gsi1sk: run.runId,
});

/** Runs and open buckets by the time when they are to go on, spread over a few partitions by the run's id. */
export const DUE_SHARDS = 4;
export const duePartition = (shard: number): string => `due#${shard}`;
export const dueIndexKey = (runId: string, due: number) => ({
  gsi2pk: duePartition(shardOf(runId)),
  gsi2sk: `${new Date(due).toISOString()}#${runId}`,
});

/** The time in such a sort key. */
export const dueTimeOf = (sortedBy: string): number => Date.parse(sortedBy.slice(0, sortedBy.indexOf("#")));

const shardOf = (runId: string): number => runId.charCodeAt(runId.length - 1) % DUE_SHARDS;
