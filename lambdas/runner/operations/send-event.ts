import { prepareEvents } from "../../../sdk/execution/index.ts";
import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.sendEvent`: ids derive from run and step, so that a second try sends the same events again. */
export const sendEvent: Operation = {
  execute: async (held, op) => {
    if (op.request.kind !== "sendEvent") return undefined;
    const { deps, run } = held;
    await op.request.check?.();
    const events = prepareEvents(op.request.events, {
      env: run.env,
      hops: held.hops + 1,
      ts: deps.clock.now(),
      id: (index) => `${run.runId}-${op.key}-${index}`,
    });
    await deps.world.bus.send(run.app, events);
    return { ids: events.map(({ envelope }) => envelope.id) };
  },
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
