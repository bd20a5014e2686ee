import { DeleteScheduleCommand, ListSchedulesCommand, SchedulerClient } from "@aws-sdk/client-scheduler";
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from "@aws-sdk/client-sfn";
import { afterEach, describe, expect, it } from "vitest";
import { engineNames } from "../../lambdas/contract.ts";
import { createSweeper, type SweepReport } from "../../lambdas/sweeper/index.ts";
import { arnOf } from "../../local/arn.ts";
import type { Overdue, RunView } from "../../sdk/protocol/index.ts";
import { type App, openStage, type Scenario, START_EVENT, type Stage } from "../laws/harness.ts";
import { HOUR_MS, MINUTE_MS, one, withFlow } from "../laws/scenarios.ts";

const names = engineNames("stepwell");
const RUNS = names.runQueue("main", "laws");
const DAY_MS = 24 * HOUR_MS;

const opened = new Set<Stage>();
afterEach(async () => {
  const stages = [...opened];
  opened.clear();
  await Promise.all(stages.map(({ cloud }) => cloud.close()));
});

async function open(scenario: Omit<Scenario, "name">): Promise<Stage> {
  const stage = await openStage({ name: "sweeper", ...scenario });
  opened.add(stage);
  return stage;
}

/** Everything that could wake anybody is taken away: messages of all queues, schedules, executions of the wait machine. */
async function loseEverything({ aws }: Stage): Promise<void> {
  for (const name of [names.ingestQueue, RUNS]) aws.sqs.queue(arnOf("sqs", name))?.purge();
  const scheduler = new SchedulerClient(aws.clientConfig());
  const { Schedules = [] } = await scheduler.send(new ListSchedulesCommand({ GroupName: names.scheduleGroup }));
  for (const { Name } of Schedules)
    await scheduler.send(new DeleteScheduleCommand({ Name, GroupName: names.scheduleGroup }));
  const machine = new SFNClient(aws.clientConfig());
  const stateMachineArn = arnOf("states", `stateMachine:${names.waitMachine}`);
  const { executions = [] } = await machine.send(
    new ListExecutionsCommand({ stateMachineArn, statusFilter: "RUNNING" }),
  );
  for (const { executionArn } of executions) await machine.send(new StopExecutionCommand({ executionArn }));
}

/** Lets time pass with the sweeper coming every minute, until it has something to do. How long that took, in minutes. */
async function untilSwept(stage: Stage, minutesMax: number): Promise<{ minutes: number; report: SweepReport }> {
  for (let minutes = 1; minutes <= minutesMax; minutes++) {
    await stage.pass(MINUTE_MS);
    const report = await stage.doors.sweep();
    if (report.reasons !== undefined) return { minutes, report };
  }
  throw new Error(`The sweeper has found nothing in ${minutesMax} minutes.`);
}

interface Loss {
  readonly name: string;
  readonly waits?: "table";
  readonly functions: Scenario["functions"];
  /** What happens before everything is lost, and between that and the time when the run is due. */
  readonly before?: (stage: Stage) => Promise<void>;
  /** When it should have gone on, in ms after everything was lost. */
  readonly dueAfter: number;
  readonly waitedFor: Overdue["waitedFor"];
  readonly because: RegExp;
  /** How the run ends at last. */
  readonly end: Partial<RunView>;
}

const flaky = one(
  async ({ step }, { notebook }) =>
    step.run("flaky", () => {
      if (notebook.note("flaky") === 1)
        throw Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
      return "done";
    }),
  {},
);

