import type { Outcome, StepMemo } from "../../sdk/protocol/index.ts";
import { stepExpiry } from "../engine/retention.ts";
import { headerKey, packKey, type RunKey, runPartition, STEP_PREFIX, stepKey } from "./keys.ts";
import { attributesOf, outcomeItem, type StoredStep, stepItems, toItem, toStored } from "./step-item.ts";
import { type Item, type Table, toTtl } from "./table.ts";

export interface Resolution {
  readonly outcome: Outcome;
  readonly by: string;
  readonly at: number;
}

/** Step items: written first by whoever comes first, their outcome once (L1). */
export const createStepStore = (table: Table, retentionMs: number) => ({
  /** The memo of a run: all its steps. Not a snapshot, and need not be: outcomes are written once. */
  async load(run: RunKey): Promise<Map<string, StepMemo>> {
    const items: Item[] = [];
    for await (const item of table.query(runPartition(run), STEP_PREFIX)) items.push(item);
    return new Map(stepItems(items).map((item) => [item.key as string, toStored(item).memo]));
  },

  async get(run: RunKey, key: string): Promise<StoredStep | undefined> {
    const item = await table.get(stepKey(run, key));
    return item && toStored(item);
  },

  /** Writes an operation before anything is set up for it. Returns what is stored: another may have been first. */
  async plan(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(toItem(run, step, retentionMs), "attribute_not_exists(pk)");
    return applied ? step : await storedOf(table, run, step);
  },

  /** Writes a step that has its outcome. What is stored counts, also for the code: a twin may have been faster. */
  async checkpoint(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(toItem(run, step, retentionMs), "attribute_not_exists(outcome)");
    return applied ? step : await storedOf(table, run, step);
  },

  /**
   * Writes results together, which the code of this holder has been given already: only while it holds the run (PROTOCOLS.md, P8).
   * False: another does. `name` is the pack's, and unlike that of any other.
   */
  async pack(run: RunKey, fence: number, name: string, steps: readonly StepMemo[]): Promise<boolean> {
    const ttl = toTtl(Math.max(...steps.map((step) => stepExpiry(step, retentionMs))));
    const item = { ...packKey(run, name), v: 1, fence, steps: steps.map((step) => attributesOf(step)), ttl };
    const guard = { key: headerKey(run), when: "#fence = :fence AND #status = :active AND attribute_exists(#owner)" };
    return table.putGuarded(item, { ...guard, values: { fence, active: "active" } });
  },

  /** Writes a failed try. Refused when a twin has gone further; then what is stored counts. */
  async retryLater(run: RunKey, step: StepMemo): Promise<StepMemo> {
    const applied = await table.put(
      toItem(run, step, retentionMs),
      "attribute_not_exists(outcome) AND (attribute_not_exists(pk) OR #attempts < :attempts)",
      { attempts: step.attempts },
    );
    return applied ? step : await storedOf(table, run, step);
  },

  /** Gives a result its place in the order under this fence, and a sleep its outcome with it. Undefined: an older fence is refused. */
  async order(run: RunKey, step: StepMemo, order: number, fence: number): Promise<StepMemo | undefined> {
    const place = { order, fence };
    if (step.pack !== undefined) return this.takeOut(run, { ...step, ...place });
    const slept = step.outcome === undefined ? { outcome: SLEPT, endedAt: step.until as number } : undefined;
    const values = { ...place, ...(slept && { ...outcomeItem(slept.outcome), endedAt: slept.endedAt }) };
    const written = await table.update(stepKey(run, step.key), {
      update: setAll(values),
      when: "#fence <= :fence",
      values,
    });
    return written.applied ? { ...step, ...place, ...slept } : undefined;
  },

  /** Gives a step of a pack an item of its own, which counts from then on. Undefined: an older fence is refused. */
  async takeOut(run: RunKey, { pack: _, ...step }: StepMemo): Promise<StepMemo | undefined> {
    const when = "attribute_not_exists(pk) OR #fence <= :fence";
    return (await table.put(toItem(run, step, retentionMs), when, { fence: step.fence })) ? step : undefined;
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
    const key = step.pack === undefined ? stepKey(run, step.key) : packKey(run, step.pack);
    await table.update(key, { update: "SET #ttl = :ttl", when, values: { ttl } });
  },
});

/** Another was first: what it has written counts. */
async function storedOf(table: Table, run: RunKey, step: StepMemo): Promise<StepMemo> {
  const item = await table.get(stepKey(run, step.key));
  return item === undefined ? step : toStored(item).memo;
}

/** A sleep has no result but its end. */
const SLEPT: Outcome = { ok: true, data: { json: "null" } };

const setAll = (values: object): string =>
  `SET ${Object.keys(values)
    .map((name) => `#${name} = :${name}`)
    .join(", ")}`;

export type StepStore = ReturnType<typeof createStepStore>;
