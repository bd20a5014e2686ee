import { compileExpression, holds } from "../../sdk/expressions/index.ts";
import type { EngineMessage, FlushMessage } from "../../sdk/protocol/index.ts";
import { type BucketKey, flushName } from "../aws/keys.ts";
import {
  addTo,
  arrivedEventOf,
  type Bucket,
  type BucketOptions,
  bucketOptionsOf,
  bucketRunId,
  dueOf,
  isFull,
  isOpener,
} from "../engine/bucket.ts";
import { hashOf, keyOf, labelOf } from "../engine/flow-keys.ts";
import type { Admitted, Candidate } from "./admit.ts";
import { admitRun } from "./admit-run.ts";
import { close, closeAsSeen, type Generation } from "./close-bucket.ts";
import { type Routed, type RouterDeps, together } from "./deps.ts";
import { keepOpen } from "./keep-bucket.ts";
import type { Start } from "./start-run.ts";

/**
 * Puts an event into the bucket of its function's `debounce` or `batchEvents`: pointer, member, generation, then the timer by the one who
 * opened it, and the close by the one who filled it (PROTOCOLS.md §6). All of it may be done again. An event for which the option is off,
 * or a batch's `if` does not hold, gets a run of its own.
 */
export async function addToBucket(deps: RouterDeps, candidate: Candidate): Promise<Admitted> {
  const place = placeIn(candidate);
  if (place === undefined) return admitRun(deps, candidate);
  return deps.world.buckets.inTurn(place.of, () => add(deps, candidate, place));
}

interface Place {
  readonly of: BucketKey;
  readonly options: BucketOptions;
  /** The key's value, for people. */
  readonly key?: string;
}

/** Which bucket an event belongs to. A changed key, and another kind, is another one. */
function placeIn({ match, run, userEvent }: Candidate): Place | undefined {
  const { debounce, batchEvents } = match.fn.flow ?? {};
  const options = match.fn.flow && bucketOptionsOf(match.fn.flow);
  if (options === undefined || (options.kind === "batch" && !isWanted(batchEvents?.if, userEvent))) return undefined;
  const expression = (debounce ?? batchEvents)?.key;
  const key = keyOf(expression, userEvent);
  if (!key.on) return undefined;
  const { env, app, functionId } = run;
  const of = { env, app, functionId, bucket: hashOf(options.kind, expression, key.text) };
  return { of, options, ...(key.text !== undefined && { key: labelOf(key.text) }) };
}

const isWanted = (condition: string | undefined, event: object): boolean =>
  condition === undefined || holds(compileExpression(condition, ["event"], "batchEvents.if"), { event });

async function add(deps: RouterDeps, candidate: Candidate, place: Place): Promise<Routed> {
  const { buckets, members } = deps.world;
  const { match, emits, run } = candidate;
  const { of, options, ...key } = place;
  const event = arrivedEventOf(candidate.event);
  const bucket = { id: of.bucket, generation: await buckets.pointer(of) };
  let ref = await members.join({ ...run, ...key, event, kind: options.kind, bucket, queuedAt: event.arrivedAt });
  const closed: Routed[] = [];
  // Undefined: an earlier delivery has started a run of the event's own, before the function had the option.
  while (ref !== undefined) {
    const { id, generation } = ref;
    const target: Generation = { of: { ...of, bucket: id }, generation, match, emits };
    const seen = await buckets.get(target.of, generation);
    const added = addTo(seen?.bucket, event, options);
    if ("bucket" in added) {
      const next = { ...key, bucket: added.bucket, rev: (seen?.rev ?? 0) + 1 };
      if (added.kind === "added" && !(await buckets.put(target.of, generation, seen, next))) continue;
      if (isOpener(added.bucket, event)) await arm(deps, target, added.bucket, added.bucket.armedFor);
      return together([...closed, await closeIfFull(deps, target, added.bucket, options)]);
    }
    if (added.kind === "closed") ref = await members.moveOn(run, ref);
    // Then it looks again: others may have been faster, and the event may be in it by now.
    else if (seen !== undefined) closed.push((await closeAsSeen(deps, target, seen)) ?? { send: [] });
  }
  return together(closed);
}

/** Whoever meets a full bucket closes it, also one that another has closed: the other may have died before the run was started. */
async function closeIfFull(
  deps: RouterDeps,
  target: Generation,
  bucket: Bucket,
  options: BucketOptions,
): Promise<Routed> {
  return isFull(bucket, bucket.closedAt === undefined ? options : undefined) ? close(deps, target) : { send: [] };
}

/** The time of a bucket may be over: closes it, or comes back for the rest. `match`: its function, as registered now. */
export async function flush(
  deps: RouterDeps,
  message: FlushMessage,
  { match, emits }: Pick<Start, "match" | "emits">,
): Promise<Routed> {
  const { env, app, functionId, bucket, generation } = message;
  const target: Generation = { of: { env, app, functionId, bucket }, generation, match, emits };
  const stored = await deps.world.buckets.get(target.of, generation);
  if (stored === undefined) return { send: [] };
  const current = match.fn.flow && bucketOptionsOf(match.fn.flow);
  // Without the option, what is there is flushed as it was meant.
  const options = current?.kind === stored.bucket.kind ? current : undefined;
  const due = dueOf(stored.bucket, options);
  const isOpen = stored.bucket.closedAt === undefined;
  if (isOpen && due > deps.clock.now() && !isFull(stored.bucket, options)) {
    await keepOpen(deps, target.of, stored.bucket, due);
    await arm(deps, target, stored.bucket, due);
    return { send: [] };
  }
  return close(deps, target);
}

/** The timer of a bucket; an early one comes back for the rest. */
async function arm(
  { world, clock }: RouterDeps,
  { of, generation }: Generation,
  bucket: Bucket,
  at: number,
): Promise<void> {
  const runId = bucketRunId(of, of.bucket, generation, bucket);
  const message: EngineMessage = { v: 1, stepwell: true, kind: "flush", ...of, generation, runId, at };
  await world.timer.callRouter(flushName(runId, at), at, clock.now(), message);
}
