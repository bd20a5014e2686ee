import { logContext, nextResult, type Op } from "../../../sdk/execution/index.ts";
import type { Held } from "../held.ts";
import { startReplay } from "../hold.ts";
import { resultOf } from "../results.ts";

/**
 * Replays the handler to a step, and writes nothing: what the run's holder had given the code before it asked for the step has its place on
 * record, or came alone. Undefined: the code does not come to it on that way, as after a deploy, or if it waits for something else that is no
 * step beside others.
 */
export async function reach(held: Held, key: string): Promise<Op | undefined> {
  const { memo, deps, outOfTimeAt, cancellation } = held;
  // Between the steps the holder has logged already.
  const replay = startReplay(held, () => logContext().stepId === undefined);
  while (deps.clock.now() < outOfTimeAt && !cancellation.signal.aborted) {
    const { moved } = replay;
    await replay.quiet();
    const op = replay.asked.get(key);
    if (op !== undefined || replay.ending !== undefined) return op;
    const next = nextResult(replay.open, memo, deps.clock.now());
    if (next !== undefined && !next.record)
      replay.hand(next.op.key, await resultOf(next.op, next.memo, deps.world.payloads));
    else if (replay.open.length > 0) return undefined;
    else await untilMoved(held, moved);
  }
  return undefined;
}

/** The code waits for something that is no step. */
async function untilMoved({ deps: { clock }, outOfTimeAt, cancellation }: Held, moved: Promise<void>): Promise<void> {
  const timeUp = Promise.withResolvers<void>();
  const cancel = clock.at(outOfTimeAt, timeUp.resolve);
  await Promise.race([moved, cancellation.happened, timeUp.promise]);
  cancel();
}
