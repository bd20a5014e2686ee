import { prepareEvents, signalEvent } from "../../../sdk/execution/index.ts";
import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.sendSignal`: its id derives from run and step, so that a second try sends the same signal again, which has no effect. */
export const sendSignal: Operation = {
  execute: async (held, op) => {
    if (op.request.kind !== "sendSignal") return undefined;
    const { deps, run } = held;
    const id = `${run.runId}-${op.key}`;
    const about = { env: run.env, hops: held.hops + 1, ts: deps.clock.now(), id: () => id };
    await deps.world.bus.send(run.app, prepareEvents([signalEvent(op.request)], about));
    return { id };
  },
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
