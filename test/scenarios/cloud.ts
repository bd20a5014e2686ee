import { type AnyFunction, type GetFunctionInput, type RunView, Stepwell } from "stepwell";
import { type LocalCloud, type LocalOptions, startLocal } from "stepwell/local";
import { afterEach } from "vitest";

/** One app for all scenarios: each opens a cloud of its own, so that nothing is shared but the name. */
export const stepwell = new Stepwell({ id: "shop" });

type Event = Parameters<typeof stepwell.send>[0];
type Options = Partial<Omit<LocalOptions, "functions">>;
export type Input = GetFunctionInput<typeof stepwell>;
type FunctionOptions = Omit<Parameters<typeof stepwell.createFunction>[0], "id" | "triggers">;

/** A line of the engine's log, or of a handler's. */
export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields?: object | undefined;
}

const opened = new Set<LocalCloud>();

afterEach(async () => {
  const clouds = [...opened];
  opened.clear();
  await Promise.all(clouds.map((cloud) => cloud.close()));
});

/** A cloud on the virtual clock, closed after the test. Its log lines go to `lines`. */
export async function openCloud(
  functions: readonly unknown[],
  options: Options = {},
  lines: Line[] = [],
): Promise<LocalCloud> {
  const write = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, fields });
  const logger = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  const served = functions as readonly AnyFunction[];
  const cloud = await startLocal({ client: stepwell, functions: served, clock: "virtual", logger, ...options });
  opened.add(cloud);
  return cloud;
}

/** The first run that an event starts, as it is once all that is due has happened. */
export async function start(cloud: LocalCloud, event: Event): Promise<RunView> {
  const { ids } = await cloud.send(event);
  const [run] = await cloud.runsOf(ids[0]);
  if (run === undefined) throw new Error(`Event ${ids[0]} has started nothing.`);
  return run;
}

/** The same, at its end: time passes as needed. */
export async function finish(cloud: LocalCloud, event: Event): Promise<RunView> {
  return cloud.waitForRun((await start(cloud, event)).id);
}

export interface Ran {
  readonly run: RunView;
  readonly cloud: LocalCloud;
  readonly lines: readonly Line[];
}

/** Runs a handler once, from a cloud of its own to its end. */
export async function runHandler(
  handler: (input: Input) => unknown,
  options: FunctionOptions = {},
  event: { readonly data?: object; readonly user?: object } = {},
): Promise<Ran> {
  const fn = stepwell.createFunction({ id: "once", ...options }, { event: "shop/once" }, handler as never);
  const lines: Line[] = [];
  const cloud = await openCloud([fn], {}, lines);
  const run = await finish(cloud, {
    name: "shop/once",
    data: event.data ?? {},
    ...(event.user && { user: event.user }),
  });
  return { run, cloud, lines };
}

/** A function of the event `shop/<id>`. */
export const on = (id: string, handler: (input: Input) => unknown, options: FunctionOptions = {}) =>
  stepwell.createFunction({ id, ...options }, { event: `shop/${id}` }, handler as never);

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
