import { type RunView, StepwellError } from "stepwell";
import { type LocalCloud, type LocalOptions, startLocal } from "stepwell/local";
import { afterEach } from "vitest";

type Options<S> = Pick<LocalOptions<S>, "client" | "functions"> & Partial<LocalOptions<S>>;

const opened = new Set<LocalCloud>();

afterEach(async () => {
  const clouds = [...opened];
  opened.clear();
  await Promise.all(clouds.map((cloud) => cloud.close()));
});

const nothing = () => {};
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** A cloud on the virtual clock, closed after the test. */
export async function openCloud<S>(options: Options<S>): Promise<LocalCloud<S>> {
  const cloud = await startLocal({ clock: "virtual", logger: silent, ...options } as LocalOptions<S>);
  opened.add(cloud as LocalCloud);
  return cloud;
}

/** The runs that an event starts, as they end; time passes as needed. */
export async function finishAll<S>(
  cloud: LocalCloud<S>,
  event: Parameters<LocalCloud<S>["send"]>[0],
): Promise<readonly RunView[]> {
  const { ids } = await cloud.send(event);
  const started = (await Promise.all(ids.map((id) => cloud.runsOf(id)))).flat();
  return Promise.all(started.map(({ id }) => cloud.waitForRun(id)));
}

/** The same for an event that starts one run. */
export async function finish<S>(cloud: LocalCloud<S>, event: Parameters<LocalCloud<S>["send"]>[0]): Promise<RunView> {
  const runs = await finishAll(cloud, event);
  if (runs[0] === undefined || runs.length > 1) throw new Error(`The event has started ${runs.length} runs, not one.`);
  return runs[0];
}

/** What a call throws: an error of Stepwell's own. */
export function thrown(call: () => unknown): StepwellError {
  try {
    call();
  } catch (error) {
    if (StepwellError.is(error)) return error;
    throw error;
  }
  throw new Error("Nothing was thrown.");
}
