import { describe, expect, it } from "vitest";
import { countCrash, judgeCrashes } from "../../lambdas/engine/crash.ts";
import { onRefusedLease } from "../../lambdas/engine/lease.ts";
import type { RunHeader } from "../../lambdas/engine/types.ts";

const now = 1_000_000;
const header: RunHeader = {
  v: 1,
  runId: "r",
  env: "main",
  app: "a",
  functionId: "f",
  status: "active",
  fence: 7,
  wakeSeq: 0,
  eventId: "e",
  queuedAt: 0,
  startedAt: 0,
  attempts: 0,
};
const held = { ...header, owner: "other", by: "holder-message", leaseUntil: now + 5_000 };

describe("a refused lease (L2)", () => {
  it.each([
    ["there is no run", undefined, { kind: "unknown" }],
    ["the run has ended", { ...header, status: "completed" as const }, { kind: "ended" }],
    ["it is mine, the reply was lost", { ...held, owner: "me" }, { kind: "won" }],
    ["it was given back meanwhile", header, { kind: "again" }],
    ["it has ended meanwhile without being given back", { ...held, leaseUntil: now - 1 }, { kind: "again" }],
    ["the holder took it with this very message", { ...held, by: "m" }, { kind: "keep", until: now + 5_000 }],
    ["this message is the guard", { ...held, guard: "m" }, { kind: "keep", until: now + 5_000 }],
    ["another message is the guard", { ...held, guard: "g" }, { kind: "raise", fence: 7 }],
    ["somebody else holds it", held, { kind: "raise", fence: 7 }],
  ])("when %s", (_case, stored, expected) => {
    expect(onRefusedLease(stored, "m", "me", now)).toEqual(expected);
  });
});

describe("crashes (L4)", () => {
  it("are counted in a row, and from the start once the memo has grown", () => {
    expect(countCrash(header, 3)).toEqual({ crashes: 1, mark: 3 });
    expect(countCrash({ ...header, crashes: 1, crashMark: 3 }, 3)).toEqual({ crashes: 2, mark: 3 });
    expect(countCrash({ ...header, crashes: 4, crashMark: 3 }, 4)).toEqual({ crashes: 1, mark: 4 });
  });

  it.each([
    [0, 5, "parallel"],
    [1, 5, "oneByOne"],
    [5, 5, "oneByOne"],
    [6, 5, "failRun"],
    [1, 1, "oneByOne"],
    [2, 1, "failRun"],
  ])("%i of %i: %s", (crashes, attempts, verdict) => {
    expect(judgeCrashes(crashes, attempts)).toBe(verdict);
  });
});
