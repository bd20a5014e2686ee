import type { AnyFunction } from "stepwell";
import type { LocalCloud } from "stepwell/local";
import type { FlowManifest, RunView } from "../../../sdk/protocol/index.ts";
import { type Input, on, type stepwell } from "../cloud.ts";

/** A function of the event `shop/<id>` with flow control as its manifest has it. */
export function withFlow(id: string, flow: FlowManifest, handler: (input: Input) => unknown = () => id): AnyFunction {
  const fn = on(id, handler);
  Object.assign(fn.manifest, { flow });
  return fn as AnyFunction;
}

/** The one run, or the record of one, that an event has of one function. */
export async function sendOne(cloud: LocalCloud, event: Parameters<typeof stepwell.send>[0]): Promise<RunView> {
  const { ids } = await cloud.send(event);
  const [run] = await cloud.runsOf(ids[0]);
  if (run === undefined) throw new Error(`Event ${ids[0]} has left nothing.`);
  return run;
}

/** How each of the runs that come of these events stands in the end, in the order of the events. */
export const endsOf = (cloud: LocalCloud, runs: readonly RunView[]): Promise<RunView[]> =>
  Promise.all(runs.map(({ id }) => cloud.waitForRun(id)));
