import { cancelledError, finishBy, missedDeadline } from "../engine/cancel.ts";
import { Cancelled } from "./cancellation.ts";
import { finish } from "./finish.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Held } from "./held.ts";
import type { Verdict } from "./hold.ts";

/** Carries a run on unless it is cancelled, at whatever point that is heard of: then it ends as such. @throws Fenced */
export async function unlessCancelled(
  held: Held,
  heartbeat: Heartbeat,
  work: () => Promise<Verdict>,
): Promise<Verdict> {
  const stopWatching = watch(held);
  let begun = false;
  try {
    held.cancellation.check();
    begun = true;
    return await work();
  } catch (error) {
    if (!(error instanceof Cancelled)) throw error;
    await cancel(held, heartbeat, { unstarted: !begun && held.header.startedAt === undefined });
    return "ack";
  } finally {
    stopWatching();
  }
}

/** Looks at what is on record and at the clock, and sets an alarm for the deadline that falls into this invocation. */
function watch({ header, startedAt, memo, fn, deps: { clock }, outOfTimeAt, cancellation }: Held): () => void {
  const timeouts = fn.manifest.flow?.timeouts;
  const cause = header.cancel ?? missedDeadline({ header, startedAt, hasSteps: memo.size > 0 }, timeouts, clock.now());
  if (cause !== undefined) cancellation.cancel(cause);
  const by = finishBy(timeouts, startedAt);
  if (cause !== undefined || by === undefined || by > outOfTimeAt) return () => {};
  return clock.at(by, () => cancellation.cancel({ by: "timeout", timeout: "finish" }));
}

async function cancel(held: Held, heartbeat: Heartbeat, { unstarted }: { unstarted: boolean }): Promise<void> {
  for (;;) {
    await heartbeat.takeNews(() => held.reload());
    const { cause } = held.cancellation;
    if (cause === undefined) throw new Error(`The run ${held.run.runId} is to be cancelled without a cause.`);
    if (await finish(held, heartbeat, { ok: false, error: cancelledError(cause) }, { cause, unstarted })) return;
  }
}
