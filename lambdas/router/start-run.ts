import {
  MESSAGE_EVENT_BYTES_MAX,
  type ParentRef,
  type QueuePlace,
  type ReservedStart,
  type RunAddress,
  type StartMessage,
  type StoredEvent,
} from "../../sdk/protocol/index.ts";
import type { FunctionMatch } from "../engine/match.ts";
import { runIdOf } from "../engine/run-id.ts";
import type { Outgoing } from "./deps.ts";

/** A function, and the event that is to start it. */
export interface Start {
  readonly match: FunctionMatch;
  readonly event: StoredEvent;
  readonly emits: StartMessage["emits"];
  readonly parent?: ParentRef;
  /** A client has asked for this one run, and has been told its id. */
  readonly requested?: true;
}

/** What flow control adds to a start. */
export interface Terms {
  readonly runId?: string;
  readonly place?: QueuePlace | undefined;
  readonly reserved?: ReservedStart | undefined;
  readonly singleton?: string | undefined;
  readonly batch?: true | undefined;
}

/** A start whose message is made. */
export interface OutgoingStart extends Outgoing {
  readonly message: RunAddress & { readonly v: 1; readonly id: string } & StartMessage;
}

/** The run that an event starts, deterministic: twice is once. */
export const runOf = ({ match: { app, fn }, event }: Pick<Start, "match" | "event">): RunAddress => {
  const address = { env: event.env, app: app.manifest.app, functionId: fn.id };
  return { ...address, runId: runIdOf(address, event.id, event.at) };
};

/** The message that starts a run. The runner's first lease creates the run, so nothing is written here (PROTOCOLS.md §3). */
export function startRun(start: Start, queuedAt: number, terms: Terms = {}): OutgoingStart {
  const { match, event, emits, parent } = start;
  const { runId, place, reserved, singleton, batch } = terms;
  const isSmall = "json" in event.data && Buffer.byteLength(JSON.stringify(event)) <= MESSAGE_EVENT_BYTES_MAX;
  return {
    queueUrl: match.app.queueUrl,
    message: {
      v: 1,
      id: "start",
      ...runOf(start),
      ...(runId !== undefined && { runId }),
      kind: "start",
      event: isSmall ? event : { ref: event.id, at: event.at },
      queuedAt,
      emits,
      ...(parent && { parent }),
      ...(place && { place }),
      ...(reserved && { reserved }),
      ...(singleton !== undefined && { singleton }),
      ...(batch && { batch }),
    },
  };
}
