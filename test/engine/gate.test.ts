import { describe, expect, it } from "vitest";
import {
  entryFor,
  type Gate,
  handoversOf,
  holdersOf,
  type Promised,
  type Shard,
  type Slot,
  shareOf,
  successorAfter,
  successorsOf,
} from "../../lambdas/engine/gate.ts";

const NOW = 1_000_000;
const slot = (until = NOW + 1, fence = 1): Slot => ({ until, fence });
const promised = (by = "other", until = NOW + 1): Promised => ({ until, by });
const all = <T>(ids: readonly string[], value: T): Record<string, T> =>
  Object.fromEntries(ids.map((id) => [id, value]));
const shard = (holders: readonly string[], promises: readonly string[] = []): Shard => ({
  holders: all(holders, slot()),
  promised: all(promises, promised()),
});
const gate = (...shards: readonly (Shard | undefined)[]): Gate => ({
  shards: new Map(shards.flatMap((one, index) => (one === undefined ? [] : [[index, one]]))),
});
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `run${i + from}`);
const enter = (state: Gate, limit: number, runId = "me", behind = false) =>
  entryFor(state, { runId, limit, behind, now: NOW });

describe("the slots of a gate", () => {
  it.each([1, 2, 7, 8, 9, 16, 17, 100, 10_000])("are as many as its limit of %d", (limit) => {
    const shares = Array.from({ length: Math.ceil(limit / 8) + 2 }, (_, index) => shareOf(limit, index));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(limit);
    expect(Math.max(...shares)).toBeLessThanOrEqual(8);
  });

  it("of a higher limit are never fewer in any shard, so that old code and new go together", () => {
    for (let limit = 1; limit < 60; limit++)
      for (let index = 0; index < 9; index++)
        expect(shareOf(limit + 1, index)).toBeGreaterThanOrEqual(shareOf(limit, index));
  });
});

describe("a run before a gate", () => {
  it.each<[string, Gate, number, string]>([
    ["enters one that nobody has used", gate(), 1, "new 0"],
    ["enters where a slot is free", gate(shard(["a"])), 2, "new 0"],
    ["does not enter where all are taken", gate(shard(["a", "b"])), 2, "full"],
    ["does not enter where the last one is promised", gate(shard(["a"], ["b"])), 2, "full"],
    ["enters on its own promise", gate(shard(["a"], ["me"])), 2, "promised 0"],
    ["does not enter on its own promise where all are taken", gate(shard(["a", "b"], ["me"])), 2, "full"],
    ["keeps the slot that it has, whatever the limit is now", gate(shard(["a", "me", "b"])), 1, "own 0"],
    ["enters the next shard", gate(shard(ids(8)), shard(["x"])), 10, "new 1"],
    ["does not enter beyond the limit", gate(shard(ids(8)), shard(["x", "y"])), 10, "full"],
    [
      "does not enter shard 0 while shards of a higher limit are held",
      gate(shard(ids(2)), shard(ids(8, 10))),
      10,
      "full",
    ],
    ["enters shard 0 for what is left beside them", gate(shard(ids(2)), shard(ids(7, 10))), 10, "new 0"],
  ])("%s", (_, state, limit, expected) => {
    const entry = enter(state, limit);
    expect(entry.kind === "full" ? "full" : `${entry.as} ${entry.shard}`).toBe(expected);
  });

  it("does not enter shard 0 for what has been promised beside it, under a limit that was lowered", () => {
    const state = (held: number) => gate(shard(ids(held)), shard([], ["x", "y"]), shard(ids(4, 10)));
    expect([enter(state(3), 10).kind, enter(state(4), 10).kind]).toEqual(["room", "full"]);
  });

  it("is not kept out for good by one who died beyond a limit that was lowered", () => {
    const died = (ago: number) => gate(shard([]), { holders: { dead: slot(NOW - ago) }, promised: {} });
    expect([enter(died(0), 1).kind, enter(died(3_600_000), 1).kind]).toEqual(["full", "room"]);
  });

  it("does not pass those in line, unless a slot has been kept for it", () => {
    expect(enter(gate(shard([])), 2, "me", true).kind).toBe("full");
    expect(enter(gate(shard([], ["me"])), 2, "me", true).kind).toBe("room");
  });

  it("does not enter before the end of a Backoff, and goes on if it is inside", () => {
    expect(enter({ ...gate(shard([])), heldUntil: NOW + 1 }, 2).kind).toBe("full");
    expect(enter({ ...gate(shard([])), heldUntil: NOW }, 2).kind).toBe("room");
    expect(enter({ ...gate(shard(["me"])), heldUntil: NOW + 1 }, 2).kind).toBe("room");
  });

  it("takes away what is left of the dead, and counts them no more", () => {
    const state = gate({ holders: { dead: slot(NOW) }, promised: { late: promised("x", NOW) } });
    expect(enter(state, 1)).toMatchObject({
      kind: "room",
      dead: { holders: { dead: slot(NOW) }, promised: { late: promised("x", NOW) } },
    });
    expect(holdersOf(state, NOW)).toEqual([]);
  });
});

