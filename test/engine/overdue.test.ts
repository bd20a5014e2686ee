import { describe, expect, it } from "vitest";
import { becauseOf, isLost, overdueOf, withSweep } from "../../lambdas/engine/overdue.ts";
import type { RunHeader } from "../../lambdas/engine/types.ts";
import type { StepMemo, Sweep } from "../../sdk/protocol/index.ts";

const DUE = 1_000_000;
const header = (fields: Partial<RunHeader>): RunHeader =>
  ({ status: "active", fence: 1, parked: "sleeping", ...fields }) as RunHeader;
const step = (id: string, kind: StepMemo["kind"], fields: Partial<StepMemo> = {}): StepMemo =>
  ({ v: 1, id, key: id, kind, fence: 1, attempts: 0, startedAt: 0, ...fields }) as StepMemo;
const done = { ok: true, data: { json: "1" } } as const;
const wait = { event: "paid", listeners: [], via: "table" } as const;

describe("what an overdue run had waited for", () => {
  it.each([
    ["a dead worker", { owner: "x", leaseUntil: 7 }, [], { waitedFor: "worker", due: 7 }],
    ["a cancellation", { cancel: { by: "request" } }, [], { waitedFor: "cancel", due: DUE }],
    ["a continuation", { parked: undefined }, [], { waitedFor: "continuation", due: DUE }],
    ["its handler's next try", { retryAt: DUE }, [], { waitedFor: "retry", due: DUE }],
    ["its deadline", { finishBy: DUE }, [], { waitedFor: "deadline", due: DUE }],
    [
      "the last of its sleeps",
      {},
      [
        ["a", 5],
        ["b", DUE],
        ["c", DUE + 1],
      ],
      { waitedFor: "sleep", step: "b", due: DUE },
    ],
    [
      "a sleep that was put off",
      {},
      [
        ["a", 5],
        ["b", 9],
      ],
      { waitedFor: "sleep", step: "b", due: 9 },
    ],
    ["nothing that is known", {}, [], { waitedFor: "timer", due: DUE }],
  ] as const)("%s", (_, fields, sleeps, expected) => {
    const steps = sleeps.map(([id, until]) => step(id, "sleep", { until }));
    expect(overdueOf(header(fields as Partial<RunHeader>), steps, DUE)).toEqual(expected);
  });

  it("a wait that has its event, and was not told: when it got it", () => {
    const paid = step("paid", "waitForEvent", { until: DUE, wait, outcome: done, endedAt: 500 });
    const napped = step("nap", "sleep", { until: 3 });
    expect(overdueOf(header({}), [napped, paid], DUE)).toEqual({ waitedFor: "result", step: "paid", due: 500 });
  });

  it("an invoke without a timeout beside a sleep that was over before: it only looks after it", () => {
    const steps = [step("ask", "invoke")];
    expect(overdueOf(header({}), steps, DUE)).toEqual({ waitedFor: "check", step: "ask", due: DUE });
  });

  it("steps in invocations of their own, beside a sleep that was over before: it only looks after them", () => {
    const steps = [step("nap", "sleep", { until: 3 }), step("a", "run")];
    const overdue = overdueOf(header({ parked: "running" }), steps, DUE);
    expect(overdue).toEqual({ waitedFor: "steps", due: DUE });
    expect(isLost(overdue)).toBe(false);
    expect(becauseOf(overdue)).toBe("it looks once an hour after its steps in invocations of their own");
  });

  it("is a sentence that names the step", () => {
    expect(becauseOf({ waitedFor: "sleep", step: "nap", due: 1 })).toBe('its sleep "nap" was over, and no timer came');
    expect(becauseOf({ waitedFor: "retry", due: 1 })).toBe("the next try of its handler was due, and no timer came");
    expect(becauseOf({ waitedFor: "slot", key: "ann", due: 1 })).toBe(
      'it stood in line for a slot for the key "ann", and one was free',
    );
  });
});

it("a run remembers the last three wakes, with names cut short", () => {
  let sweeps: readonly Sweep[] = [];
  for (let at = 1; at <= 5; at++) sweeps = withSweep(sweeps, { waitedFor: "sleep", step: "s".repeat(256), due: 0, at });
  expect(sweeps.map(({ at }) => at)).toEqual([3, 4, 5]);
  expect(sweeps[0]?.step).toBe(`${"s".repeat(31)}…`);
});
