import {
  MESSAGE_EVENT_BYTES_MAX,
  type ParentRef,
  type StartMessage,
  type StoredEvent,
} from "../../sdk/protocol/index.ts";
import type { FunctionMatch } from "../engine/match.ts";
import { runIdOf } from "../engine/run-id.ts";
import type { Outgoing } from "./deps.ts";

export interface Start {
  readonly match: FunctionMatch;
  readonly event: StoredEvent;
  readonly now: number;
  readonly emits: StartMessage["emits"];
  readonly parent?: ParentRef;
}

/** The message that starts a run. The runner's first lease creates the run, so nothing is written here (PROTOCOLS.md §3). */
export function startRun({ match, event, now, emits, parent }: Start): Outgoing {
  const { app, fn } = match;
  const runId = runIdOf({ app: app.manifest.app, functionId: fn.id }, event.id, event.at);
  const isSmall = "json" in event.data && Buffer.byteLength(JSON.stringify(event)) <= MESSAGE_EVENT_BYTES_MAX;
  return {
    queueUrl: app.queueUrl,
    message: {
      v: 1,
      id: "start",
      env: event.env,
      app: app.manifest.app,
      functionId: fn.id,
      runId,
      kind: "start",
      event: isSmall ? event : { ref: event.id },
      queuedAt: now,
      emits,
      ...(parent && { parent }),
    },
  };
}
