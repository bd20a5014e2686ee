import { describe, expect, it } from "vitest";
import { nextResult, operationKey, Replay } from "../../sdk/execution/index.ts";
import type { StepMemo } from "../../sdk/protocol/index.ts";
import { type Fault, FREEZE_MS } from "../../sim/faults.ts";
import type { Scenario, Stage } from "../laws/harness.ts";
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

describe("FI-12: one orchestrator, and one order of results for all replays (L1, L4)", { timeout: 300_000 }, () => {
  it("replays from different snapshots give one id to different steps, unless the order of their results is written down", async () => {
    expect(await namesIn([read("a", 10)])).toEqual({ "next of a": "next" });
    expect(await namesIn([read("b", 10)])).toEqual({ "next of b": "next" });
    // Hence the order: from now on it decides, not what ended first, nor what was read first.
    const both = { "next of a": "next:1", "next of b": "next" };
    expect(await namesIn([read("a", 10, 2), read("b", 20, 1)])).toEqual(both);
    expect(await namesIn([read("b", 20, 1), read("a", 10, 2)])).toEqual(both);
    expect(await namesIn([read("a", 10), read("b", 20, 1)])).toEqual(both);
  });

  interface Course {
    readonly faults: readonly Fault[];
    /** How long `b` takes whoever takes over, in ms. */
    readonly takesMs?: number;
    /** When a wake comes, in ms after the start. */
    readonly wakeAt?: number;
    readonly prepare?: (stage: Stage) => void;
  }

  /** The first process has the result of `a` first; whoever takes over runs one step after another, and has those of `b` first. */
  const branches = ({ takesMs = 1_000, wakeAt = FREEZE_MS + 10_000 }: Course): Scenario => ({
    name: "two branches that go on under one id",
    functions: one(async ({ step }, { notebook, slow }) => {
      const work = (id: string, first: number, second: number) =>
        notebook.step(step, id, (tries) => slow(tries === 1 ? first : second));
      const goOn = async (id: string) => notebook.hand(`next of ${id}`, await step.run("next", () => id));
      const b = async () => {
        await work("b0", 80_000, 2_000);
        await work("b", 1_000, takesMs);
        await goOn("b");
      };
      const a = async () => {
        await work("a", 1_000, 90_000);
        await goOn("a");
      };
      await Promise.all([b(), a()]);
      await step.sleep("replay", "1h");
      return "done";
    }),
    script: async (stage) => {
      await stage.pass(wakeAt);
      const [runId = ""] = stage.runIds;
      const wake = { v: 1, id: "spare", env: "main", app: "laws", functionId: "main", runId, kind: "wake" } as const;
      await stage.doors.world.queue.sendToRun(stage.provisioned.binding.runQueueUrl, wake);
    },
  });

  async function branchesUnder(course: Course) {
    const { stage, run, problems, bodies } = await playOn(branches(course), course.faults, course.prepare);
    const given = ["a", "b"].map((id) => [...(stage.notebook.handed.get(`next of ${id}`) ?? [])]);
    return { output: run.output, problems, given, bodies };
  }
  const right = { output: "done", problems: [], given: [['"a"'], ['"b"']] };

  it("a wake that meets a holder does not begin a second one", async () => {
    expect(await branchesUnder({ faults: [] })).toEqual({ ...right, bodies: { a: 1, b0: 1, b: 1 } });
  });

  /** The first checkpoint is that of `a`. */
  const CHECKPOINT = "PutItem run#";
  const accidents: Readonly<Record<string, Course>> = {
    "stood still at its checkpoint": { faults: [{ kind: "freeze", at: CHECKPOINT }] },
    "stood still at its checkpoint, and whose heartbeat fails when it goes on": {
      faults: [{ kind: "freeze", at: CHECKPOINT }],
      takesMs: FREEZE_MS + 10_000,
      wakeAt: 2 * FREEZE_MS,
      prepare: ({ aws: { clock }, faults }) =>
        void clock.at(clock.now() + FREEZE_MS + 900, () => faults.arm([{ kind: "throttle", at: "(SET #leaseUntil" }])),
    },
    "stood still after its checkpoint": { faults: [{ kind: "freeze", at: "GetItem run#" }] },
    "died before its checkpoint": { faults: [{ kind: "crashBefore", at: CHECKPOINT }] },
    "died after its checkpoint": { faults: [{ kind: "crashAfter", at: CHECKPOINT }] },
    "died while it worked": { faults: [{ kind: "crashAfter", at: "(SET #leaseUntil" }] },
    "died when it had suspended": { faults: [{ kind: "crashAfter", at: "(SET #armed" }] },
  };
  it.each(Object.entries(accidents))(
    "whoever takes over from a process that %s has another result first, and no branch gets the other's, in any replay",
    async (_, course) => {
      expect(await branchesUnder(course)).toMatchObject(right);
    },
  );

  it("a sleep keeps its place when a wake makes the holder read the memo again", async () => {
    // During `slow` the nap of the other branch ends, gets its place and is handed over; then a wake comes. `flaky` starts the handler
    // anew (its `attempt` has changed): the nap must still come before `slow`.
    const order: string[] = [];
    const { run, problems, stage } = await playOn(
      {
        name: "a sleep beside a slow step",
        functions: one(async ({ step }, { notebook, slow }) => {
          order.splice(0);
          const first = async () => {
            await step.sleep("short", 200);
            order.push("short");
            await notebook.step(step, "slow", () => slow(20_000));
            order.push("slow");
            notebook.hand("order", order.join(" "));
            await notebook.step(step, "flaky", (tries) => {
              if (tries === 1) throw new Error("not yet");
            });
          };
          const second = async () => {
            await step.sleep("nap", 5_000);
            order.push("nap");
            await step.sleep("long", "1h");
          };
          await Promise.all([first(), second()]);
        }),
        script: async (stage) => {
          await stage.pass(10_000);
          const [runId = ""] = stage.runIds;
          const wake = {
            v: 1,
            id: "spare",
            env: "main",
            app: "laws",
            functionId: "main",
            runId,
            kind: "wake",
          } as const;
          await stage.doors.world.queue.sendToRun(stage.provisioned.binding.runQueueUrl, wake);
        },
      },
      [],
    );
    expect({ status: run.status, problems }).toEqual({ status: "completed", problems: [] });
    expect([...(stage.notebook.handed.get("order") ?? [])]).toEqual(['"short nap slow"']);
  });

  /** The code is given results before they are written, and the child is asked with them. */
  const buffered: Scenario = {
    name: "buffered results that a child is asked with",
    functions: (app) => {
      const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, ({ event }) => event.data);
      const main = one(
        async ({ step }, { notebook, slow }) => {
          const work = (id: string) =>
            step.run(id, async () => {
              const tries = notebook.note(id);
              // Whoever takes over is in the middle when the first one goes on.
              if (id === "b" && tries > 1) await slow(FREEZE_MS);
              return `${id}${tries}`;
            });
          const data = { a: await work("a"), b: await work("b") };
          const told = await step.invoke("ask", { function: child, data });
          return { data, told };
        },
        { checkpointing: { bufferedSteps: 5 } },
      )(app);
      return [...main, child];
    },
  };
  it.each([
    ["stood still before it wrote what was buffered", { kind: "freeze", at: "TransactWriteItems" }],
    ["died when it had asked", { kind: "crashAfter", at: "SendMessage stepwell-ingest invoke" }],
  ] as const)("a child is asked with what is stored, whoever %s", async (_, fault) => {
    const { run, problems } = await playOn(buffered, [fault]);
    const { data, told } = run.output as { data: object; told: object };
    expect({ problems, told }).toEqual({ problems: [], told: data });
  });
});
