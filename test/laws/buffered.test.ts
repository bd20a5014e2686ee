import { describe, expect, it } from "vitest";
import { currentInvocation } from "../../local/invocation.ts";
import { FAULT_KINDS, type Fault, FREEZE_MS } from "../../sim/faults.ts";
import { openStage, type Played, perform, type Scenario, type Stage } from "./harness.ts";
import { one } from "./scenarios.ts";

/** A body that is executed again has another result: what the code has done with the first one shows. */
class Bodies {
  readonly begun: Record<string, number> = {};

  run(id: string): string {
    if (currentInvocation()?.dead) return "dead";
    this.begun[id] = (this.begun[id] ?? 0) + 1;
    return `${id}${this.begun[id]}`;
  }
}

/** Buffered results, and everything that the engine does with them: a child, a sent event, a sleep, a wait, a race, the end. */
const program = (bodies: Bodies): Scenario => ({
  name: "buffered results in all that comes after them",
  functions: (app) => {
    const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, ({ event }) => event.data);
    const main = one(
      async ({ step }) => {
        const run = (id: string) => step.run(id, () => bodies.run(id));
        const first = [await run("a"), await run("b")];
        const echoed = await step.invoke("ask", { function: child, data: { first } });
        const second = await Promise.all([run("c"), run("d"), run("e")]);
        await step.sleep("nap", "2h");
        const winner = await Promise.race([run("f"), step.sleep("long", "3h")]);
        const third = await run("g");
        return { first, echoed, second, winner, third };
      },
      { checkpointing: { bufferedSteps: 3 } },
    )(app);
    return [...main, child];
  },
});

interface Output {
  readonly first: readonly string[];
  readonly echoed: { readonly first: readonly string[] };
}

async function played(faults: readonly Fault[], scenario = program, prepare?: (stage: Stage) => void) {
  const bodies = new Bodies();
  const stage = await openStage(scenario(bodies), faults);
  prepare?.(stage);
  const result: Played = await perform(stage);
  await stage.cloud.close();
  return { ...result, begun: bodies.begun, struck: stage.faults.struck.length };
}

