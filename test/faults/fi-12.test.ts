import { describe, expect, it } from "vitest";
import { nextResult, operationKey, Replay } from "../../sdk/execution/index.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";
import { differences, type Scenario } from "../laws/harness.ts";
import { one } from "../laws/scenarios.ts";
import { callsWith, playOn } from "./on-stage.ts";

/** A result as a process has read it: with its place in the order of results, if that has been written. */
const read = (id: string, endedAt: number, order?: number): StepMemo => ({
  v: 1,
  key: operationKey(id),
  id,
  kind: "run",
  fence: 1,
  attempts: 1,
  startedAt: 0,
  endedAt,
  outcome: { ok: true, data: { json: "1" } },
  ...(order !== undefined && { order }),
});

/** Two branches that go on under one id once their own steps have ended: which is whose in a replay from this snapshot. */
async function namesIn(snapshot: readonly StepMemo[]): Promise<Record<string, string>> {
  const memo = new Map(snapshot.map((step) => [step.key, step]));
  const replay: Replay = new Replay(
    (ledger) => {
      const body = () => undefined;
      const branch = async (id: string) => {
        await ledger.ask({ kind: "run", id, body });
        await ledger.ask({ kind: "run", id: "next", name: `next of ${id}`, body });
      };
      return Promise.all([branch("a"), branch("b")]);
    },
    { memo, maxSteps: 10 },
  );
  for (;;) {
    await replay.quiet();
    const next = nextResult(replay.open, memo, 100);
    if (next === undefined) break;
    replay.hand(next.op.key, { ok: true, value: 1 });
  }
  const asked = [...replay.asked.values()].filter(({ request }) => request.name !== undefined);
  return Object.fromEntries(asked.map(({ id, request }) => [request.name as string, id]));
}

/** There are many of them, and the process that dies over one dies in its body. */
const isHeartbeat = (call = "") => call.startsWith("ChangeMessageVisibility") || call.includes("(SET #leaseUntil");

describe("FI-12: one orchestrator, and one order of results for all replays (L1, L4)", () => {
  it("replays from different snapshots give one id to different steps, unless the order of their results is written down", async () => {
    expect(await namesIn([read("a", 10)])).toEqual({ "next of a": "next" });
    expect(await namesIn([read("b", 10)])).toEqual({ "next of b": "next" });
    // Hence the order: from now on it decides, not what ended first, nor what was read first.
    const both = { "next of a": "next:1", "next of b": "next" };
    expect(await namesIn([read("a", 10, 2), read("b", 20, 1)])).toEqual(both);
    expect(await namesIn([read("b", 20, 1), read("a", 10, 2)])).toEqual(both);
    expect(await namesIn([read("a", 10), read("b", 20, 1)])).toEqual(both);
  });

  /** The first process has the result of `a` first, whoever takes over has that of `b` first. */
  const branches: Scenario = {
    name: "two branches that go on under one id",
    functions: one(async ({ step }, { notebook, slow }) => {
      const branch = async (id: string, ms: (tries: number) => number) => {
        await notebook.step(step, id, (tries) => slow(ms(tries)));
        notebook.hand(`next of ${id}`, await step.run("next", () => id));
      };
      await Promise.all([
        branch("a", (tries) => (tries === 1 ? 1_000 : 90_000)),
        branch("b", (tries) => (tries === 1 ? 70_000 : 2_000)),
      ]);
      await step.sleep("replay", "1h");
      return "done";
    }),
  };

  it.each(["freeze", "crashAfter"] as const)(
    "a process that meets a %s at any call, and the one that takes over, never give a branch the other's result",
    async (kind) => {
      const base = await playOn(branches);
      expect(base).toMatchObject({ run: { status: "completed", output: "done" }, problems: [] });
      const [leased = 0] = callsWith(base.calls, "(SET #owner");
      for (let k = leased; k <= base.calls.length; k++) {
        if (isHeartbeat(base.calls[k - 1])) continue;
        const { stage, ...played } = await playOn(branches, [{ kind, at: k }]);
        const call = base.calls[k - 1];
        const given = ["a", "b"].map((id) => [...(stage.notebook.handed.get(`next of ${id}`) ?? [])]);
        expect({ call, given }).toEqual({ call, given: [['"a"'], ['"b"']] });
        expect({ call, problems: differences(base, played, 1) }).toEqual({ call, problems: [] });
      }
    },
  );
});
