import type { Outcome, SignalMessage } from "../../sdk/protocol/index.ts";
import type { Sent, WaitingStep } from "../aws/signal-store.ts";
import type { StoredStep } from "../aws/step-item.ts";
import type { Routed, RouterDeps } from "./deps.ts";
import { wake } from "./resolve-waits.ts";

const DROPPED: Routed = { send: [] };

/**
 * Gives a signal to the step that waits for it, or drops it. For whom it is, is written down before anything is done with it: so a
 * delivery that is repeated, however late, goes to the same step, or again to nobody (L1).
 */
export async function deliverSignal(deps: RouterDeps, message: SignalMessage): Promise<Routed> {
  const { signals } = deps.world;
  const { id, at } = message;
  const known = await signals.sent(message, id);
  let sent: Sent = known ?? (await signals.bind(message, id, await waiterOf(deps, message), at));
  while (sent.to !== undefined) {
    const { to } = sent;
    const step = await claim(deps, message, to);
    if (step !== undefined) return resume(deps, message, to, step);
    // That wait was over before: its name may be another's by now.
    await signals.free(message, to);
    const next = await waiterOf(deps, message);
    if (next.to === undefined) break;
    sent = await signals.rebind(message, id, next, to, at);
  }
  deps.log.warn("a signal is dropped, since nobody waits for it", { signal: message.signal, app: message.app, id });
  return DROPPED;
}

async function waiterOf({ world: { signals } }: RouterDeps, message: SignalMessage): Promise<Sent> {
  const waiter = await signals.waiter(message);
  if (waiter === undefined) return {};
  const { functionId, runId, stepKey } = waiter;
  return { to: { functionId, runId, stepKey } };
}

/** The step, if it has this signal as its result, now or from an earlier delivery. */
async function claim({ world, clock }: RouterDeps, message: SignalMessage, to: WaitingStep) {
  const run = { env: message.env, app: message.app, runId: to.runId };
  const { data } = (await world.payloads.load(message.data)) as { data?: unknown };
  const value = JSON.stringify({ signal: message.signal, data: data ?? null });
  const by = `signal:${message.id}`;
  const outcome: Outcome = { ok: true, data: await world.payloads.store(`waits/${to.runId}/${to.stepKey}`, value) };
  const won = await world.steps.resolve(run, to.stepKey, { outcome, by, at: clock.now() });
  const step = won ?? (await world.steps.get(run, to.stepKey));
  return step?.memo.by === by ? step : undefined;
}

async function resume(
  deps: RouterDeps,
  { env, app }: SignalMessage,
  { functionId, runId }: WaitingStep,
  step: StoredStep,
): Promise<Routed> {
  const run = { env, app, functionId, runId };
  const send = await wake(deps, await deps.world.registry.apps(env), run, step);
  return { send, after: () => deps.world.takeBack(run, step.memo) };
}
