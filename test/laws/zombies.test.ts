import { afterEach, describe, expect, it } from "vitest";
import { type Fault, FREEZE_MS } from "../../sim/faults.ts";
import { openStage, type Played, perform, type Scenario, type Stage } from "./harness.ts";
import { one } from "./scenarios.ts";

let stage: Stage;
afterEach(() => stage.cloud.close());

async function run(
  functions: Scenario["functions"],
  faults: readonly Fault[],
  prepare?: (stage: Stage) => void,
  waits?: "table",
): Promise<Played> {
  stage = await openStage({ name: "zombies", functions, ...(waits && { waits }) }, faults);
  prepare?.(stage);
  return perform(stage);
}

const calm = { problems: [] };

/** Thaws a process that stands still in a body: its heart does not beat either, since each beat is a call. */
describe("a process that stands still past its lease, and goes on while another holds the run", () => {
  it("in a step's body: the code gets the result of the one that was stored first, in all replays (L1, S2)", async () => {
    // A's body is begun by the first process, which freezes at B's checkpoint; the second runs both, the first wakes after it.
    const played = await run(
      one(async ({ step }, { notebook, slow }) => {
        const both = [
          notebook.step(step, "a", (tries) => slow(tries === 1 ? FREEZE_MS - 10_000 : FREEZE_MS)),
          notebook.step(step, "b"),
        ];
        notebook.hand("order", await Promise.race([both[0]?.then(() => "a"), both[1]?.then(() => "b")]));
        await Promise.all(both);
        await step.sleep("replay", "1h");
        return "done";
      }),
      [{ kind: "freeze", at: "step#" }],
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    expect(played.bodies).toEqual({ a: 2, b: 2 });
  });

  it("at a checkpoint: a result that its successor hears of from it keeps the place in which it was handed over (S1)", async () => {
    // f1 runs x and a, and freezes at a's checkpoint (place 1). f2 takes over and runs x. f1 writes a. A wake makes f2 look again: the
    // code gets a. Then x ends (place 1 of f2). In a replay a must come before x, although f2's place 1 beats f1's.
    const played = await run(
      one(async ({ step }, { notebook, slow }) => {
        const x = notebook.step(step, "x", (tries) => slow(tries === 1 ? 4 * FREEZE_MS : 2 * FREEZE_MS));
        const a = notebook.step(step, "a");
        notebook.hand("winner", await Promise.race([x.then(() => "x"), a.then(() => "a")]));
        await Promise.all([x, a]);
        await step.sleep("replay", "1h");
        return "done";
      }),
      [{ kind: "freeze", at: "step#" }],
      ({ aws, doors, provisioned }) => {
        aws.clock.at(aws.clock.now() + FREEZE_MS + 10_000, () => {
          const [run] = stage.runIds;
          const wake = {
            v: 1,
            id: "spare",
            env: "main",
            app: "laws",
            functionId: "main",
            runId: run ?? "",
            kind: "wake",
          } as const;
          void doors.world.queue.sendToRun(provisioned.binding.runQueueUrl, wake);
        });
      },
    );
    expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    expect(stage.notebook.handed.get("winner")).toEqual(new Set(['"a"']));
  });

  it.each(["(SET #armed", "(SET #status", "PutItem run#"])(
    "at %s: what it writes late loses, and its message is not acknowledged for it (L2, L6)",
    async (at) => {
      const played = await run(
        one(async ({ step }, { notebook }) => {
          await notebook.step(step, "before");
          await step.sleep("nap", "30s");
          return notebook.step(step, "after", () => "done");
        }),
        [{ kind: "freeze", at }],
      );
      expect(played).toMatchObject({ ...calm, run: { status: "completed", output: "done" } });
    },
  );

  it.each(["stepFunctions", "table"] as const)(
    "while it sets up a wait of a run that ends meanwhile: it takes back what it wrote too late (L7, %s)",
    async (via) => {
      const functions = one(async ({ step }, { notebook }) => {
        const wait = step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout: "2d" });
        return Promise.race([wait, notebook.step(step, "quick", () => "quick")]);
      });
      for (const at of ["step#", "listener#", via === "table" ? "/schedules/" : "StartExecution"]) {
        const played = await run(functions, [{ kind: "freeze", at }], undefined, via === "table" ? via : undefined);
        expect(played, at).toMatchObject({ ...calm, run: { status: "completed", output: "quick" } });
        await stage.cloud.close();
      }
    },
  );
});
