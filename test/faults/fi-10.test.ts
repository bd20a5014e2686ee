import { describe, expect, it } from "vitest";
import { entryFor, holdersOf } from "../../lambdas/engine/gate.ts";
import { currentInvocation } from "../../local/invocation.ts";
import type { GateRef } from "../../sdk/protocol/index.ts";
import { audit } from "../laws/audit.ts";
import { type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "../laws/scenarios.ts";
import { close, firstRun, holdUp, open, outside, until } from "./stage.ts";

const SECOND_MS = 1_000;

/** Runs that stand in each other's way: each works for a while on the one slot. */
const working: Scenario["functions"] = one(
  ({ step, event }, { notebook, slow }) => notebook.step(step, `work-${event.id}`, () => slow(10 * SECOND_MS)),
  { concurrency: 1 },
);

const B = { ...START_EVENT, id: "b" };

/** Puts the event of run B on the bus, and lets the router do all that it does about it. */
async function block({ doors, aws, provisioned }: Stage): Promise<void> {
  const envelope = { v: 1, id: B.id, ts: aws.clock.now(), env: "main", data: B.data } as const;
  await doors.world.bus.send("laws", [{ name: B.name, envelope }]);
  const queue = provisioned.binding.ingestQueueUrl.split("/").at(-1) ?? "";
  await until(() => aws.sqs.messages(queue).every(({ body }) => !body.includes('"id":"b"')));
}

/** Lets all runs end without the sweeper, and tells what is wrong then. */
async function problemsAtRest(stage: Stage): Promise<readonly string[]> {
  await stage.pass(HOUR_MS);
  await stage.doors.sweep();
  const { problems } = await audit(stage);
  const runs = await Promise.all(["start", "b"].map((id) => stage.cloud.runsOf(id)));
  const ends = runs.flat().map(({ status }) => status);
  return [...problems, ...(ends.join() === "completed,completed" ? [] : [`the runs are ${ends.join()}`])];
}

describe("FI-10 who clears the way removes only what it has observed", { timeout: 300_000 }, () => {
  it("a run that gets in line at any moment of the end of the one before it is let in, without the sweeper", async () => {
    const calm = await open({ functions: working });
    await calm.cloud.send([START_EVENT]);
    await calm.pass(MINUTE_MS);
    const calls = [...calm.faults.calls];
    await close(calm);
    // From the end of A's step on.
    const checkpoint = calls.findIndex((call) => call.startsWith("PutItem run#")) + 1;
    expect(checkpoint).toBeGreaterThan(1);
    for (let k = checkpoint; k <= calls.length; k++) {
      const stage = await open({ functions: working });
      stage.faults.before = (_, at) => (at === k ? outside(() => block(stage)) : undefined);
      await stage.cloud.send([START_EVENT]);
      expect({ at: calls[k - 1], problems: await problemsAtRest(stage) }).toEqual({ at: calls[k - 1], problems: [] });
      await close(stage);
    }
  });

  it("a run that ends at any moment in which the next one gets in line lets it in, without the sweeper", async () => {
    for (let k = 1, isHeld = true; isHeld; k++) {
      const stage = await open({ functions: working });
      await stage.cloud.send([START_EVENT]);
      await stage.pass(5 * SECOND_MS);
      // The router stands at its k-th call for B until A has ended, and given up its slot.
      const router = holdRouter(stage, k);
      await stage.cloud.send([B]);
      await stage.pass(15 * SECOND_MS);
      expect(stage.faults.calls.some((call) => call.includes("(SET #status"))).toBe(true);
      router.release();
      expect({ call: router.call, problems: await problemsAtRest(stage) }).toMatchObject({ problems: [] });
      isHeld = router.call !== "";
      if (!isHeld) expect(k).toBeGreaterThan(5);
      await close(stage);
    }
  });

  it("a slow process that takes a run out of the line does not take out the place that it has got since", async () => {
    const stage = await open({
      functions: one(
        async ({ step, event }, { slow }) => {
          await step.run("work", () => slow(10 * SECOND_MS));
          if (event.id !== "b") return;
          await step.sleep("rest", "30s");
          await step.run("again", () => slow(10 * SECOND_MS));
        },
        { concurrency: 1 },
      ),
    });
    // A works from 0 to 10 s, and stands still before it takes B out of the line, which it has told that its turn has come.
    const frozen = holdUp(stage, "DeleteItem backlog#");
    await stage.cloud.send([START_EVENT]);
    await stage.cloud.send([B]);
    await stage.pass(15 * SECOND_MS);
    expect(frozen.reached).toBe(true);
    // B works from 10 to 20 s and rests until 50 s. Then C has the slot, so B is in line again.
    await stage.pass(30 * SECOND_MS);
    await stage.cloud.send([{ ...START_EVENT, id: "c" }]);
    await stage.pass(7 * SECOND_MS);
    expect((await stage.cloud.runsOf("b"))[0]).toMatchObject({ status: "queued" });
    frozen.release();
    expect(await problemsAtRest(stage)).toEqual([]);
  });

  it("a slot, or a promise, that is renewed after it was seen to have run out is not taken away", async () => {
    const stage = await open({ functions: working });
    await stage.cloud.send([START_EVENT]);
    await stage.pass(SECOND_MS);
    const run = firstRun(stage);
    const { gates } = stage.doors.world;
    const gate = (await stage.doors.world.runs.header(run))?.gates?.[0] as GateRef;
    const now = stage.aws.clock.now() + HOUR_MS;
    const ask = async (runId: string) => {
      const entry = entryFor(await gates.read(run, gate), { runId, limit: 1, behind: false, now });
      if (entry.kind === "full") throw new Error("The gate is full.");
      return entry;
    };
    const slot = { until: now + HOUR_MS, fence: 2 };
    const seen = await ask("B");
    await gates.take(run, gate, { runId: run.runId, slot, opening: await ask(run.runId) });
    expect(await gates.take(run, gate, { runId: "B", slot, opening: seen })).toBeUndefined();
    expect(await gates.offer(run, gate, "B", seen, { until: slot.until, by: "B" })).toBe(false);
    expect(holdersOf(await gates.read(run, gate), now)).toEqual([run.runId]);
  });
});

/** Holds up the router at its k-th call from now on. */
function holdRouter(stage: Stage, k: number): { call: string; release(): void } {
  const gate = Promise.withResolvers<void>();
  const held = { call: "", release: gate.resolve };
  let calls = 0;
  stage.faults.before = async (call) => {
    const invocation = currentInvocation();
    if (invocation === undefined || !invocation.functionName.endsWith("-router") || ++calls !== k) return;
    held.call = call;
    invocation.pause();
    await gate.promise;
    invocation.resume();
  };
  return held;
}
