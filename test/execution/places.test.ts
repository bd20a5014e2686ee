import fc from "fast-check";
import { expect, it } from "vitest";
import { nextResult, type Op, operationKey, unordered, withoutStaleOrder } from "../../sdk/execution/index.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";

const NOW = 1_000;

const opOf = (id: string, place: number): Op => ({
  key: operationKey(id),
  id,
  place,
  request: { kind: "run", id, body: () => 0 },
});

const resultOf = (op: Op, order: number, fence: number): StepMemo => ({
  v: 1,
  key: op.key,
  id: op.id,
  kind: "run",
  fence,
  attempts: 1,
  startedAt: 0,
  endedAt: order,
  outcome: { ok: true, data: { json: "1" } },
  order,
});

/** A holder of a run whose steps are all open from the start, as `Session` and `Held` treat places. */
class Holder {
  readonly story: string[] = [];
  readonly memo: Map<string, StepMemo>;
  readonly #table: Map<string, StepMemo>;
  readonly #fence: number;
  #open: readonly Op[];
  #last: number;

  constructor(table: Map<string, StepMemo>, ops: readonly Op[], fence: number) {
    this.#table = table;
    this.#open = ops;
    this.#fence = fence;
    this.memo = withoutStaleOrder(table);
    this.#last = Math.max(0, ...[...this.memo.values()].map(({ order }) => order ?? 0));
  }

  handNext(): boolean {
    const next = nextResult(this.#open, this.memo, NOW);
    if (next === undefined) return false;
    if (next.record) this.#place(next.memo, ++this.#last);
    this.story.push(next.op.id);
    this.#open = this.#open.filter(({ key }) => key !== next.op.key);
    return true;
  }

  /** A body ends here; another's result may be in the table already. */
  finish(op: Op): void {
    if (this.memo.has(op.key)) return;
    const order = ++this.#last;
    const stored = this.#table.get(op.key);
    this.#place(stored ?? resultOf(op, order, this.#fence), order);
  }

  reload(): void {
    for (const [key, step] of this.#table) if (!this.memo.has(key)) this.memo.set(key, unordered(step));
  }

  #place(step: StepMemo, order: number): void {
    const placed = { ...step, order, fence: this.#fence };
    this.memo.set(step.key, placed);
    this.#table.set(step.key, placed);
  }
}

type Happening =
  | { readonly kind: "hand" }
  | { readonly kind: "reload" }
  | { readonly kind: "late" | "finish"; readonly step: number };

const steps = 6;
const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.constantFrom({ kind: "hand" } as const, { kind: "reload" } as const),
  fc.record({ kind: fc.constantFrom("late", "finish"), step: fc.nat(steps - 1) }),
);

/**
 * The first holder has ended all its bodies, and some of its checkpoints were still on their way when it lost the run. The second hands
 * results to the code while they arrive, and dies. Whatever has arrived by then, the third tells the code the same story.
 */
it("what a frozen process still writes never changes the story that its successor has told (L1, S1, FI-12)", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(Array.from({ length: steps }, (_, i) => i)),
      fc.array(happening, { maxLength: 30 }),
      (written, happenings) => {
        const ops = Array.from({ length: steps }, (_, i) => opOf(`s${i}`, i));
        const table = new Map<string, StepMemo>();
        const write = (i: number) => {
          const op = ops[i] as Op;
          if (!table.has(op.key)) table.set(op.key, resultOf(op, i + 1, 1));
        };
        for (const i of written) write(i);
        const second = new Holder(table, ops, 2);
        for (const event of happenings) {
          if (event.kind === "hand") second.handNext();
          else if (event.kind === "reload") second.reload();
          else if (event.kind === "late") write(event.step);
          else second.finish(ops[event.step] as Op);
        }
        for (let i = 0; i < steps; i++) write(i);
        const third = new Holder(table, ops, 3);
        while (third.handNext());
        expect(third.story.slice(0, second.story.length)).toEqual(second.story);
      },
    ),
    { numRuns: 3_000 },
  );
});
