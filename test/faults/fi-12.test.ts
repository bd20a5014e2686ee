import { describe, expect, it } from "vitest";
import { nextResult, operationKey, Replay } from "../../sdk/execution/index.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";
import { type Fault, FREEZE_MS } from "../laws/faults.ts";
import type { Scenario } from "../laws/harness.ts";
import { one } from "../laws/scenarios.ts";
import { playOn } from "./on-stage.ts";

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

  /** The first process has the result of `a` first, whoever takes over has that of `b` first. A wake comes while one of them works. */
  const branches: Scenario = {
    name: "two branches that go on under one id",
    functions: one(async ({ step }, { notebook, slow }) => {
      const branch = async (id: string, ms: (tries: number) => number) => {
        await notebook.step(step, id, (tries) => slow(ms(tries)));
        notebook.hand(`next of ${id}`, await step.run("next", () => id));
      };
      await Promise.all([
        branch("a", (tries) => (tries === 1 ? 1_000 : 90_000)),
        branch("b", (tries) => (tries === 1 ? 80_000 : 2_000)),
      ]);
      await step.sleep("replay", "1h");
      return "done";
    }),
    script: async (stage) => {
      await stage.pass(FREEZE_MS + 10_000);
      const [runId = ""] = stage.runIds;
      const wake = { v: 1, id: "spare", env: "main", app: "laws", functionId: "main", runId, kind: "wake" } as const;
      await stage.doors.world.queue.sendToRun(stage.provisioned.binding.runQueueUrl, wake);
    },
  };

  async function branchesUnder(faults: readonly Fault[]) {
    const { stage, run, problems, bodies } = await playOn(branches, faults);
    const given = ["a", "b"].map((id) => [...(stage.notebook.handed.get(`next of ${id}`) ?? [])]);
    return { output: run.output, problems, given, bodies };
  }
  const right = { output: "done", problems: [], given: [['"a"'], ['"b"']] };

  it("a wake that meets a holder does not begin a second one", async () => {
    expect(await branchesUnder([])).toEqual({ ...right, bodies: { a: 1, b: 1 } });
  });

  /** The first checkpoints are of `a`, its next, `b`, and its next. */
  const CHECKPOINT = "PutItem run#";
  const unheard = { kind: "throttle", at: "(SET #leaseUntil" } as const;

  const accidents: Readonly<Record<string, readonly Fault[]>> = {
    "stood still at its checkpoint": [{ kind: "freeze", at: CHECKPOINT }],
    "stood still at its checkpoint, and does not hear that it has lost the run": [{ kind: "freeze", at: CHECKPOINT }, unheard],
    "stood still after its checkpoint": [{ kind: "freeze", at: "GetItem run#" }],
    "died before its checkpoint": [{ kind: "crashBefore", at: CHECKPOINT }],
    "died after its checkpoint": [{ kind: "crashAfter", at: CHECKPOINT }],
    "died while it worked": [{ kind: "crashAfter", at: "(SET #leaseUntil" }],
    "died when it had suspended": [{ kind: "crashAfter", at: "(SET #armed" }],
  };
  it.each(Object.entries(accidents))(
    "whoever takes over from a process that %s has another result first, and no branch gets the other's, in any replay",
    async (_, faults) => {
      expect(await branchesUnder(faults)).toMatchObject(right);
    },
  );
});
