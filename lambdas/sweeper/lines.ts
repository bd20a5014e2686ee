/**
 * The lines before concurrency gates (L3): whoever leaves a gate has its line move on, so there is nothing to do here, except after a limit
 * was raised, or when a frozen process has left a slot behind that nobody will give up.
 */
import type { RegisteredApp } from "../../sdk/protocol/index.ts";
import { pump } from "../aws/hand-over.ts";
import { type AppKey, backlogsOfAccount, backlogsOfApp, backlogsOfEnvironment } from "../aws/keys.ts";
import type { LineEntry } from "../aws/line-store.ts";
import { registryHandOver } from "../aws/registry-hand-over.ts";
import type { SweeperDeps, Swept } from "./deps.ts";
import { note } from "./runs.ts";

/** Gates looked at in one sweep and backlog. Each sweep begins elsewhere, so that with more of them each has its turn. */
const GATES_MAX = 200;
/** First characters of gate ids, which are hashes in base64url. */
const STARTS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const MINUTE_MS = 60_000;
/** Whose promises these are. */
const BY = "sweeper";

/** Has every line move on. Returns the runs that were sent their message. */
export async function sweepLines(deps: SweeperDeps): Promise<readonly Swept[]> {
  const apps = (await Promise.all(deps.environments.map((env) => deps.world.registry.apps(env)))).flat();
  const moved = await Promise.all(backlogsOf(apps).map((pk) => sweepBacklog(deps, apps, pk)));
  return moved.flat();
}

/** Where runs may stand in line: only if some function has, or has had, a limit. */
function backlogsOf(apps: readonly RegisteredApp[]): readonly string[] {
  const limited = apps.filter(({ queues }) => queues === true);
  if (limited.length === 0) return [];
  const environments = [...new Set(limited.map(({ env }) => env))];
  return [
    ...limited.flatMap(({ env, manifest }) => backlogsOfApp({ env, app: manifest.app })),
    ...environments.flatMap(backlogsOfEnvironment),
    ...backlogsOfAccount(),
  ];
}

/** Gate by gate: the first of each line is read, then all behind it is left out. */
async function sweepBacklog(deps: SweeperDeps, apps: readonly RegisteredApp[], pk: string): Promise<readonly Swept[]> {
  const moved: Swept[] = [];
  const start = STARTS[Math.floor(deps.clock.now() / MINUTE_MS) % STARTS.length] as string;
  let gates = 0;
  for (const [from, to] of [
    [start, undefined],
    [undefined, start],
  ]) {
    for (let after = from; gates < GATES_MAX; gates++) {
      const first = await deps.world.lines.nextInBacklog(pk, after);
      if (first === undefined || (to !== undefined && first.gate.id > to)) break;
      after = first.gate.id;
      moved.push(...(await moveOn(deps, apps, first)));
    }
  }
  return moved;
}

async function moveOn(deps: SweeperDeps, apps: readonly RegisteredApp[], { gate, env, app }: LineEntry) {
  const { world, clock } = deps;
  const owner: AppKey = { env, app };
  const handOver = { app: owner, gate, by: BY, apps, queue: world.queue, now: () => clock.now() };
  const entries = await pump(world, registryHandOver(handOver));
  return Promise.all(entries.map((entry) => noted(deps, entry)));
}

/** It has been sent its message already, and may be running: the note is a word for people alone. */
async function noted(deps: SweeperDeps, { app, env, functionId, runId, gate, since }: LineEntry): Promise<Swept> {
  const { key } = gate;
  const overdue = { waitedFor: "slot", due: since, ...(key !== undefined && { key }) } as const;
  const header = await deps.world.runs.header({ env, app, runId });
  if (header !== undefined) await note(deps, header, overdue);
  return { app, functionId, runId, ...overdue };
}
