import { AsyncLocalStorage } from "node:async_hooks";
import { afterEach, describe, expect, it } from "vitest";
import { audit } from "./audit.ts";
import { openStage, perform, play, type Scenario, START_EVENT, type Stage } from "./harness.ts";
import { HOUR_MS, MINUTE_MS, one } from "./scenarios.ts";

const DAY_MS = 24 * HOUR_MS;
const PAID = { id: "paid", name: "laws/paid", data: { id: 7 } };

let stage: Stage;
afterEach(() => stage?.cloud.close());

const awaiting = (via: "stepFunctions" | "table", timeout: string): Scenario => ({
  name: "awaiting",
  waits: via,
  functions: one(async ({ step }) => {
    const event = await step.waitForEvent("paid", { event: "laws/paid", match: "data.id", timeout });
    return event?.data ?? null;
  }),
});

/** What a test does itself must not be taken for something that a door does. */
const outside = AsyncLocalStorage.snapshot();

/** Puts the event on the bus and lets the router have it, all before the call that waits for this. */
async function routed({ doors, aws, provisioned }: Stage): Promise<void> {
  const envelope = { v: 1, id: PAID.id, ts: aws.clock.now(), env: "main", data: PAID.data } as const;
  await doors.world.bus.send("laws", [{ name: PAID.name, envelope }]);
  const queue = provisioned.binding.ingestQueueUrl.split("/").at(-1) ?? "";
  while (aws.sqs.messages(queue).length > 0) await new Promise((resolve) => setImmediate(resolve));
}

describe.each(["stepFunctions", "table"] as const)("an event that arrives at any moment of a wait (L7, %s)", (via) => {
  it("resumes the run once the step is written, without help of the timeout; before it, the wait times out", async () => {
    const scenario = awaiting(via, "10m");
    const { calls } = await play(scenario);
    const written = calls.findIndex((call) => call.startsWith("PutItem run#")) + 1;
    const asleep = calls.findIndex((call) => call.includes("(SET #armed")) + 1;
    expect(written).toBeGreaterThan(0);
    // From the runner's first call on: before, there is no run that could wait.
    for (let k = calls.findIndex((call) => call.startsWith("ChangeMessage")) + 1; k <= calls.length; k++) {
      stage = await openStage(scenario);
      stage.faults.before = (_, at) => (at === k ? outside(() => routed(stage)) : undefined);
      const { run, problems } = await perform(stage);
      expect({ k, problems, status: run.status }).toEqual({ k, problems: [], status: "completed" });
      if (k > written && k <= asleep) expect({ k, output: run.output }).toEqual({ k, output: { id: 7 } });
      else expect([null, { id: 7 }]).toContainEqual(run.output);
      await stage.cloud.close();
    }
  });

  it("counts in the second in which the wait began, and not in the second before (bus time is in seconds)", async () => {
    for (const [age, output] of [
      [999, { id: 7 }],
      [1_000, null],
    ] as const) {
      stage = await openStage(awaiting(via, "10m"));
      await stage.pass(age);
      const { ids } = await stage.cloud.send(START_EVENT);
      await stage.doors.world.queue.sendToRouter(busEvent("paid", stage.aws.clock.now() - age) as never);
      const [run] = await stage.cloud.runsOf(ids[0]);
      expect((await stage.cloud.waitForRun(run?.id ?? "")).output, `${age}`).toEqual(output);
      await stage.cloud.close();
    }
  });
});

/** An own event as EventBridge delivers it, with the time of its first acceptance. */
const busEvent = (id: string, at: number, name: string = PAID.name, data: object = PAID.data) => ({
  id: "bus",
  source: "stepwell.laws",
  "detail-type": name,
  time: new Date(Math.floor(at / 1_000) * 1_000).toISOString(),
  detail: { v: 1, id, ts: at, env: "main", data },
});

describe("an event id that is seen again", () => {
  const echo: Scenario = {
    name: "echo",
    functions: one(async ({ event, step }) => {
      await step.sleep("long", "3d");
      return event.data;
    }),
  };

  it("within 24 hours of bus time starts nothing; after them it starts anew, and the first run keeps its own event", async () => {
    stage = await openStage(echo);
    const { ids } = await stage.cloud.send(START_EVENT);
    const [first] = await stage.cloud.runsOf(ids[0]);
    await stage.pass(DAY_MS - MINUTE_MS);
    await stage.cloud.send({ ...START_EVENT, data: { id: 8 } });
    expect((await stage.cloud.runsOf(ids[0])).map(({ id }) => id)).toEqual([first?.id]);
    await stage.pass(2 * MINUTE_MS);
    await stage.cloud.send({ ...START_EVENT, data: { id: 9 } });
    const [second] = await stage.cloud.runsOf(ids[0]);
    expect(second?.id).not.toBe(first?.id);
    expect((await stage.cloud.waitForRun(second?.id ?? "")).output).toEqual({ id: 9 });
    expect((await stage.cloud.waitForRun(first?.id ?? "")).output).toEqual({ id: 7 });
    expect(await audit(stage)).toEqual({ problems: [], runs: { main: 2 } });
  });

  it("a delivery of the bus that comes again keeps its time, and starts nothing even days later", async () => {
    stage = await openStage(echo);
    const event = busEvent("start", stage.aws.clock.now(), START_EVENT.name);
    for (const wait of [0, HOUR_MS, 2 * DAY_MS, 4 * DAY_MS]) {
      await stage.pass(wait);
      await stage.doors.world.queue.sendToRouter(event as never);
    }
    await stage.pass(DAY_MS);
    expect(await audit(stage)).toEqual({ problems: [], runs: { main: 1 } });
  });
});

describe("the end of a run, told again (L6)", () => {
  it("a child that ends days after its failed parent does not make the parent's onFailure run twice", async () => {
    const scenario: Scenario = {
      name: "late child",
      functions: (app) => {
        const child = app.client.createFunction({ id: "child" }, { event: "laws/never" }, async ({ step }) => {
          await step.sleep("slow", "3d");
        });
        return [
          child,
          ...one(async ({ step }) => step.invoke("ask", { function: child, data: {}, timeout: "1h" }), {
            onFailure: () => "told",
          })(app),
        ];
      },
    };
    const { run, runs, problems } = await play(scenario);
    expect({ run, runs, problems }).toEqual({
      run: { status: "failed", output: undefined, error: "STEPWELL_INVOKE_TIMEOUT" },
      runs: { child: 1, main: 1, "main-failure": 1 },
      problems: [],
    });
  });
});

describe("a message that has to wait for its holder (L8)", () => {
  it("is not received so often that it becomes a dead letter, however long a step takes", async () => {
    const scenario: Scenario = {
      name: "long step",
      timeoutMs: 15 * MINUTE_MS,
      functions: one(async ({ step }, { slow }) => {
        await Promise.all([step.run("long", () => slow(14 * MINUTE_MS)), step.sleep("beside", "30s")]);
        return "done";
      }),
    };
    stage = await openStage(scenario);
    const { run, problems } = await perform(stage, async ({ doors, aws, provisioned }) => {
      // The message that started the run comes a second time, and a wake while the step runs.
      const queue = provisioned.binding.runQueueUrl;
      const [start] = aws.sqs.messages(queue.split("/").at(-1) ?? "");
      await doors.world.queue.sendToRun(queue, JSON.parse(start?.body ?? ""));
    });
    expect({ run, problems }).toEqual({ run: { status: "completed", output: "done", error: undefined }, problems: [] });
  });
});
