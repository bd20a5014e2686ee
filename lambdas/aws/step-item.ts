/** Steps as items: each in its own, or several that were written together (a pack). */
import type { Outcome, SerializedError, StepMemo } from "../../sdk/protocol/index.ts";
import { stepExpiry } from "../engine/retention.ts";
import { packName, type RunKey, stepKey, stepSortKey } from "./keys.ts";
import { type Item, type Key, toTtl } from "./table.ts";

/** A step item with what only the waiting machinery reads. */
export interface StoredStep {
  readonly memo: StepMemo;
  /** The callback token of the wait machine, once it has registered. */
  readonly token?: string;
}

/** A run's steps, each as an item of its own: packs are taken apart, and of two of one step the one that counts is kept. */
export function stepItems(items: Iterable<Item>): readonly Item[] {
  const byKey = new Map<unknown, Item>();
  for (const item of items)
    for (const step of stepsIn(item)) byKey.set(step.key, theOneThatCounts(byKey.get(step.key), step));
  return [...byKey.values()];
}

function stepsIn(item: Item): readonly Item[] {
  const { pk, sk, ttl, steps } = item;
  if (!Array.isArray(steps)) return [item];
  const pack = packName(sk as string);
  return (steps as readonly Item[]).map((step) => ({ ...step, pk, sk: stepSortKey(step.key as string), ttl, pack }));
}

/**
 * A step may be stored twice: by a holder that had lost the run, in an item of its own, and by its successor, in a pack. The later fence's
 * is what the code goes on with; of one fence, the pack's (PROTOCOLS.md, P8).
 */
function theOneThatCounts(known: Item | undefined, step: Item): Item {
  if (known === undefined) return step;
  const [pack, own] = known.pack === undefined ? [step, known] : [known, step];
  return own.outcome !== undefined && (own.fence as number) > (pack.fence as number) ? own : pack;
}

/** A step as its item. */
export const toItem = (run: RunKey, step: StepMemo, retentionMs: number): Key & Item => ({
  ...stepKey(run, step.key),
  ...attributesOf(step),
  ttl: toTtl(Math.max(step.keptUntil ?? 0, stepExpiry(step, retentionMs))),
});

export function attributesOf({ outcome, lastError, wait, keptUntil: _, pack: __, ...rest }: StepMemo): Item {
  return {
    ...rest,
    ...(outcome && outcomeItem(outcome)),
    ...(lastError && { lastError: JSON.stringify(lastError) }),
    ...(wait && { wait: JSON.stringify(wait) }),
  };
}

/** An outcome as attributes: not as JSON in JSON, which may be twice as large. */
export function outcomeItem(outcome: Outcome): Item {
  if (!outcome.ok) return { outcome: "error", error: JSON.stringify(outcome.error) };
  if ("json" in outcome.data) return { outcome: "ok", data: outcome.data.json };
  return { outcome: "ok", s3: outcome.data.s3, bytes: outcome.data.bytes };
}

export function toStored(item: Item): StoredStep {
  const { pk, sk, ttl, outcome, data, s3, bytes, error, lastError, wait, token, tokenTry, ...leased } = item;
  const { owner, leaseUntil, ...rest } = leased;
  const memo = {
    ...rest,
    ...(ttl !== undefined && { keptUntil: (ttl as number) * 1_000 }),
    ...(outcome !== undefined && { outcome: toOutcome(item) }),
    ...(lastError !== undefined && { lastError: JSON.parse(lastError as string) as SerializedError }),
    ...(wait !== undefined && { wait: JSON.parse(wait as string) }),
  } as unknown as StepMemo;
  return { memo, ...(token !== undefined && { token: token as string }) };
}

export function toOutcome({ outcome, data, s3, bytes, error }: Item): Outcome {
  if (outcome === "error") return { ok: false, error: JSON.parse(error as string) };
  if (s3 !== undefined) return { ok: true, data: { s3: s3 as string, bytes: bytes as number } };
  return { ok: true, data: { json: data as string } };
}