const LOSSES: readonly Loss[] = [
  {
    name: "the schedule of a long sleep",
    functions: one(async ({ step }) => step.sleep("nap", "2d").then(() => "awake")),
    dueAfter: 2 * DAY_MS,
    waitedFor: "sleep",
    because: /^its sleep "nap" was over, and no timer came$/,
    end: { status: "completed", output: "awake" },
  },
  {
    name: "the delayed message of a short sleep after a long one",
    functions: one(async ({ step }) => {
      await step.sleep("first", "1h");
      await step.sleep("second", "5m");
      return "awake";
    }),
    before: ({ pass }) => pass(HOUR_MS + 2_000),
    dueAfter: 5 * MINUTE_MS,
    waitedFor: "sleep",
    because: /^its sleep "second" was over/,
    end: { status: "completed", output: "awake" },
  },
  {
    name: "the execution of the wait machine that times out a wait",
    functions: one(async ({ step }) => step.waitForEvent("paid", { event: "laws/paid", timeout: "3h" })),
    dueAfter: 3 * HOUR_MS,
    waitedFor: "event",
    because: /^its wait "paid" had timed out/,
    end: { status: "completed", output: null },
  },
  {
    name: "the timer of a wait that is kept in the table",
    waits: "table",
    functions: one(async ({ step }) => step.waitForEvent("paid", { event: "laws/paid", timeout: "3h" })),
    dueAfter: 3 * HOUR_MS,
    waitedFor: "event",
    because: /^its wait "paid" had timed out/,
    end: { status: "completed", output: null },
  },
  {
    name: "the timer of a function that another one has invoked",
    functions: (app) => {
      const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step }) => {
        await step.sleep("slow", "30m");
        return "from the child";
      });
      return [...one(async ({ step }) => step.invoke("ask", { function: child, data: {} }))(app), child];
    },
    before: ({ pass }) => pass(15 * MINUTE_MS),
    dueAfter: 15 * MINUTE_MS,
    waitedFor: "sleep",
    because: /^its sleep "slow" was over/,
    end: { status: "completed", output: "from the child" },
  },
  {
    name: "the timeout of an invoke whose function takes too long",
    functions: (app) => {
      const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step }) =>
        step.waitForEvent("never", { event: "laws/never", timeout: "9d" }),
      );
      const asking = one(async ({ step }) =>
        step.invoke("ask", { function: child, data: {}, timeout: "1h" }).catch((error: Error) => error.name),
      );
      return [...asking(app), child];
    },
    dueAfter: HOUR_MS,
    waitedFor: "invoke",
    because: /^its invoke "ask" had timed out/,
    end: { status: "completed", output: "StepwellError" },
  },
  {
    name: "the timer of a step's next try",
    functions: flaky,
    dueAfter: HOUR_MS,
    waitedFor: "retry",
    because: /^the next try of its step "flaky" was due/,
    end: { status: "completed", output: "done" },
  },
  {
    name: "the timer of a handler's next try",
    functions: one(async ({ attempt }) => {
      if (attempt === 0)
        throw Object.assign(new Error("later"), { name: "RetryAfterError", retryAfter: { delayMs: HOUR_MS } });
      return attempt;
    }),
    dueAfter: HOUR_MS,
    waitedFor: "retry",
    because: /^the next try of its handler was due/,
    end: { status: "completed", output: 1 },
  },
  {
    name: "the deadline of a run that waits",
    functions: one(async ({ step }) => step.sleep("nap", "9d"), { timeouts: { finish: "2h" } }),
    dueAfter: 2 * HOUR_MS,
    waitedFor: "deadline",
    because: /^its timeouts.finish was over/,
    end: { status: "cancelled" },
  },
];

