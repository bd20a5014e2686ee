import { becauseOf } from "../lambdas/engine/overdue.ts";
import type { SkippedEvent, Sweep, WaitingFor, WaitingForSlot } from "../sdk/protocol/index.ts";
import { dateTime, duration } from "./format.ts";

/** Why a run is not executing, in words. Times are of this machine's zone. */
export function reasonOf(reason: WaitingFor): string {
  switch (reason.kind) {
    case "concurrency":
      return `in line for a slot: ${lineOf(reason)}`;
    case "throttle":
      return `throttled${rateOf(reason)}${ofKey(reason.key)}: starts ${dateTime(reason.startsAt)}`;
    case "debounce":
      return `debounced${ofKey(reason.key)}: starts ${dateTime(reason.until)} unless another event comes`;
    case "batch":
      return `in a batch${ofKey(reason.key)} of ${reason.size} of ${reason.maxSize} events: starts ${dateTime(reason.until)} at the latest`;
    case "sleep":
      return `sleeps in ${reason.step} until ${dateTime(reason.until)}`;
    case "event":
      return `in ${reason.step} for the event ${(reason.events ?? [reason.event]).join(" or ")}, until ${dateTime(reason.until)}`;
    case "signal":
      return `in ${reason.step} for the signal ${reason.signal}, until ${dateTime(reason.until)}`;
    case "invoke":
      return `in ${reason.step} for the function that it has invoked${reason.until === undefined ? "" : `, until ${dateTime(reason.until)}`}`;
    case "retry":
      return `for the next try of ${reason.step ?? "the handler"}, ${dateTime(reason.until)}`;
  }
}

function lineOf({ limit, scope, key, place, held, holders, heldUntil }: WaitingForSlot): string {
  const ahead = place === 1 ? "it is the next" : `${place - 1} in line before it`;
  const ids = holders.map(({ runId }) => runId).join(", ");
  const others = held > holders.length ? ` and ${held - holders.length} more` : "";
  const facts = [
    `concurrency ${limit}${ofKey(key)} (scope ${scope})`,
    ahead,
    ...(held > 0 ? [`held by ${ids}${others}`] : []),
    ...(heldUntil === undefined ? [] : [`a Backoff lets nobody in before ${dateTime(heldUntil)}`]),
  ];
  return facts.join("; ");
}

const ofKey = (key: string | undefined): string => (key === undefined ? "" : ` for the key ${JSON.stringify(key)}`);

const rateOf = ({ limit, periodMs }: Extract<WaitingFor, { readonly kind: "throttle" }>): string =>
  limit === undefined || periodMs === undefined ? "" : ` (${limit} in ${duration(periodMs)})`;

/** When the sweeper had to wake a run, and why. */
export const sweepOf = (sweep: Sweep): string =>
  `woken by the sweeper at ${dateTime(sweep.at)}, because ${becauseOf(sweep)} (since ${dateTime(sweep.due)})`;

/** What became of an event that has started no run, in words. */
export const skipOf = ({ reason, key, runId }: SkippedEvent): string =>
  `by ${reason}${ofKey(key)}${runId === undefined ? "" : `; the run ${runId} goes instead`}`;
