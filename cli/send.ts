import { checkEvents } from "../sdk/client/events.ts";
import type { OutgoingEvent } from "../sdk/execution/index.ts";
import type { RunView } from "../sdk/protocol/index.ts";
import { type CloudOptions, openCloud } from "./cloud.ts";
import { EXIT, UsageFailure } from "./failure.ts";
import { paint, paintStatus, print, printJson, table } from "./format.ts";
import { readJson } from "./read-json.ts";
import { reasonOf, skipOf } from "./waiting.ts";

interface SendOptions extends CloudOptions {
  readonly id?: string;
  readonly user?: string;
  readonly ts?: string;
  readonly json?: boolean;
}

/** `stepwell send` */
export async function send(name: string, data: string, options: SendOptions): Promise<number> {
  const event = await readEvent(name, data, options);
  const cloud = await openCloud(options);
  const id = await cloud.send(event);
  const runs = await cloud.runsOf(id);
  if (options.json) printJson({ id, runs: runs ?? null });
  else say(name, id, runs);
  return EXIT.ok;
}

async function readEvent(name: string, data: string, { id, user, ts }: SendOptions): Promise<OutgoingEvent> {
  if (data === "-" && user === "-") throw new UsageFailure("Stdin cannot be the data and the user at once.");
  const given = {
    name,
    data: await readJson(data, "data"),
    ...(user !== undefined && { user: await readJson(user, "user") }),
    ...(id !== undefined && { id }),
    ...(ts !== undefined && { ts: readTime(ts) }),
  };
  // One event in, one event out.
  return checkEvents(given, "send")[0] as OutgoingEvent;
}

function readTime(text: string): number {
  const time = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new UsageFailure(`--ts: ${JSON.stringify(text)} is not a time.`, {
    advice: "Write milliseconds since the epoch, or an ISO date such as 2026-11-21T09:00:00Z.",
  });
}

function say(name: string, id: string, runs: readonly RunView[] | undefined): void {
  print(`Sent ${paint("bold", name)} as event ${id}.`);
  if (runs === undefined) print("It has not been routed yet: look for its runs with `stepwell runs`.");
  else if (runs.length === 0)
    print("It has started no run: no function is triggered by it. (Runs that wait for it go on.)");
  else for (const line of table(runs.map(row))) print(line);
}

const row = (run: RunView) => ["run", run.id, `${run.app}/${run.functionId}`, paintStatus(run.status), whyNot(run)];

/** Of an open debounce or batch it can be asked nowhere else: its run is not stored yet. */
function whyNot({ waitingFor, skipped }: RunView): string {
  if (waitingFor !== undefined) return reasonOf(waitingFor);
  return skipped === undefined ? "" : skipOf(skipped);
}
