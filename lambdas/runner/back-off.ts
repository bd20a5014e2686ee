import { backoffKeyOf, retryWishOf } from "../../sdk/execution/index.ts";
import type { GateRef } from "../../sdk/protocol/index.ts";
import { holdName } from "../aws/keys.ts";
import { labelOf } from "../engine/flow-keys.ts";
import type { RetryWish } from "../engine/retry.ts";
import type { Held } from "./held.ts";
import { runMessage } from "./operations/operation.ts";

/**
 * A step has thrown a `Backoff`: until then nobody enters the gates of this run that have its key, and whoever rests gets in line. The timer
 * comes first: when it fires the line moves on, whatever has become of this process.
 */
export async function holdBack(held: Held, error: unknown): Promise<void> {
  const key = backoffKeyOf(error);
  const until = endOf(retryWishOf(error), held.deps.clock.now());
  if (key === undefined || until === undefined) return;
  const gates = (held.header.gates ?? []).filter((gate) => isKeyed(gate, key));
  if (gates.length === 0)
    held.deps.log.warn("a Backoff holds back nobody but its step: no concurrency limit of this run has its key", {
      key,
    });
  await Promise.all(gates.map((gate) => hold(held, gate, until)));
}

function endOf(wish: RetryWish, now: number): number | undefined {
  if (wish.kind === "at") return wish.at;
  return wish.kind === "after" ? now + wish.ms : undefined;
}

/** A key is kept shortened, and a text without its quotes. */
const isKeyed = (gate: GateRef, key: string): boolean =>
  gate.key !== undefined && gate.key === labelOf(JSON.stringify(key));

async function hold(held: Held, gate: GateRef, until: number): Promise<void> {
  const { deps, run } = held;
  const { world, clock, binding } = deps;
  const message = runMessage(held, `pump:${gate.id}:${until}`, { kind: "pump", gate });
  await world.timer.arm(holdName(run.runId, gate, until), until, clock.now(), binding.runQueueUrl, message);
  await world.gates.hold(run, gate, until);
}
