import { describe, expect, it } from "vitest";
import { onRefusedStep } from "../../lambdas/engine/step-lease.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";

const NOW = 1_000;
const memo = (fields: Partial<StepMemo> = {}): StepMemo => ({
  ...{ v: 1, key: "k", id: "step", kind: "run", fence: 1, attempts: 0, startedAt: 0 },
  ...fields,
});
const lease = (owner: string, until: number) => ({ owner, until });

describe("a refused lease of a step is judged by what is stored", () => {
  it.each([
    ["it has its outcome", { memo: memo({ outcome: { ok: true, data: { json: "1" } } }) }, { kind: "over" }],
    ["it is the run's own to run", { memo: memo({ inline: true }) }, { kind: "over" }],
    ["the reply was lost", { memo: memo(), lease: lease("me", NOW + 1) }, { kind: "won" }],
    ["another has it", { memo: memo(), lease: lease("other", NOW + 1) }, { kind: "busy", until: NOW + 1 }],
    [
      "another had it",
      { memo: memo(), lease: lease("other", NOW - 1) },
      { kind: "dead", lease: lease("other", NOW - 1) },
    ],
    ["it backs off", { memo: memo({ until: NOW + 1 }) }, { kind: "resting", until: NOW + 1 }],
    ["its backoff is over", { memo: memo({ until: NOW }) }, { kind: "again" }],
    ["it was given back", { memo: memo() }, { kind: "again" }],
    ["it is gone", undefined, { kind: "again" }],
  ])("%s", (_, stored, refusal) => {
    expect(onRefusedStep(stored, "me", NOW)).toEqual(refusal);
  });
});
