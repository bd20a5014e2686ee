import type { CancelCause, FlowManifest, Outcome, SerializedError } from "../../sdk/protocol/index.ts";
import type { RunHeader } from "./types.ts";

/** Lifetime of a run: what cancels it beside a request, and how it is told. */

type Timeouts = FlowManifest["timeouts"];

/** By when a run has to be executed for the first time, in milliseconds. */
export const startBy = (timeouts: Timeouts, queuedAt: number): number | undefined =>
  timeouts?.startMs === undefined ? undefined : queuedAt + timeouts.startMs;

/** By when a run has to have ended, in milliseconds. */
export const finishBy = (timeouts: Timeouts, startedAt: number): number | undefined =>
  timeouts?.finishMs === undefined ? undefined : startedAt + timeouts.finishMs;

/** Of a step that the end of its run has closed. */
export const STEP_CLOSED: Outcome = {
  ok: false,
  error: { name: "Cancelled", message: "The run ended before this step." },
};

export interface Execution {
  readonly header: Pick<RunHeader, "queuedAt" | "startedAt" | "armed">;
  /** The first execution, perhaps this one. In milliseconds. */
  readonly startedAt: number;
  /** Whether the run has steps on record. */
  readonly hasSteps: boolean;
}

/** The deadline that a run has missed, if it has. */
export function missedDeadline(
  { header, startedAt, hasSteps }: Execution,
  timeouts: Timeouts,
  now: number,
): CancelCause | undefined {
  // A run that came too late and lost its holder has a start on record: nothing else of it is.
  const isStarting = header.startedAt === undefined || (!hasSteps && header.armed === undefined);
  if (isStarting && startedAt >= (startBy(timeouts, header.queuedAt) ?? Number.POSITIVE_INFINITY))
    return { by: "timeout", timeout: "start" };
  if (now >= (finishBy(timeouts, startedAt) ?? Number.POSITIVE_INFINITY)) return { by: "timeout", timeout: "finish" };
  return undefined;
}

/** The error of a cancelled run: for its view, its parent, its lifecycle event, and the reason of its signal. */
export const cancelledError = (cause: CancelCause): SerializedError => ({
  name: "StepwellError",
  code: "STEPWELL_RUN_CANCELLED",
  message: messageOf(cause),
});

function messageOf(cause: CancelCause): string {
  switch (cause.by) {
    case "request":
      return cause.reason === undefined ? "The run was cancelled." : `The run was cancelled: ${cause.reason}`;
    case "event":
      return `The run was cancelled by the event "${cause.event}" (id ${cause.eventId}).`;
    case "singleton":
      return `The run was cancelled for the run ${cause.runId}: their function is a singleton.`;
    case "timeout":
      return cause.timeout === "start"
        ? "The run was cancelled: it had not started within the function's timeouts.start."
        : "The run was cancelled: it had not ended within the function's timeouts.finish.";
  }
}