describe("buffered checkpoints (P8)", { timeout: 300_000 }, () => {
  it("are few: the results of steps in a row, and of steps side by side, are written together", async () => {
    const { calls, run, begun, problems } = await played([]);
    expect(problems).toEqual([]);
    expect(run).toMatchObject({ status: "completed", output: { echoed: { first: ["a1", "b1"] }, winner: "f1" } });
    expect(Object.values(begun)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    // a and b before the child is asked for; c, d and e, which are as many as may wait; f and g before the end.
    expect(calls.filter((call) => call.startsWith("TransactWriteItems"))).toHaveLength(3);
    expect(calls.filter((call) => /PutItem .*step#.*\([a-g]\)/.test(call))).toEqual([]);
  });

  it("a fault at any call repeats no more than what was buffered, and what the code has led to is made of what is stored (L1)", async () => {
    const base = await played([]);
    const writes = base.calls.flatMap((call, i) => (/^(Query|GetItem)/.test(call) ? [] : [i + 1]));
    for (const at of writes) {
      const isPack = base.calls[at - 1]?.startsWith("TransactWriteItems");
      for (const kind of isPack ? FAULT_KINDS : (["crashAfter"] as const)) {
        const { run, begun, problems } = await played([{ kind, at }]);
        const output = run.output as Output;
        expect({ at, kind, call: base.calls[at - 1], problems, status: run.status }).toMatchObject({
          problems: [],
          status: "completed",
        });
        expect(output.echoed.first).toEqual(output.first);
        const repeated = Object.values(begun).filter((times) => times > 1);
        expect(Math.max(...Object.values(begun))).toBeLessThanOrEqual(2);
        expect(repeated.length).toBeLessThanOrEqual(3);
      }
    }
  });

  it("a process that stands still before it writes a pack loses: its successor's results count", async () => {
    for (const nth of [1, 2, 3]) {
      const { run, problems, struck } = await played([{ kind: "freeze", at: "TransactWriteItems", nth }]);
      const output = run.output as Output;
      expect({ nth, struck, problems, status: run.status }).toEqual({
        nth,
        struck: 1,
        problems: [],
        status: "completed",
      });
      expect(output.echoed.first).toEqual(output.first);
    }
  });

  it("a result of a process that had lost the run does not replace the one in its successor's pack", async () => {
    // `flaky` has an item of its own, and so its result is written there: late, by a process that stood still. `a` is in a pack by then.
    const late = (bodies: Bodies): Scenario => ({
      name: "an item beside a pack",
      functions: one(
        async ({ step }, { slow }) => {
          const a = await step.run("a", async () => {
            const value = bodies.run("a");
            if (value === "a1") await slow(2 * FREEZE_MS);
            return value;
          });
          const b = await step.run("b", () => `${bodies.run("b")} after ${a}`);
          await step.sleep("nap", "1h");
          return { a, b };
        },
        { checkpointing: { bufferedSteps: 5 } },
      ),
    });
    const { run, problems } = await played([{ kind: "freeze", at: "(SET #leaseUntil" }], late);
    expect({ status: run.status, problems }).toEqual({ status: "completed", problems: [] });
    const { a, b } = run.output as { a: string; b: string };
    expect(b).toMatch(new RegExp(`after ${a}$`));
  });

  it("a result waits no longer than maxInterval for others: a crash after it does not repeat it", async () => {
    const working = (bodies: Bodies): Scenario => ({
      name: "a long body after a short one",
      functions: one(
        async ({ step }, { slow }) => {
          await step.run("short", () => bodies.run("short"));
          await step.run("long", async () => {
            if (bodies.run("long") === "long1") {
              await slow(20_000);
              currentInvocation()?.kill();
            }
          });
          return "done";
        },
        { checkpointing: { bufferedSteps: 10, maxInterval: "5s" } },
      ),
    });
    const { begun, run, problems } = await played([], working);
    expect({ status: run.status, problems }).toEqual({ status: "completed", problems: [] });
    expect(begun).toEqual({ short: 1, long: 2 });
  });

  it("results that come while others are being written are written next (L1)", async () => {
    const beside = (bodies: Bodies): Scenario => ({
      name: "more steps side by side than are buffered, one after another",
      functions: one(
        async ({ step }, { slow }) => {
          const results = await Promise.all(
            ["a", "b", "c", "d", "e", "f", "g"].map((id, i) =>
              step.run(id, async () => {
                await slow(1 + i);
                return bodies.run(id);
              }),
            ),
          );
          await step.sleep("nap", "2h");
          return results;
        },
        { checkpointing: { bufferedSteps: 2 } },
      ),
    });
    // A write that takes longer than the bodies that end after it was sent.
    for (const nth of [1, 2, 3]) {
      const slowly = { kind: "delay", at: "TransactWriteItems", nth, ms: 50 } as const;
      const { begun, run, problems } = await played([slowly], beside);
      expect({ nth, status: run.status, problems }).toEqual({ nth, status: "completed", problems: [] });
      expect(run.output).toEqual(["a1", "b1", "c1", "d1", "e1", "f1", "g1"]);
      expect(Object.values(begun)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    }
  });

  it("a step that kills its process is found, and those before it are not blamed (L9)", async () => {
    const deadly = (bodies: Bodies): Scenario => ({
      name: "a deadly step behind buffered ones",
      functions: one(
        async ({ step }) => {
          const before = [await step.run("a", () => bodies.run("a")), await step.run("b", () => bodies.run("b"))];
          const end = await step
            .run("deadly", () => {
              bodies.run("deadly");
              currentInvocation()?.kill();
              return new Promise(() => {});
            })
            .catch((error: { code: string }) => error.code);
          return { before: before.length, end };
        },
        { retries: 2, checkpointing: { bufferedSteps: 10 } },
      ),
    });
    const { begun, run, problems } = await played([], deadly);
    expect({ ...run, problems }).toMatchObject({
      status: "completed",
      output: { before: 2, end: "STEPWELL_STEP_CRASHED" },
      problems: [],
    });
    expect(begun).toEqual({ a: 2, b: 2, deadly: 4 });
  });
});
