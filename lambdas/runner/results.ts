import {
  type KnownStep,
  type Op,
  type Result,
  StepError,
  type StoredResult,
  toUserEvent,
} from "../../sdk/execution/index.ts";
import type { StepMemo, StoredEvent } from "../../sdk/protocol/index.ts";
import type { PayloadStore } from "../aws/payload-store.ts";

/** Results of one run that are loaded at the same time. */
const LOADS_AT_ONCE = 25;

/**
 * A stored step as the code gets it: the decoded value, or the error that its promise rejects with. Undefined: middleware has failed the
 * handler by it.
 */
export async function resultOf(op: Op, step: StepMemo, payloads: PayloadStore): Promise<Result | undefined> {
  const { outcome } = step;
  if (outcome === undefined || (step.kind === "sleep" && outcome.ok)) return { ok: true, value: undefined };
  const { key, id, name, kind } = step;
  const { hooks } = op.request;
  const load = () => storedResult(step, outcome, payloads);
  const stored = await (hooks?.receive({ key, id, kind, ...(name !== undefined && { name }) }, load) ?? load());
  if (stored === undefined) return undefined;
  return "error" in stored
    ? { ok: false, error: new StepError(stored.error, id, name) }
    : { ok: true, value: stored.data };
}

/** All results that are there, in the order in which the code asked for them. Sleeps bring none. */
export async function knownSteps(memo: ReadonlyMap<string, StepMemo>, payloads: PayloadStore): Promise<KnownStep[]> {
  const ended = [...memo.values()]
    .flatMap((step) => (step.outcome === undefined || step.kind === "sleep" ? [] : [{ step, outcome: step.outcome }]))
    .sort((a, b) => (a.step.place ?? 0) - (b.step.place ?? 0));
  const known: KnownStep[] = [];
  for (let i = 0; i < ended.length; i += LOADS_AT_ONCE) {
    const part = ended.slice(i, i + LOADS_AT_ONCE).map(async ({ step, outcome }) => ({
      step,
      stored: await storedResult(step, outcome, payloads),
    }));
    known.push(...(await Promise.all(part)));
  }
  return known;
}

async function storedResult(
  { kind }: StepMemo,
  outcome: NonNullable<StepMemo["outcome"]>,
  payloads: PayloadStore,
): Promise<StoredResult> {
  if (!outcome.ok) return { error: outcome.error };
  const data = await payloads.load(outcome.data);
  if (kind !== "waitForEvent" || data === null) return { data };
  const event = data as StoredEvent;
  return { data: toUserEvent(event, await payloads.load(event.data)) };
}
