import fc from "fast-check";
import { expect, it } from "vitest";
import { type Ledger, nextResult, operationKey, Replay } from "../../sdk/execution/index.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";

/** A program of steps: in sequence, all at once, or whichever is first. */
type Program =
  | { readonly step: string }
  | { readonly seq: readonly Program[] }
  | { readonly all: readonly Program[] }
  | { readonly race: readonly Program[] };

const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ step: fc.constantFrom("a", "b", "c", "d") }),
    fc.record({ seq: fc.array(tie("program"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ all: fc.array(tie("program"), { minLength: 1, maxLength: 3 }) }),
    fc.record({ race: fc.array(tie("program"), { minLength: 1, maxLength: 3 }) }),
  ),
}));

/** Runs a program; what it sees, in the order in which it sees it, is its story. */
const handlerOf = (main: Program, story: string[]) => {
  const run = async (ledger: Ledger, part: Program): Promise<unknown> => {
    if ("step" in part) {
      const value = await ledger.ask({ kind: "run", id: part.step, body: () => undefined });
      story.push(`${part.step}=${value}`);
      return value;
    }
    if ("all" in part) return Promise.all(part.all.map((child) => run(ledger, child)));
    if ("race" in part) return Promise.race(part.race.map((child) => run(ledger, child)));
    const values: unknown[] = [];
    for (const child of part.seq) values.push(await run(ledger, child));
    return values;
  };
  return (ledger: Ledger) => run(ledger, main);
};

/** The first time: results come in any order, and get their places as they are handed over. */
async function live(main: Program, choose: (count: number) => number) {
  const story: string[] = [];
  const memo = new Map<string, StepMemo>();
  const replay = new Replay(handlerOf(main, story), { memo: new Map(), maxSteps: 1_000 });
  for (let order = 1; ; order++) {
    await replay.quiet();
    const { open } = replay;
    const op = open[choose(open.length)];
    if (replay.ending !== undefined || op === undefined) return { story, memo, ending: replay.ending };
    const memoized: StepMemo = {
      v: 1,
      key: op.key,
      id: op.id,
      kind: "run",
      fence: 1,
      attempts: 1,
      startedAt: 0,
      order,
      outcome: { ok: true, data: { json: JSON.stringify(op.id) } },
    };
    memo.set(op.key, memoized);
    replay.hand(op.key, { ok: true, value: op.id });
  }
}

/** Another time: only from the memo. */
async function again(main: Program, memo: ReadonlyMap<string, StepMemo>) {
  const story: string[] = [];
  const replay = new Replay(handlerOf(main, story), { memo, maxSteps: 1_000 });
  for (;;) {
    await replay.quiet();
    const next = nextResult(replay.open, memo, 0);
    if (replay.ending !== undefined || next === undefined) return { story, ending: replay.ending };
    replay.hand(next.op.key, { ok: true, value: next.op.id });
  }
}

it("any program sees the same story again, from every prefix of its memo, in whatever order its steps ended (FI-12)", async () => {
  await fc.assert(
    fc.asyncProperty(program, fc.infiniteStream(fc.nat(1_000)), fc.nat(30), async (main, chances, cut) => {
      const first = await live(main, (count) => (count === 0 ? 0 : (chances.next().value as number) % count));
      const whole = await again(main, first.memo);
      expect(whole).toEqual({ story: first.story, ending: first.ending });
      const prefix = new Map([...first.memo].slice(0, cut));
      const part = await again(main, prefix);
      expect(first.story.slice(0, part.story.length)).toEqual(part.story);
      expect(part.story.length).toBeGreaterThanOrEqual(Math.min(cut, first.memo.size, first.story.length));
    }),
    { numRuns: 300 },
  );
});

it("keys are 16 characters of base32, the same for ever", () => {
  expect(operationKey("charge")).toMatch(/^[a-z2-7]{16}$/);
  expect(operationKey("charge")).toBe(operationKey("charge"));
  expect(operationKey("charge:1")).not.toBe(operationKey("charge"));
});
