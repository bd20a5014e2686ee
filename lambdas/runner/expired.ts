import { type Outcome, StepwellError, serializeError } from "../../sdk/protocol/index.ts";
import { cancelledError } from "../engine/cancel.ts";
import type { RunnerDeps } from "./deps.ts";
import type { Holding, Verdict } from "./hold.ts";
import { runTail } from "./tail.ts";

/** Ends a run whose event is not stored any more, so that nothing of it can be executed (L9). Its tail is done, but for what tells the event. */
export async function endWithoutEvents(
  deps: RunnerDeps,
  { message, leased }: Pick<Holding, "message" | "leased">,
): Promise<Verdict> {
  const { world, clock, log } = deps;
  const { header, fence, seen } = leased;
  const { env, app, functionId, runId } = message;
  const run = { env, app, functionId, runId };
  const { cancel, attempts } = header;
  const error = cancel === undefined ? serializeError(expired(header.eventId)) : cancelledError(cancel);
  const outcome: Outcome = { ok: false, error };
  const endedAt = clock.now();
  const status = cancel === undefined ? "failed" : "cancelled";
  const end = { status, endedAt, attempts, tail: true, outcome: JSON.stringify(outcome) } as const;
  // Refused when the run has been woken or cancelled meanwhile: the message comes back, and finds that.
  if (!(await world.runs.finish(run, fence, seen, { ...end, ...(cancel && { cancel }) })))
    throw new Error(`The run ${runId}, whose event has expired, could not be ended.`);
  log.error("run failed", { error });
  const memo = await world.steps.load(run);
  await runTail(deps, { run, header, endedAt, outcome, cancel, events: undefined, memo, slots: [] });
  return "ack";
}

const expired = (eventId: string) =>
  new StepwellError(
    "STEPWELL_RUN_EXPIRED",
    `The event "${eventId}" of this run, or one beside it, is not stored any more: the run stood in a queue, or nobody could take it, for ` +
      "longer than events are kept, which is 30 days. Cancel what waits so long, with `timeouts: { start }`.",
  );
