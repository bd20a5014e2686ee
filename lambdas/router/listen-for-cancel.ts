import type { UserEvent } from "../../sdk/execution/user-event.ts";
import { CANCEL_ON_MS_MAX, type RunAddress, type StoredEvent } from "../../sdk/protocol/index.ts";
import { cancelListenerName, listenerPartition } from "../aws/keys.ts";
import { cancelKeys } from "../engine/listeners.ts";
import type { FunctionMatch } from "../engine/match.ts";
import type { CancelListener } from "../engine/types.ts";
import type { RouterDeps } from "./deps.ts";

export interface CancellableStart {
  readonly match: FunctionMatch;
  readonly event: StoredEvent;
  readonly userEvent: UserEvent;
  readonly run: RunAddress;
}

/**
 * Makes a run known to the events of its function's `cancelOn`. Called before the start is sent, and again by every redelivery: a run
 * that has ended meanwhile has taken its listeners back, and they are not to be there again.
 */
export async function listenForCancel(deps: RouterDeps, { match, event, userEvent, run }: CancellableStart) {
  const { listeners, payloads, runs } = deps.world;
  const { cancelOn = [] } = match.fn.flow ?? {};
  if (cancelOn.length === 0) return;
  const { env, app, functionId, runId } = run;
  const keys = cancelKeys(cancelOn, userEvent);
  if (keys.length < cancelOn.length)
    deps.log.warn("a cancelOn cannot match: the triggering event has no value at the path that it compares", {
      functionId,
      runId,
    });
  const written = await Promise.all(
    keys.map(async ({ on, key, index }) => {
      const name = `waits/${runId}/cancel-${index}`;
      const trigger = key.rest && (await payloads.store(name, JSON.stringify(key.rest.trigger)));
      const listener: CancelListener = {
        v: 1,
        kind: "cancel",
        pk: listenerPartition(env, app, on.event, key.match),
        sk: cancelListenerName(runId, index),
        ...{ env, app, functionId, runId },
        event: on.event,
        eventId: event.id,
        since: event.at,
        until: event.at + (on.timeoutMs ?? CANCEL_ON_MS_MAX),
        ...(key.rest && { if: key.rest.if }),
        ...(trigger && { trigger }),
      };
      // The path first: once the listener is stored, every event must find it.
      await listeners.addPath(env, on.event, { app, paths: key.paths });
      await listeners.put(listener);
      return listener;
    }),
  );
  const header = await runs.header(run);
  if (header === undefined || header.status === "active") return;
  await Promise.all(written.map((listener) => listeners.delete(listener)));
}
