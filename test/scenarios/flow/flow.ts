import type { LocalCloud } from "stepwell/local";
import type { RunView } from "../../../sdk/protocol/index.ts";
import type { stepwell } from "../cloud.ts";

/** The one run, or the record of one, that an event has of one function. */
export async function sendOne(cloud: LocalCloud, event: Parameters<typeof stepwell.send>[0]): Promise<RunView> {
  const { ids } = await cloud.send(event);
  const [run] = await cloud.runsOf(ids[0]);
  if (run === undefined) throw new Error(`Event ${ids[0]} has left nothing.`);
  return run;
}
