import { prepareEvents } from "../../../sdk/execution/index.ts";
import { armTimer, type Operation, timerMessage } from "./operation.ts";

/** `step.sendEvent`: ids derive from run and step, so that a second try sends the same events again. */
export const sendEvent: Operation = {
  execute: async (held, op) => {
    if (op.request.kind !== "sendEvent") return undefined;
    const { deps, run } = held;
    const { events: given, hooks, check } = op.request;
    await check?.();
    const send = async (events: typeof given) => {
      const prepared = prepareEvents(events, {
        env: run.env,
        hops: held.hops + 1,
        ts: deps.clock.now(),
        id: (index) => `${run.runId}-${op.key}-${index}`,
      });
      await deps.world.bus.send(run.app, prepared);
      return { ids: prepared.map(({ envelope }) => envelope.id) };
    };
    return hooks === undefined ? send(given) : hooks.send(given, send);
  },
  setUp: (held, _op, step) => armTimer(held, step, timerMessage(held, step)),
};
