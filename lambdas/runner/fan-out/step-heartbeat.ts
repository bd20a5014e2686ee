import { HEARTBEAT_MS, LEASE_MS } from "../../../sdk/protocol/index.ts";
import type { Cancellation } from "../cancellation.ts";
import type { RunnerDeps } from "../deps.ts";
import { VISIBILITY_MS } from "../heartbeat.ts";
import type { StepDelivery } from "./sibling.ts";

/**
 * Keeps a step's lease and its message alive while its body runs, and listens: a cancellation or the end of the run aborts the body's
 * signal, and so does the loss of the step. Returns what stops it.
 */
export function keepStepAlive(
  deps: RunnerDeps,
  { message, receipt, deadline }: StepDelivery,
  owner: string,
  cancellation: Cancellation,
): () => void {
  const { world, clock, log } = deps;
  let cancel = () => {};
  let stopped = false;
  const renew = async () => {
    if (!(await world.stepLeases.renew(message, message.stepKey, owner, clock.now() + LEASE_MS))) cancellation.lose();
  };
  const listen = async () => {
    const header = await world.runs.header(message);
    if (header?.cancel !== undefined) cancellation.cancel(header.cancel);
    else if (header?.status !== "active") cancellation.lose();
  };
  const beat = async () => {
    // The next beat tries again; if none gets through, the lease ends and another takes over.
    const failed = (error: unknown) => log.warn("heartbeat failed", { error: String(error) });
    const visible = world.queue.returnAfter(receipt, VISIBILITY_MS);
    await Promise.all([renew(), listen(), visible].map((call) => call.catch(failed)));
    if (!stopped) next();
  };
  const next = () => {
    const at = clock.now() + HEARTBEAT_MS;
    cancel = at < deadline ? clock.at(at, () => void beat()) : () => {};
  };
  next();
  return () => {
    stopped = true;
    cancel();
  };
}
