import { badInput, quote } from "../../sdk/errors/index.ts";
import type { Execution, Play } from "../execution.ts";
import type { CrashPoint } from "../journal.ts";
import type { Checked, ExecuteOptions } from "../options.ts";
import { type CrashFinding, CrashSafetyError } from "./error.ts";
import { differences, type Trace, traceOf } from "./trace.ts";

export interface CrashOptions extends ExecuteOptions {
  /** Puts the world outside back to where it was: called before each run. @default - nothing has to be put back */
  readonly reset?: (() => unknown) | undefined;
  /**
   * What the function has done to the world outside: called after each run, when the runs of all functions have ended; as JSON it has to be the
   * same after a crash. @default - only what Stepwell knows of is compared
   */
  readonly effects?: (() => unknown) | undefined;
  /** Paths that need not come out the same, with all that lies below: `result.tookMs`. @default - none */
  readonly ignore?: readonly string[] | undefined;
}

/** That a function survives crashes, and what that says. */
export interface CrashReport {
  /** Where the process died, once each. */
  readonly points: readonly CrashPoint[];
  /**
   * Paths that differ between two runs without a crash, of which the second begins eleven seconds later, about what a crash costs: times, ids,
   * chance. They were not compared.
   */
  readonly varying: readonly string[];
}

type Hooks = Pick<CrashOptions, "reset" | "effects" | "ignore">;
type PlayWith = <T>(options: Checked, play: Play, body: (execution: Execution) => Promise<T>) => Promise<T>;

interface Played {
  readonly trace: Trace;
  readonly points: readonly CrashPoint[];
  readonly bodies: ReadonlyMap<string, number>;
  readonly crashed: boolean;
}

/** A lease's length and a little: so much later goes on what has crashed. */
const LATER_MS = 11_000;

/** @throws CrashSafetyError */
export async function surviveCrashes(options: Checked, hooks: Hooks, play: PlayWith): Promise<CrashReport> {
  checkHooks(hooks);
  const startAt = options.startAt ?? Math.floor(Date.now() / 1_000) * 1_000;
  const events = options.events?.map((event, index) => ({ id: `test-event-${index}`, ...event }));
  const fixed: Checked = { ...options, startAt, ...(events && { events }) };
  const perform = (how: Play, later = 0) => playOnce({ ...fixed, startAt: startAt + later }, hooks, how, play);

  const base = await perform({});
  const again = await perform({ seed: 2 }, LATER_MS);
  const varying = differences(base.trace, again.trace).map(({ path }) => path);
  refuseLeftovers(base.trace, again.trace);
  const isIgnored = (path: string) => varying.includes(path) || (hooks.ignore ?? []).some((top) => isBelow(path, top));

  const points: CrashPoint[] = [];
  const findings: CrashFinding[] = [];
  for (const point of base.points) {
    const played = await perform({ crashAt: point });
    if (!played.crashed) continue;
    points.push(point);
    const found = differences(base.trace, played.trace).filter(({ path }) => !isIgnored(path));
    if (found.length > 0) findings.push({ ...point, differences: found, ranAgain: ranAgain(base, played) });
  }
  if (findings.length > 0) throw new CrashSafetyError(options.function.id, findings);
  return { points, varying };
}

async function playOnce(options: Checked, hooks: Hooks, how: Play, play: PlayWith): Promise<Played> {
  await hooks.reset?.();
  return play(options, how, async (execution) => {
    const run = await execution.run();
    const others = (await execution.rest()).filter(({ id }) => id !== run.id);
    const { journal } = execution;
    const trace = traceOf(run, others, journal, await hooks.effects?.());
    return { trace, points: journal.points, bodies: journal.bodies, crashed: journal.crashed };
  });
}

const ranAgain = (base: Played, played: Played): readonly string[] =>
  [...played.bodies].filter(([id, count]) => count > (base.bodies.get(id) ?? 0)).map(([id]) => id);

const isBelow = (path: string, top: string): boolean =>
  path === top || path.startsWith(`${top}.`) || path.startsWith(`${top}[`);

/** Effects that grow from run to run would hide what a crash adds to them. */
function refuseLeftovers(base: Trace, again: Trace): void {
  const grown = differences(base, again).find(
    ({ path, ...leaf }) => isBelow(path, "effects") && (leaf.without === undefined || leaf.with === undefined),
  );
  if (grown === undefined) return;
  throw badInput(
    "STEPWELL_INVALID_OPTION",
    "TestEngine.survivesCrashes: effects",
    `two runs without a crash left different things behind: ${grown.path} is there after only one of them. ` +
      "Put the world back before each run: `reset`.",
  );
}

function checkHooks({ reset, effects, ignore }: Hooks): void {
  const where = "TestEngine.survivesCrashes";
  for (const [name, hook] of Object.entries({ reset, effects })) {
    if (hook !== undefined && typeof hook !== "function")
      throw badInput("STEPWELL_INVALID_OPTION", `${where}: ${name}`, `must be a function, got ${quote(hook)}.`);
  }
  if (ignore !== undefined && !(Array.isArray(ignore) && ignore.every((path) => typeof path === "string")))
    throw badInput("STEPWELL_INVALID_OPTION", `${where}: ignore`, `must be a list of paths, got ${quote(ignore)}.`);
}
