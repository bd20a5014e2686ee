import type { RunAddress, StartMessage } from "../../sdk/protocol/index.ts";
import { timeOf } from "../engine/run-id.ts";
import type { RunHeader } from "../engine/types.ts";
import { runsIndexKey } from "./keys.ts";
import type { Item } from "./table.ts";

/** What only the message that starts a run can tell; it creates the header together with the first lease. */
export interface Birth {
  readonly eventId: string;
  readonly start: StartMessage;
}

/** A header that nobody has held yet. */
export const NEW_HEADER = { status: "active", fence: 0, wakeSeq: 0, attempts: 0 } as const;

/** Whose header it is, and where lists find it. */
export const headKey = (run: RunAddress, queuedAt: number) => ({
  ...runsIndexKey(run, new Date(queuedAt).toISOString().slice(0, 10)),
  v: 1,
  runId: run.runId,
  env: run.env,
  app: run.app,
  functionId: run.functionId,
  queuedAt,
});

/** What a start writes into a header that is new, or was written by a cancellation ahead of it. */
export function birthOf(run: RunAddress, { eventId, start }: Birth) {
  const values: Item = {
    ...headKey(run, start.queuedAt),
    eventId,
    ...eventAtOf(run, start),
    attempts: 0,
    ...(start.batch && { batch: true }),
    ...(start.parent && { parent: JSON.stringify(start.parent) }),
    ...(start.emits.length > 0 && { emits: start.emits }),
    ...(start.place && { gates: JSON.stringify(start.place.gates), order: start.place.order }),
    ...(start.reserved && { reserved: start.reserved.place }),
    ...(start.singleton !== undefined && { singleton: start.singleton }),
  };
  const sets = Object.keys(values).map((name) => `#${name} = if_not_exists(#${name}, :${name})`);
  return { values, sets };
}

/** The run of a debounce has the time of another event in its id. */
function eventAtOf({ runId }: RunAddress, { event }: StartMessage): { eventAt?: number } {
  return event.at === undefined || event.at === timeOf(runId) ? {} : { eventAt: event.at };
}

/** Attributes of the header that are JSON. */
const JSON_FIELDS = ["parent", "outcome", "gates", "cancel", "skipped", "bucket", "sweeps"] as const;

export function toHeader(item: Item): RunHeader {
  const parsed = JSON_FIELDS.filter((name) => item[name] !== undefined).map((name) => [
    name,
    JSON.parse(item[name] as string),
  ]);
  return { ...item, ...Object.fromEntries(parsed) } as unknown as RunHeader;
}
