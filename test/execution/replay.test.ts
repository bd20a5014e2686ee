import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  insideStep,
  type Ledger,
  nextResult,
  operationKey,
  Replay,
  repeatNames,
  withoutStaleOrder,
} from "../../sdk/execution/index.ts";
import type { StepKind, StepMemo } from "../../sdk/protocol/index.ts";

const memoOf = (id: string, fields: Partial<StepMemo> = {}): StepMemo => ({
  v: 1,
  key: operationKey(id),
  id,
  kind: "run",
  fence: 1,
  attempts: 1,
  startedAt: 0,
  outcome: { ok: true, data: { json: "1" } },
  ...fields,
});
const memoMap = (...steps: readonly StepMemo[]) => new Map(steps.map((step) => [step.key, step]));
const run = (ledger: Ledger, id: string) => ledger.ask({ kind: "run", id, body: () => undefined });
const start = (handler: (ledger: Ledger) => Promise<unknown>, memo = memoMap(), maxSteps = 1_000) =>
  new Replay(handler, { memo, maxSteps });

describe("names of repeats", () => {
  it("count in discovery order", () => {
    const name = repeatNames();
    expect(["a", "b", "a", "a", "b"].map(name)).toEqual(["a", "b", "a:1", "a:2", "b:1"]);
  });

  it("are never given twice, whatever ids the code has", () => {
    const ids = fc.array(fc.constantFrom("a", "a:1", "a:1:1", "a:2", "b"), { maxLength: 40 });
    fc.assert(
      fc.property(ids, (asked) => {
        const names = asked.map(repeatNames());
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

describe("replay", () => {
  it("tells what the code waits for, and hands over what it is given", async () => {
    const replay = start(async (ledger) => [await run(ledger, "a"), await run(ledger, "b")]);
    await replay.quiet();
    expect(replay.open.map(({ id }) => id)).toEqual(["a"]);
    replay.hand(operationKey("a"), { ok: true, value: 1 });
    await replay.quiet();
    expect(replay.open.map(({ id }) => id)).toEqual(["b"]);
    replay.hand(operationKey("b"), { ok: true, value: 2 });
    await replay.quiet();
    expect(replay.ending).toEqual({ ok: true, value: [1, 2] });
  });

  it("hands a body what it is run with", async () => {
    const body = (context: unknown) => context;
    const replay = start((ledger) => ledger.ask({ kind: "run", id: "a", body }));
    await replay.quiet();
    const context = { signal: new AbortController().signal, stepId: "a", attempt: 0, idempotencyKey: "k" };
    expect(await replay.open[0]?.body?.(context)).toBe(context);
  });

  it("rejects a step in the body of another, and names both", async () => {
    const replay = start((ledger) => insideStep("outer", () => run(ledger, "inner")));
    await replay.quiet();
    expect(replay.ending).toMatchObject({ ok: false, error: { code: "STEPWELL_NESTED_STEP" } });
    expect(String(replay.ending?.ok === false && replay.ending.error)).toMatch(/"inner".*"outer"/);
  });

  it("ends for good on a memo of another kind, whatever the code does about it (L10)", async () => {
    const kind: StepKind = "sleep";
    const replay = start((ledger) => run(ledger, "a").catch(() => "caught"), memoMap(memoOf("a", { kind })));
    await replay.quiet();
    expect(replay.ending).toMatchObject({ ok: false, fatal: true, error: { code: "STEPWELL_STEP_MISMATCH" } });
    expect(String(replay.ending?.ok === false && replay.ending.error)).toMatch(/step\.sleep.*step\.run/);
  });

  it("ends for good when the code asks for too many steps", async () => {
    const replay = start((ledger) => Promise.all(["a", "b", "c"].map((id) => run(ledger, id))), memoMap(), 2);
    await replay.quiet();
    expect(replay.ending).toMatchObject({ ok: false, fatal: true, error: { code: "STEPWELL_TOO_MANY_STEPS" } });
  });
});

describe("the next result", () => {
  const open = (...ids: readonly string[]) =>
    ids.map((id, place) => ({
      key: operationKey(id),
      id,
      place,
      request: { kind: "run", id, body: () => 0 } as const,
    }));

  it("is the lowest place first, then the earliest end", () => {
    const memo = memoMap(
      memoOf("late", { endedAt: 9 }),
      memoOf("early", { endedAt: 3 }),
      memoOf("second", { order: 2 }),
      memoOf("first", { order: 1 }),
    );
    const next = (...ids: readonly string[]) => nextResult(open(...ids), memo, 10)?.op.id;
    expect(next("late", "second", "first", "early")).toBe("first");
    expect(next("late", "second", "early")).toBe("second");
    expect(next("late", "early")).toBe("early");
    expect(next("unknown")).toBeUndefined();
  });

  it("needs its place written only when something else is open", () => {
    const memo = memoMap(memoOf("a", { endedAt: 1 }), memoOf("b", { order: 1 }));
    expect(nextResult(open("a"), memo, 10)?.record).toBe(false);
    expect(nextResult(open("a", "x"), memo, 10)?.record).toBe(true);
    expect(nextResult(open("b", "x"), memo, 10)?.record).toBe(false);
  });

  it("is a sleep when its time has come, and not before", () => {
    const { outcome: _, ...sleeping } = memoOf("s", { kind: "sleep", until: 10 });
    expect(nextResult(open("s"), memoMap(sleeping), 9)).toBeUndefined();
    expect(nextResult(open("s"), memoMap(sleeping), 10)?.op.id).toBe("s");
  });

  it("has no place that a newer holder cannot have seen (FI-12)", () => {
    const fresh = withoutStaleOrder(
      memoMap(
        memoOf("old", { fence: 1, order: 1 }),
        memoOf("zombie", { fence: 1, order: 3 }),
        memoOf("new", { fence: 2, order: 2 }),
        memoOf("newer", { fence: 3, order: 3 }),
      ),
    );
    expect([...fresh.values()].map(({ id, order }) => [id, order])).toEqual([
      ["old", 1],
      ["zombie", undefined],
      ["new", 2],
      ["newer", 3],
    ]);
  });
});
