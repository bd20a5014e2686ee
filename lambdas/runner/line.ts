/** Getting in line before a gate that is full (PROTOCOLS.md §5): the header first, then the place, then look whether the line moves (G4). */
import type { RunAddress } from "../../sdk/protocol/index.ts";
import { leaveGate, pump } from "../aws/hand-over.ts";
import { shardHeldBy } from "../engine/gate.ts";
import type { RunnerDeps } from "./deps.ts";
import { entryAt, handOverOf, type Look, passOnPromises, type Standing } from "./gates.ts";

/** The first gate that lets a run not in. */
export const fullGate = (looks: readonly Look[], runId: string, now: number): Look | undefined =>
  looks.find((look) => entryAt(look, runId, now).kind === "full");

/**
 * Puts a run that nobody holds in line. What it was promised elsewhere goes to the next there: a run that waits holds nothing, so no two runs
 * can wait for each other.
 */
export async function getInLine(
  deps: RunnerDeps,
  run: RunAddress,
  { place }: Standing,
  looks: readonly Look[],
  full: Look,
): Promise<void> {
  const { world, clock, nonce, log } = deps;
  const { env, app, functionId, runId } = run;
  const { gate, limit } = full;
  await world.lines.enqueue({
    ...{ env, app, functionId, runId, gate, limit },
    order: place.order,
    nonce: nonce(),
    since: clock.now(),
    several: place.gates.length > 1,
  });
  log.debug("run queued", { runId, functionId, limit, scope: gate.scope, key: gate.key });
  await passOnPromises(deps, run, looks);
  await pump(world, handOverOf(deps, run, gate));
}

/**
 * Gives up slots that the run has from an execution which did not live to do it, or was not let. Those of a later execution than the one
 * that is known to be over stay.
 */
export async function leaveBehind(
  deps: RunnerDeps,
  run: RunAddress,
  looks: readonly Look[],
  fenceMax = Number.POSITIVE_INFINITY,
): Promise<void> {
  const { runId } = run;
  await Promise.all(
    looks.map(async ({ gate, state }) => {
      const shard = shardHeldBy(state, runId);
      const fence = shard === undefined ? undefined : state.shards.get(shard)?.holders[runId]?.fence;
      if (shard === undefined || fence === undefined || fence > fenceMax) return;
      await leaveGate(deps.world, handOverOf(deps, run, gate), { runId, fence, shard, crowded: true });
    }),
  );
}
