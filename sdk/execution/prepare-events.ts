import type { OutgoingEvent, PreparedEvent } from "./contract.ts";

export interface Preparation {
  readonly env: string;
  readonly hops: number;
  /** The time of events that bring none, in milliseconds since the epoch. */
  readonly ts: number;
  /** The id of the event at that place, if it brings none. */
  readonly id: (index: number) => string;
}

/** Checked events in their envelopes, in the same order. */
export const prepareEvents = (events: readonly OutgoingEvent[], { env, hops, ts, id }: Preparation): PreparedEvent[] =>
  events.map((event, index) => ({
    name: event.name,
    envelope: {
      v: 1,
      id: event.id ?? id(index),
      ts: event.ts ?? ts,
      env,
      data: event.data,
      ...(event.user !== undefined && { user: event.user }),
      ...(event.v !== undefined && { version: event.v }),
      ...(hops > 0 && { trace: { hops } }),
    },
  }));