describe("what wakes a run is lost, and the sweeper that comes every minute", () => {
  it.each(LOSSES)("finds and repairs it within two minutes of its time, and says why: $name", async (loss) => {
    const stage = await open(loss);
    const { ids } = await stage.cloud.send(START_EVENT);
    await loss.before?.(stage);
    await loseEverything(stage);
    const left = loss.dueAfter - MINUTE_MS;
    await stage.pass(left);
    expect(await stage.doors.sweep()).toEqual({ woken: [] });
    await stage.pass(MINUTE_MS);
    const { minutes, report } = await untilSwept(stage, 5);
    expect(minutes).toBeLessThanOrEqual(2);
    const reason = { waitedFor: loss.waitedFor, because: expect.stringMatching(loss.because) };
    expect(report.reasons).toEqual([expect.objectContaining({ ...reason, app: "laws", runId: report.woken[0] })]);
    expect(stage.notebook.lines.find((line) => line.includes("runs were overdue"))).toMatch(
      new RegExp(`"reasons":\\["${report.woken[0]} of laws/(main|child): `),
    );
    await stage.pass(10 * MINUTE_MS);
    const [run] = await stage.cloud.runsOf(ids[0]);
    expect(run).toMatchObject(loss.end);
    const swept = await stage.cloud.run(report.woken[0]);
    expect(swept?.sweeps).toEqual([expect.objectContaining({ waitedFor: loss.waitedFor })]);
  });

  it("closes a debounce, and a batch, whose timer is lost, within two minutes of its time", async () => {
    for (const [kind, flow] of [
      ["debounce", { debounce: { periodMs: HOUR_MS, key: "event.data.id" } }],
      ["debounce", { debounce: { periodMs: 5 * MINUTE_MS, key: "event.data.id" } }],
      ["batch", { batchEvents: { maxSize: 9, timeoutMs: HOUR_MS, key: "event.data.id" } }],
    ] as const) {
      const stage = await open({
        functions: withFlow(
          flow,
          one(async ({ events }) => events.length),
        ),
      });
      const { ids } = await stage.cloud.send(START_EVENT);
      await loseEverything(stage);
      const closesIn = "batchEvents" in flow ? flow.batchEvents.timeoutMs : flow.debounce.periodMs;
      await stage.pass(closesIn);
      expect(await stage.doors.sweep()).toEqual({ woken: [] });
      const { minutes, report } = await untilSwept(stage, 5);
      expect(minutes).toBeLessThanOrEqual(2);
      expect(report).toMatchObject({ woken: [], reasons: [{ waitedFor: kind, key: "7", functionId: "main" }] });
      await stage.pass(MINUTE_MS);
      const [run] = await stage.cloud.runsOf(ids[0]);
      expect(run).toMatchObject({ id: report.flushed?.[0], status: "completed" });
      expect(await stage.doors.sweep()).toEqual({ woken: [] });
    }
  });

  it("leaves a debounce alone that has been put off past its first timer", async () => {
    const flow = { debounce: { periodMs: 10 * MINUTE_MS } };
    const stage = await open({
      functions: withFlow(
        flow,
        one(async () => "done"),
      ),
    });
    await stage.cloud.send(START_EVENT);
    for (let i = 1; i <= 4; i++) {
      await stage.pass(6 * MINUTE_MS);
      expect(await stage.doors.sweep()).toEqual({ woken: [] });
      await stage.cloud.send({ ...START_EVENT, id: `next-${i}` });
    }
    await stage.pass(11 * MINUTE_MS);
    const [run] = await stage.cloud.runsOf("next-4");
    expect(run).toMatchObject({ status: "completed" });
  });

  it("takes over from a worker that has died, if nothing else does, in a run that has rested before", async () => {
    const stage = await open({
      functions: one(async ({ step }, { slow, notebook }) => {
        await step.sleep("nap", "1h");
        await step.run("work", async () => notebook.note("work") === 1 && slow(5 * MINUTE_MS));
        return "done";
      }),
    });
    const { ids } = await stage.cloud.send(START_EVENT);
    stage.faults.arm([{ kind: "crashBefore", at: "/header (SET #leaseUntil)" }]);
    await stage.pass(HOUR_MS + 8_000);
    await loseEverything(stage);
    const { minutes, report } = await untilSwept(stage, 5);
    expect(minutes).toBeLessThanOrEqual(2);
    expect(report.reasons).toMatchObject([{ waitedFor: "worker", because: expect.stringContaining("had died") }]);
    await stage.pass(MINUTE_MS);
    expect((await stage.cloud.runsOf(ids[0]))[0]).toMatchObject({ status: "completed", output: "done" });
  });

  it("wakes a run at its next round, if it dies between its note and its wake", async () => {
    const stage = await open({ functions: one(async ({ step }) => step.sleep("nap", "1h").then(() => "awake")) });
    const { ids } = await stage.cloud.send(START_EVENT);
    await loseEverything(stage);
    await stage.pass(HOUR_MS + 2 * MINUTE_MS);
    const { world } = stage.doors;
    const queue = { ...world.queue, sendToRun: () => Promise.reject(new Error("killed")) };
    const around = { clock: stage.aws.clock, log: stage.notebook.log, environments: ["main"] };
    expect(await createSweeper({ ...around, world: { ...world, queue } })()).toEqual({ woken: [] });
    expect((await stage.doors.sweep()).woken).toHaveLength(1);
    await stage.pass(MINUTE_MS);
    const [run] = await stage.cloud.runsOf(ids[0]);
    expect(run).toMatchObject({ status: "completed", sweeps: [{ waitedFor: "sleep" }, { waitedFor: "sleep" }] });
  });

  it("moves on a run in line for a slot that is free, and notes that on it", async () => {
    const functions = withFlow(
      { concurrency: [{ limit: 1, scope: "fn" }] },
      one(async ({ step }, { slow }) => step.run("work", () => slow(10 * MINUTE_MS))),
    );
    let served: readonly object[] = [];
    const stage = await open({
      functions: (app) => {
        served = functions(app);
        return served as never;
      },
    });
    await stage.cloud.send(START_EVENT);
    await stage.cloud.send({ ...START_EVENT, id: "next" });
    Object.assign((served[0] as { manifest: object }).manifest, { flow: { concurrency: [{ limit: 2, scope: "fn" }] } });
    await stage.doors.register("raised");
    await stage.pass(MINUTE_MS);
    const { report } = await untilSwept(stage, 2);
    const [run] = await stage.cloud.runsOf("next");
    expect(report).toMatchObject({ woken: [], moved: [run?.id], reasons: [{ waitedFor: "slot", runId: run?.id }] });
    expect(run?.sweeps).toMatchObject([{ waitedFor: "slot" }]);
    expect(stage.notebook.lines.filter((line) => line.includes("runs were overdue"))).toEqual([]);
  });

  it("leaves a run alone that works for long after it has rested", async () => {
    const stage = await open({
      functions: one(async ({ step }, { slow }) => {
        await step.sleep("nap", "1h");
        return step.run("work", () => slow(4 * MINUTE_MS).then(() => "done"));
      }),
    });
    const { ids } = await stage.cloud.send(START_EVENT);
    await stage.pass(HOUR_MS);
    for (let i = 0; i < 3; i++) {
      await stage.pass(MINUTE_MS);
      expect(await stage.doors.sweep()).toEqual({ woken: [] });
    }
    await stage.pass(2 * MINUTE_MS);
    expect((await stage.cloud.runsOf(ids[0]))[0]).toMatchObject({ status: "completed", output: "done" });
  });

  it("looks once an hour after a run whose invoke has no timeout, and does not call that lost", async () => {
    const functions = (app: App) => {
      const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step }) =>
        step.sleep("slow", "150m"),
      );
      return [...one(async ({ step }) => step.invoke("ask", { function: child, data: {} }))(app), child];
    };
    const stage = await open({ functions });
    const { ids } = await stage.cloud.send(START_EVENT);
    await stage.pass(HOUR_MS);
    const { report } = await untilSwept(stage, 2);
    expect(report.reasons).toMatchObject([{ waitedFor: "check", step: "ask" }]);
    expect(stage.notebook.lines.filter((line) => line.includes("runs were overdue"))).toEqual([]);
    expect((await stage.cloud.runsOf(ids[0]))[0]?.sweeps).toBeUndefined();
  });

  it("keeps the last three wakes of a run, and its header stays under 1 KB", async () => {
    const stage = await open({
      functions: one(async ({ step }) => {
        for (let i = 0; i < 5; i++) await step.sleep(`a sleep with a name that is quite long, number ${i}`, "1h");
      }),
    });
    const { ids } = await stage.cloud.send(START_EVENT);
    for (let i = 0; i < 5; i++) {
      await loseEverything(stage);
      await stage.pass(HOUR_MS);
      await untilSwept(stage, 2);
    }
    const [run] = await stage.cloud.runsOf(ids[0]);
    expect(run?.sweeps).toHaveLength(3);
    const header = await stage.doors.world.table.get({ pk: `main#laws#run#${run?.id}`, sk: "header" });
    expect(Buffer.byteLength(JSON.stringify(header))).toBeLessThan(1_024);
  });
});
