/** Runs that rest, and those whose worker has died: each has to have a wake-up ahead of it (L3). */
import type { Overdue, RunMessage } from "../../sdk/protocol/index.ts";
import type { Due } from "../aws/run-store.ts";
import { serves } from "../engine/match.ts";
import { isLost, overdueOf, withSweep } from "../engine/overdue.ts";
import type { RunHeader } from "../engine/types.ts";
import { GRACE_MS, NOT_SERVED_RETRY_MS, type SweeperDeps, type Swept } from "./deps.ts";

/** Wakes a run if it is overdue. The index only tells where to look; the header decides, and the wake's lease. */
export async function sweepRun(deps: SweeperDeps, { key, due }: Due): Promise<Swept | undefined> {
  const { world, clock } = deps;
  const header = await world.runs.headerAt(key);
  if (header === undefined || !isLeft(header, clock.now())) return undefined;
  const app = await world.registry.app(header.env, header.app);
  if (app === undefined || !serves(app, header.functionId)) {
    // Nobody could take the wake-up. Looked at again later, so that such runs do not stand before the others.
    await world.runs.postpone(header, clock.now() + NOT_SERVED_RETRY_MS);
    return undefined;
  }
  const overdue = overdueOf(header, (await world.steps.load(header)).values(), due);
  if (isLost(overdue) && !(await note(deps, header, overdue, header.fence))) return undefined;
  const minute = Math.floor(clock.now() / 60_000);
  const { env, functionId, runId } = header;
  const wake = { kind: "wake", rearm: true } as const;
  const message: RunMessage = { v: 1, id: `sweep:${minute}`, env, app: header.app, functionId, runId, ...wake };
  await world.queue.sendToRun(app.queueUrl, message);
  return { app: header.app, functionId, runId, ...overdue };
}

/** Nobody holds it, or its lease has been over for long: its message would have been back since. */
const isLeft = ({ status, owner, leaseUntil = 0 }: RunHeader, now: number): boolean =>
  status === "active" && (owner === undefined || leaseUntil < now - GRACE_MS);

/** Notes on a run why it is brought on. False: it has ended meanwhile, or gone on beyond a fence. */
export function note(deps: SweeperDeps, header: RunHeader, overdue: Overdue, fence?: number): Promise<boolean> {
  const sweep = { ...overdue, at: deps.clock.now() };
  return deps.world.runs.noteSweeps(header, withSweep(header.sweeps, sweep), fence);
}
