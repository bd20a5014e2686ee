import { type Op, type Result, StepError, toUserEvent } from "../../sdk/execution/index.ts";
import type { StepMemo, StoredEvent } from "../../sdk/protocol/index.ts";
import type { PayloadStore } from "../aws/payload-store.ts";

/** A stored step as the code gets it: the decoded value, or the error that its promise rejects with. */
export async function resultOf(op: Op, step: StepMemo, payloads: PayloadStore): Promise<Result> {
  const { outcome } = step;
  if (outcome === undefined) return { ok: true, value: undefined };
  if (!outcome.ok) return { ok: false, error: new StepError(outcome.error, step.id, step.name) };
  const value = await payloads.load(outcome.data);
  if (step.kind === "sleep") return { ok: true, value: undefined };
  if (op.request.kind !== "waitForEvent" || value === null) return { ok: true, value };
  const event = value as StoredEvent;
  return { ok: true, value: toUserEvent(event, await payloads.load(event.data)) };
}
