/**
 * A deploy has changed a function's throttle: the runs that wait for their start are planned again, by the rate of today (engine/throttle.ts).
 * One message finds the keys that have a queue, and sends one for each; that goes from the first place that waits to the last. All of it
 * may be repeated at any point, and may meet others.
 */
import type { EngineMessage, RepaceMessage } from "../../sdk/protocol/index.ts";
import type { PlacesOf, StoredPlace } from "../aws/place-store.ts";
import { laterUnder } from "../engine/gcra.ts";
import { findFunction } from "../engine/match.ts";
import { isLetGo, isRight, mayWait, paceOf, planAgain, type Replan } from "../engine/throttle.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { type MovingFor, moveStart } from "./move-start.ts";

/** Keys that one message looks at, and places. Another message goes on. */
const KEYS_PER_MESSAGE = 100;
const PLACES_PER_MESSAGE = 100;
/** Of the last places of a key, one may wait if any does: those behind it, which have been let go, are fewer. */
const LAST_READ = 10;
/** Places that are read at once to find the first one that waits. */
const LOOK_BACK = 500;

export async function repace(deps: RouterDeps, message: RepaceMessage): Promise<Routed> {
  const { env, app, functionId, by, key, after } = message;
  const match = findFunction(await deps.world.registry.appsNow(env), app, functionId);
  // Nobody serves it: its runs wait for the deploy that does, which is another change.
  if (match === undefined) return { send: [] };
  const of = { env, app, functionId };
  if (key === undefined || after === undefined) return findQueues(deps, message);
  const flow = match.fn.flow ?? {};
  const walk: Walk = { of, key, replan: { pace: paceOf(flow.throttle), now: deps.clock.now(), by }, moved: new Map() };
  const rest = await walkQueue(deps, walk, after);
  return follow(deps, walk, { ...of, queueUrl: match.app.queueUrl, timeouts: flow.timeouts }, rest);
}

/** Sends a message for each queue. */
async function findQueues(deps: RouterDeps, { kind: _, ...message }: RepaceMessage): Promise<Routed> {
  const { places, queue } = deps.world;
  const send = (position: Pick<RepaceMessage, "key" | "after" | "only">) =>
    queue.sendToRouter(engineMessage({ ...message, ...position }));
  let key = message.key ?? (await places.keyBelow(message, undefined));
  for (let keys = 0; key !== undefined; keys++) {
    if (keys === KEYS_PER_MESSAGE) {
      await send({ key });
      break;
    }
    const after = await lastBeforeQueue(deps, message, key);
    if (after !== undefined) await send({ key, after, only: true });
    key = message.only ? undefined : await places.keyBelow(message, key);
  }
  return { send: [] };
}

const engineMessage = (message: Omit<RepaceMessage, "kind">): EngineMessage => ({
  ...{ v: 1, stepwell: true, kind: "repace" },
  ...message,
});

/** The number before that of the first place that may wait. Undefined: none does. */
async function lastBeforeQueue({ world, clock }: RouterDeps, of: PlacesOf, key: string): Promise<number | undefined> {
  const now = clock.now();
  let first: StoredPlace | undefined;
  for (let [from, limit] = [undefined as number | undefined, LAST_READ]; ; limit = LOOK_BACK) {
    const page = await world.places.downFrom(of, key, from, limit);
    const waiting = page.filter((place) => mayWait(place, now));
    first = waiting.at(-1) ?? first;
    const last = page.at(-1);
    if (last === undefined || page.length < limit || waiting.length === 0) return first && first.number - 1;
    from = last.number - 1;
  }
}

/** A walk along the queue of a key. */
interface Walk {
  readonly of: PlacesOf;
  readonly key: string;
  readonly replan: Replan;
  /** What it has moved, in this delivery of its message or an earlier one, by name. */
  readonly moved: Map<string, StoredPlace>;
}

/** Returns the number of the last place that is done, if another message has to go on from there. */
async function walkQueue(deps: RouterDeps, walk: Walk, after: number): Promise<number | undefined> {
  let done = after;
  for (let left = PLACES_PER_MESSAGE; left > 0; ) {
    const page = await deps.world.places.from(walk.of, walk.key, done, left + 1);
    const before = page[0]?.number === done ? page[0] : undefined;
    const queue = before === undefined ? page : page.slice(1);
    if (queue.length === 0) return undefined;
    done = (await planQueue(deps, walk, queue, before)) ?? done;
    // Another was faster, who may know a later rate than this message.
    if (done !== queue.at(-1)?.number) return done;
    left -= queue.length;
  }
  return done;
}

/** Returns the number of the last place that is done: of all, unless another was faster. */
async function planQueue(
  deps: RouterDeps,
  { of, replan, moved }: Walk,
  queue: readonly StoredPlace[],
  first: StoredPlace | undefined,
): Promise<number | undefined> {
  let [before, basis] = [first, first];
  for (const seen of queue) {
    let place = seen;
    if (seen.by === replan.by) moved.set(seen.name, seen);
    if (await isGone(deps, of, seen, replan)) {
      // Started meanwhile, perhaps out of order: what it keeps waiting is what counts.
      basis = replan.pace && basis ? laterUnder(replan.pace, basis, seen) : seen;
      before = seen;
      continue;
    }
    if (!isRight(seen, before, replan.pace)) {
      place = { ...seen, ...planAgain(seen, before, basis, replan) };
      if (!(await deps.world.places.move(of, seen, place))) return before?.number;
      moved.set(place.name, place);
    }
    before = basis = place;
  }
  return before?.number;
}

/** Its run has been started, or is about to be (T4). One whose time has come by a rate of before may be held back by its runner. */
async function isGone(
  { world }: RouterDeps,
  of: PlacesOf,
  place: StoredPlace,
  { pace, now }: Replan,
): Promise<boolean> {
  if (isLetGo(place)) return true;
  if (place.startsAt > now) return false;
  if (pace === undefined || !mayWait(place, now) || isRight(place, undefined, pace)) return true;
  const header = await world.runs.header({ ...of, runId: place.runId });
  return (
    header === undefined || header.status !== "active" || header.owner !== undefined || header.startedAt !== undefined
  );
}

/** The runs of the moved places are sent their messages; then what was set up for them before is taken back, and the walk goes on. */
async function follow(deps: RouterDeps, walk: Walk, target: MovingFor, rest: number | undefined): Promise<Routed> {
  const moves = await Promise.all([...walk.moved.values()].map((place) => moveStart(deps, target, place)));
  const { of, key, replan } = walk;
  return {
    send: moves.flatMap(({ send }) => send),
    after: async () => {
      await Promise.all(moves.map(({ after }) => after?.()));
      if (rest === undefined) return;
      await deps.world.queue.sendToRouter(engineMessage({ ...of, by: replan.by, key, after: rest, only: true }));
    },
  };
}
