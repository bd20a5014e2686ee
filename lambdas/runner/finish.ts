import type { Ending } from "../../sdk/execution/index.ts";
import { retryWishOf, StepError } from "../../sdk/execution/index.ts";
import { type CancelCause, HEADER_OUTPUT_BYTES_MAX, type Outcome, serializeError } from "../../sdk/protocol/index.ts";
import { decideRetry } from "../engine/retry.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Held } from "./held.ts";
import { expectWake } from "./suspend.ts";
import { hasTail, runTail } from "./tail.ts";
import { outputJson, stepPayloadName } from "./values.ts";

/** What the end of the handler means: the end of the run, or another try. */
export type Conclusion = { readonly outcome: Outcome } | { readonly retryAt: number };

export async function conclude(held: Held, ending: Ending): Promise<Conclusion> {
  if (!ending.ok) return concludeError(held, ending.error, ending.fatal === true);
  try {
    const json = outputJson(ending.value);
    return {
      outcome: { ok: true, data: await held.deps.world.payloads.store(stepPayloadName(held.run, "output"), json) },
    };
  } catch (error) {
    return concludeError(held, error, false);
  }
}

function concludeError(held: Held, error: unknown, fatal: boolean): Conclusion {
  const { clock, random } = held.deps;
  // A step's error that nobody caught has had its retries.
  const wish = fatal || StepError.is(error) ? { kind: "never" as const } : retryWishOf(error);
  const decision = decideRetry(held.handlerAttempts + 1, wish, held.fn.retry, clock.now(), random);
  if (decision.retry) return { retryAt: decision.at };
  return { outcome: { ok: false, error: serializeError(error) } };
}

/** The end of a run that has been cancelled. */
export interface CancelledEnd {
  readonly cause: CancelCause;
  /** None of its code has run. */
  readonly unstarted: boolean;
}

/** Ends the run, then does what the end entails. False: a wake came meanwhile, look again. @throws Fenced */
export async function finish(
  held: Held,
  heartbeat: Heartbeat,
  outcome: Outcome,
  cancelled?: CancelledEnd,
): Promise<boolean> {
  const { runs } = held.deps.world;
  const json = JSON.stringify(outcome);
  const isSmall = Buffer.byteLength(json) <= HEADER_OUTPUT_BYTES_MAX;
  const endedAt = held.deps.clock.now();
  if (!isSmall) await runs.putOutcome(held.run, held.fence, outcome, endedAt);
  const status = cancelled !== undefined ? "cancelled" : outcome.ok ? "completed" : "failed";
  const tail = hasTail(held, status);
  const finished = await runs.finish(held.run, held.fence, heartbeat.seen, {
    status,
    endedAt,
    attempts: held.handlerAttempts,
    tail,
    ...(isSmall ? { outcome: json } : { outcomeAt: "item" }),
    ...(cancelled && { cancel: cancelled.cause, unstarted: cancelled.unstarted }),
  });
  if (!finished && !(await isEndedByMe(held, status))) {
    await expectWake(held, heartbeat);
    return false;
  }
  if (outcome.ok) held.deps.log.info("run completed");
  else if (cancelled !== undefined) held.deps.log.info("run cancelled", { cause: cancelled.cause });
  else held.deps.log.error("run failed", { error: outcome.error });
  if (tail)
    await runTail(held.deps, {
      run: held.run,
      header: { ...held.header, finishBy: held.finishBy },
      endedAt,
      outcome,
      events: held.events,
      cancel: cancelled?.cause,
      memo: held.memo,
      slots: held.slots,
    });
  return true;
}

/** The reply to the write that ended the run may have been lost. */
async function isEndedByMe(held: Held, status: string): Promise<boolean> {
  const header = await held.deps.world.runs.header(held.run);
  return header?.status === status && header.fence === held.fence;
}
