import { CANCEL_REASON_CHARS_MAX, type CancelCause, type RunMessage } from "../../sdk/protocol/index.ts";
import type { World } from "./index.ts";
import type { CancelTarget } from "./run-store.ts";

/** What became of a cancellation; of a run that is to carry it out, the message that wakes it, which has to be sent. */
export type RecordedCancel =
  | { readonly kind: "wake"; readonly queueUrl: string; readonly message: RunMessage }
  /** Nothing changes any more. */
  | { readonly kind: "ended" }
  /** The start of the run is on its way, and brings the run to its end. */
  | { readonly kind: "ahead" };

/**
 * Records a cancellation on its run. Who repeats it gets the same answer, so that a crash before the message is sent changes nothing.
 *
 * @throws Error when the run's app is not registered: nobody could carry it out
 */
export async function recordCancel(
  { runs, registry }: Pick<World, "runs" | "registry">,
  run: CancelTarget,
  cause: CancelCause,
  now: number,
): Promise<RecordedCancel> {
  const recorded = await runs.cancel(run, shortened(cause), now);
  if (typeof recorded === "string") return { kind: recorded };
  const { env, app, runId } = run;
  const registered = await registry.app(env, app);
  if (registered === undefined) throw new Error(`The app "${app}" of the cancelled run ${runId} is not registered.`);
  const { functionId } = recorded;
  const message: RunMessage = { v: 1, id: "cancel", env, app, functionId, runId, kind: "wake", cancel: true };
  return { kind: "wake", queueUrl: registered.queueUrl, message };
}

const shortened = (cause: CancelCause): CancelCause =>
  cause.by === "request" && cause.reason !== undefined
    ? { ...cause, reason: cause.reason.slice(0, CANCEL_REASON_CHARS_MAX) }
    : cause;