describe("free slots", () => {
  const hand = (state: Gate, line: readonly string[], limit: number, leaving?: string) =>
    handoversOf(
      state,
      line.map((runId) => ({ runId, limit })),
      { by: "me", now: NOW, ...(leaving !== undefined && { leaving }) },
    ).map(({ runId, shard, again }) => `${runId} ${shard}${again ? " again" : ""}`);

  it.each<[string, string[], string[]]>([
    ["are for the first in line, as many as there are", hand(gate(shard(["a"])), ["x", "y", "z"], 3), ["x 0", "y 0"]],
    ["are none where all are taken", hand(gate(shard(["a"])), ["x"], 1), []],
    ["include the one that is about to be given up", hand(gate(shard(["a"])), ["x", "y"], 1, "a"), ["x 0"]],
    ["are not for whom another has promised one", hand(gate(shard([], ["x"])), ["x", "y", "z"], 2), ["y 0"]],
    ["lie in several shards", hand(gate(shard(ids(7)), shard(["b"])), ["x", "y", "z"], 10), ["x 0", "y 1"]],
    ["are for nobody before the end of a Backoff", hand({ ...gate(), heldUntil: NOW + 1 }, ["x"], 1), []],
  ])("%s", (_, handed, expected) => {
    expect(handed).toEqual(expected);
  });

  it("that one has promised before are promised again, in case their message was never sent", () => {
    const state = gate({ holders: all(["a"], slot()), promised: { x: promised("me") } });
    expect(hand(state, ["x", "y"], 2)).toEqual(["x 0 again"]);
  });

  it("that one has promised before are promised again also to whom another has got in line before since", () => {
    const state = gate({ holders: {}, promised: { y: promised("me") } });
    expect(hand(state, ["x", "y", "z"], 1)).toEqual(["y 0 again"]);
  });

  it("stop at the first in line who may not enter under a limit of his own: nobody passes him", () => {
    const line = [
      { runId: "small", limit: 1 },
      { runId: "large", limit: 5 },
    ];
    expect(handoversOf(gate(shard(["a"])), line, { by: "me", now: NOW })).toEqual([]);
  });

  it("whose promise has lapsed are promised anew", () => {
    const state = gate({ holders: {}, promised: { x: promised("other", NOW) } });
    expect(handoversOf(state, [{ runId: "x", limit: 1 }], { by: "me", now: NOW })).toEqual([
      { runId: "x", shard: 0, lapsed: true },
    ]);
  });
});

describe("a slot that is given up", () => {
  const line = (count: number, limit: number) => ids(count).map((runId) => ({ runId, limit }));
  const next = (state: Gate, count: number, limit: number, shard = 0) =>
    successorsOf(state, line(count, limit), { runId: "me", shard, now: NOW }).map((one) => `${one.runId} ${one.shard}`);

  it("is for the first in line, and for nobody where the limit has become lower", () => {
    expect(next(gate(shard(["me", "a"])), 3, 2)).toEqual(["run0 0"]);
    expect(next(gate(shard(["me", "a", "b"])), 3, 2)).toEqual([]);
  });

  it("is handed on in its own shard alone, to one of the first in line", () => {
    const handed = next(gate(shard(ids(8, 100)), shard(["me", "x"])), 5, 10, 1);
    expect(handed).toHaveLength(1);
    expect(handed[0]).toMatch(/^run[0-4] 1$/);
  });

  const after = (state: Shard, count: number, limit: number) => {
    const become = successorAfter(state, line(count, limit), NOW);
    return become === undefined || become.next === "none" ? become?.next : become.next.runId;
  };

  it.each<[string, Shard, number, number, string | undefined]>([
    ["is for the first who has not been promised one", shard(["a"], ["run0"]), 3, 3, "run1"],
    ["is for the second, where another slot is free for the first", shard(["a"], ["run0"]), 4, 4, "run2"],
    ["is not for whom it finds inside already", shard(["a", "run0"]), 3, 3, "run1"],
    ["is for nobody, where all are taken or kept", shard(["a"], ["run0"]), 3, 2, "none"],
    ["needs a new look, where nobody is left in line", shard(["a"], ["run0"]), 1, 3, undefined],
    ["needs a new look, where there are more shards", shard(["a"], ["run0"]), 3, 9, undefined],
  ])("%s, when its first choice has been promised another", (_, state, count, limit, expected) => {
    expect(after(state, count, limit)).toBe(expected);
  });
});
