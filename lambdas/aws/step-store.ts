import type { Outcome, SerializedError, StepMemo } from "../../sdk/protocol/index.ts";
import { stepExpiry } from "../engine/retention.ts";
import { type RunKey, runPartition, STEP_PREFIX, stepKey } from "./keys.ts";
import { type Item, type Key, type Table, toTtl } from "./table.ts";

/** A step item with what only the waiting machinery reads. */
export interface StoredStep {
  readonly memo: StepMemo;
  /** The callback token of the wait machine, once it has registered. */
  readonly token?: string;
}

export interface Resolution {
  readonly outcome: Outcome;
  readonly by: string;
  readonly at: number;
}

/** Step items: written first by whoever comes first, their outcome once (L1). */
export const createStepStore = (table: Table, retentionMs: number) => ({
  /** The memo of a run: all its steps. Not a snapshot, and need not be: outcomes are written once. */
  async load(run: RunKey): Promise<Map<string, StepMemo>> {
    const memo = new Map<string, StepMemo>();
    for await (const item of table.query(runPartition(run), STEP_PREFIX)) {
      const { memo: step } = toStored(item);
      memo.set(step.key, step);
    }
    return memo;
  },

  async get(run: RunKey, key: string): Promise<StoredStep | undefined> {
    const item = await table.get(stepKey(run, key));
    return item && toStored(item);
  },

  /** Writes an operation before anything is set up for it. Returns what is stored: another may have been first. */
  async plan(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(toItem(run, step, retentionMs), "attribute_not_exists(pk)");
    return applied ? step : await this.stored(run, step);
  },

  /** Writes a step that has its outcome. What is stored counts, also for the code: a twin may have been faster. */
  async checkpoint(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(toItem(run, step, retentionMs), "attribute_not_exists(outcome)");
    return applied ? step : await this.stored(run, step);
  },

  /** Writes a failed try. Refused when a twin has gone further; then what is stored counts. */
  async retryLater(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(
      toItem(run, step, retentionMs),
      "attribute_not_exists(outcome) AND (attribute_not_exists(pk) OR #attempts < :attempts)",
      { attempts: step.attempts },
    );
    return applied ? step : await this.stored(run, step);
  },

  /** Gives a result its place in the order under this fence, and a sleep its outcome with it. Undefined: an older fence is refused. */
  async order(run: RunKey, step: StepMemo, order: number, fence: number): Promise<StepMemo | undefined> {
    const place = { order, fence };
    const slept = step.outcome === undefined ? { outcome: SLEPT, endedAt: step.until as number } : undefined;
    const values = { ...place, ...(slept && { ...outcomeItem(slept.outcome), endedAt: slept.endedAt }) };
    const written = await table.update(stepKey(run, step.key), {
      update: setAll(values),
      when: "#fence <= :fence",
      values,
    });
    return written.applied ? { ...step, ...place, ...slept } : undefined;
  },

  /** Brings an outcome from outside, first writer wins (L7). Undefined: there is no such step, or it has one. */
  async resolve(run: RunKey, key: string, { outcome, by, at }: Resolution): Promise<StoredStep | undefined> {
    const values = { ...outcomeItem(outcome), by, endedAt: at };
    const written = await table.update(stepKey(run, key), {
      update: setAll(values),
      when: "attribute_exists(pk) AND attribute_not_exists(#outcome)",
      values,
      returns: "ALL_NEW",
    });
    return written.applied ? toStored(written.item) : undefined;
  },

  /** Keeps a step that a live run still needs. */
  async keep(run: RunKey, step: StepMemo, until: number): Promise<void> {
    const ttl = toTtl(until);
    const when = "attribute_exists(pk) AND (attribute_not_exists(#ttl) OR #ttl < :ttl)";
    await table.update(stepKey(run, step.key), { update: "SET #ttl = :ttl", when, values: { ttl } });
  },

  async stored(run: RunKey, step: StepMemo): Promise<StepMemo> {
    return (await this.get(run, step.key))?.memo ?? step;
  },
});

/** A sleep has no result but its end. */
const SLEPT: Outcome = { ok: true, data: { json: "null" } };

const setAll = (values: object): string =>
  `SET ${Object.keys(values)
    .map((name) => `#${name} = :${name}`)
    .join(", ")}`;

export type StepStore = ReturnType<typeof createStepStore>;

function toItem(run: RunKey, step: StepMemo, retentionMs: number): Key & Item {
  const { outcome, lastError, wait, keptUntil = 0, ...rest } = step;
  return {
    ...stepKey(run, step.key),
    ...rest,
    ttl: toTtl(Math.max(keptUntil, stepExpiry(step, retentionMs))),
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
