import { Stepwell } from "stepwell";
import { type LocalCloud, type LocalOptions, startLocal } from "stepwell/local";

/** The app that all workloads are functions of. */
export const client = new Stepwell({ id: "bench" });

export type Functions = LocalOptions["functions"];

/** A local cloud of its own: by default on the machine's clock, in memory, over the in-process transport. */
export const openCloud = (functions: Functions, options: Partial<LocalOptions> = {}): Promise<LocalCloud> =>
  startLocal({ client, functions, ...options });

/** Opens a cloud for one round, and closes it whatever happens. */
export async function withCloud<T>(
  functions: Functions,
  work: (cloud: LocalCloud) => Promise<T>,
  options: Partial<LocalOptions> = {},
): Promise<T> {
  const cloud = await openCloud(functions, options);
  try {
    return await work(cloud);
  } finally {
    await cloud.close();
  }
}

/** The one run that an event has started. */
export async function runOf(cloud: LocalCloud, eventId: string | undefined): Promise<string> {
  const [run] = await cloud.runsOf(eventId);
  if (run === undefined) throw new Error(`The event ${eventId} has started no run.`);
  return run.id;
}

/** Waits until a run has ended. @throws Error when it has not completed: a figure of a failed run means nothing */
export async function completed(cloud: LocalCloud, runId: string): Promise<unknown> {
  const { status, output, error } = await cloud.waitForRun(runId);
  if (status !== "completed") throw new Error(`The run ${runId} has ${status}: ${error?.message}`);
  return output;
}

const LOOK_MS = 20;

/** Waits until all of these runs have suspended. */
export async function suspended(cloud: LocalCloud, runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) {
    while (!["waiting", "sleeping"].includes((await cloud.run(runId))?.status ?? "")) await pause(LOOK_MS);
  }
}

export const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
