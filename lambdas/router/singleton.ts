import { lockKey } from "../aws/index.ts";
import { hashOf, keyOf, labelOf } from "../engine/flow-keys.ts";
import { onSingletonLock } from "../engine/locks.ts";
import type { Skipped } from "../engine/types.ts";
import type { Candidate } from "./admit.ts";
import type { RouterDeps } from "./deps.ts";

/** What the run has of its function's singleton: a lock, nothing, or no run at all. */
export type Locked = { readonly lock?: string; readonly refusal?: undefined } | { readonly refusal: Skipped };

/**
 * Takes the lock of a function's singleton for a run. It is given back in the run's tail.
 *
 * `mode: "cancel"` cancels the owner first and takes the lock then: a crash between the two is repeated with the same owner, and
 * nobody has to remember whom the lock was taken from.
 */
export async function lockRun(deps: RouterDeps, { match, run, userEvent, at }: Candidate): Promise<Locked> {
  const { world, clock } = deps;
  const singleton = match.fn.flow?.singleton;
  const key = keyOf(singleton?.key, userEvent);
  if (singleton === undefined || !key.on) return {};
  const hash = hashOf(run.functionId, singleton.key, key.text);
  const own = await world.runs.header(run);
  if (own?.skipped !== undefined && own.skipped.reason !== "debounce") return { refusal: own.skipped };
  // Admitted before. The lock may have gone to a newer run since, or have been given back.
  if (own !== undefined && own.status !== "skipped") return { lock: hash };
  const item = lockKey(run, "singleton", hash);
  const me = { runId: run.runId, at };
  for (;;) {
    const lock = await world.locks.get(item);
    const isOthers = lock !== undefined && lock.runId !== run.runId;
    const owner = isOthers ? await world.runs.header({ ...run, runId: lock.runId }) : undefined;
    const verdict = onSingletonLock(lock, owner, me, singleton, clock.now());
    if (verdict === "skip") return { refusal: refusalOf(key.text, lock?.runId) };
    if (verdict === "cancelOwner" && lock !== undefined) await cancelOwner(deps, run, lock.runId);
    if (verdict === "mine" || (await world.locks.take(item, me, lock))) return { lock: hash };
  }
}

/** By a message of its own: an event that starts a run does not wait for what cancelling another entails. */
const cancelOwner = ({ world }: RouterDeps, { env, app, functionId, runId }: Candidate["run"], owner: string) =>
  world.queue.sendToRouter({
    v: 1,
    stepwell: true,
    kind: "cancel",
    env,
    app,
    functionId,
    runId: owner,
    cause: { by: "singleton", runId },
  });

const refusalOf = (text: string | undefined, runId: string | undefined): Skipped => ({
  reason: "singleton",
  ...(text !== undefined && { key: labelOf(text) }),
  ...(runId !== undefined && { runId }),
});
