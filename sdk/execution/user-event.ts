import type { StoredEvent } from "../protocol/index.ts";

/** An event as handlers see it. The fields from `source` on are there for events of other systems. */
export interface UserEvent {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly ts: number;
  readonly user?: unknown;
  readonly v?: string;
  readonly source?: string;
  readonly account?: string;
  readonly time?: string;
  readonly region?: string;
  readonly resources?: readonly string[];
}

/** The event of a handler, of a wait, or of a condition, from what is stored and its loaded data. */
export const toUserEvent = (event: StoredEvent, data: unknown): UserEvent => ({
  id: event.id,
  name: event.name,
  data,
  ts: event.ts,
  ...(event.user !== undefined && { user: JSON.parse(event.user) as unknown }),
  ...(event.version !== undefined && { v: event.version }),
  ...event.foreign,
});
