import { NonRetriableError, RetryAfterError, Stepwell } from "stepwell";
import { TestEngine } from "stepwell/test";
import { describe, expect, it } from "vitest";

const stepwell = new Stepwell({ id: "shop" });
const DAY = 86_400_000;

const order = stepwell.createFunction({ id: "order" }, { event: "shop/order.placed" }, async ({ event, step }) => {
  const price = await step.run("price", () => Number(event.data.total ?? 1) * 2);
  await step.sleep("cool-off", "3d");
  const approval = await step.waitForEvent("approval", {
    event: "shop/order.approved",
    match: "data.orderId",
    timeout: "7d",
  });
  return { price, approved: approval !== null };
});

const PLACED = { name: "shop/order.placed", data: { orderId: "o1", total: 3 } };
const APPROVED = { name: "shop/order.approved", data: { orderId: "o1" } };

describe("execute", () => {
  it("runs a function to its end, through sleeps and waits, and gives result, context, state and run", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    t.onWait("approval", () => t.sendEvent(APPROVED));
    const { result, error, ctx, state, run } = await t.execute();
    expect(result).toEqual({ price: 6, approved: true });
    expect(error).toBeUndefined();
    expect(ctx.event).toMatchObject(PLACED);
    expect(ctx.runId).toBe(run.id);
    await expect(state.price).resolves.toBe(6);
    await expect(state.approval).resolves.toMatchObject(APPROVED);
    expect(run.status).toBe("completed");
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(3 * DAY);
  });

  it("gives the error of a run that has failed, with its name and message", async () => {
    const broken = stepwell.createFunction({ id: "broken", retries: 1 }, { event: "a" }, ({ step }) =>
      step.run("read", () => {
        throw new RangeError("no such page");
      }),
    );
    const { result, error, state, run } = await new TestEngine({ function: broken }).execute();
    expect(result).toBeUndefined();
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "RangeError", message: "no such page" });
    await expect(state.read).rejects.toThrow("no such page");
    expect(run).toMatchObject({ status: "failed", steps: [{ id: "read", attempts: 2 }] });
  });

  it("retries for real, with the delays of the function", async () => {
    const times: number[] = [];
    const flaky = stepwell.createFunction({ id: "flaky" }, { event: "a" }, ({ step }) =>
      step.run("call", () => {
        times.push(Date.now());
        if (times.length === 1) throw new RetryAfterError("busy", "1h");
        return "done";
      }),
    );
    const { result } = await new TestEngine({ function: flaky }).execute();
    expect(result).toBe("done");
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBe(3_600_000);
  });

  it("has seen what the end of the run sets off at once, with its steps", async () => {
    const heard: string[] = [];
    const fails = stepwell.createFunction(
      {
        id: "fails",
        onFailure: ({ error, step }) => step.run("tell", () => void heard.push(error.message)),
      },
      { event: "a" },
      () => {
        throw new NonRetriableError("broken");
      },
    );
    const { error } = await new TestEngine({ function: fails }).execute();
    expect([error?.message, ...heard]).toEqual(["broken", "broken"]);
  });

  it("starts the clock where it is told", async () => {
    const now = stepwell.createFunction({ id: "now" }, { event: "a" }, ({ step }) =>
      step.run("look", () => new Date().toISOString()),
    );
    const t = new TestEngine({ function: now, startAt: "2030-02-03T04:05:06Z" });
    expect((await t.execute()).result).toBe("2030-02-03T04:05:06.000Z");
    expect((await t.execute({ startAt: Date.UTC(2031, 0) })).result).toBe("2031-01-01T00:00:00.000Z");
  });

  it("hands the log lines to a logger, if there is one", async () => {
    const says = stepwell.createFunction({ id: "says" }, { event: "a" }, ({ logger }) => logger.info("hello"));
    const lines: string[] = [];
    const note = (message: string) => void lines.push(message);
    const logger = { debug: () => {}, info: note, warn: note, error: note };
    await new TestEngine({ function: says, logger }).execute();
    expect(lines).toContain("hello");
  });

  it("runs side by side with others, each on a cloud of its own", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] }).onWait("approval");
    const totals = await Promise.all([1, 2, 3].map((total) => t.execute({ events: [{ ...PLACED, data: { total } }] })));
    expect(totals.map(({ result }) => result?.price)).toEqual([2, 4, 6]);
  });
});

describe("the event that starts a run", () => {
  const names = (trigger: { event: string } | { cron: string }, id = "any") =>
    stepwell.createFunction({ id }, trigger, ({ event }) => [event.name, event.data]);

  it("is one of the function's first trigger when none is given", async () => {
    const { result } = await new TestEngine({ function: names({ event: "shop/order.paid" }) }).execute();
    expect(result).toEqual(["shop/order.paid", {}]);
  });

  it("has a name that fits a wildcard", async () => {
    const { result } = await new TestEngine({ function: names({ event: "shop/*" }) }).execute();
    expect(result).toEqual(["shop/test", {}]);
  });

  it("is the cron's, when that is the trigger", async () => {
    const { result } = await new TestEngine({ function: names({ cron: "0 9 * * *" }) }).execute();
    expect(result).toEqual(["stepwell/scheduled.timer", { cron: "0 9 * * *" }]);
  });

  it("may be several, for a function that takes batches", async () => {
    const batch = stepwell.createFunction(
      { id: "batch", batchEvents: { maxSize: 10, timeout: "1m" } },
      { event: "a" },
      ({ events }) => events.map(({ data }) => data.n),
    );
    const events = [1, 2, 3].map((n) => ({ name: "a", data: { n } }));
    const { result, ctx } = await new TestEngine({ function: batch, events }).execute();
    expect(result).toEqual([1, 2, 3]);
    expect(ctx.events.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("waits for its debounce", async () => {
    const calm = stepwell.createFunction(
      { id: "calm", debounce: { period: "5m" } },
      { event: "a" },
      ({ event }) => event.data.n,
    );
    const events = [1, 2].map((n) => ({ name: "a", data: { n }, ts: n }));
    expect((await new TestEngine({ function: calm, events }).execute()).result).toBe(2);
  });
});

describe("executeStep", () => {
  it("runs until the step has its result, and nothing after it", async () => {
    const ran: string[] = [];
    const three = stepwell.createFunction({ id: "three" }, { event: "a" }, async ({ step }) => {
      for (const id of ["one", "two", "three"]) await step.run(id, () => ran.push(id));
    });
    const { result, step, state, ctx } = await new TestEngine({ function: three }).executeStep("two");
    expect(result).toBe(2);
    expect(step).toMatchObject({ id: "two", kind: "run", status: "completed", attempts: 1 });
    expect(ran).toEqual(["one", "two"]);
    await expect(state.one).resolves.toBe(1);
    expect(ctx.step.run).toHaveBeenCalledTimes(2);
  });

  it("gives the step's error once it is out of retries", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    let tries = 0;
    const handler = () => {
      tries += 1;
      throw new NonRetriableError("no price");
    };
    const { error, step, result } = await t.executeStep("price", { steps: [{ id: "price", handler }] });
    expect(error).toMatchObject({ message: "no price" });
    expect(result).toBeUndefined();
    expect(step.status).toBe("failed");
    expect(tries).toBe(1);
  });

  it("stops at a wait that nothing answers", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    const { step, ctx, run } = await t.executeStep("approval");
    expect(step).toMatchObject({ kind: "waitForEvent", status: "waiting" });
    expect(run.status).toBe("waiting");
    expect(ctx.step.waitForEvent).toHaveBeenCalledWith("approval", expect.objectContaining({ timeout: "7d" }));
  });

  it("lets a sleep pass, and gives the event of a wait that is answered", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    expect((await t.executeStep("cool-off")).step.status).toBe("completed");
    t.onWait("approval", () => t.sendEvent(APPROVED));
    expect((await t.executeStep("approval")).result).toMatchObject(APPROVED);
  });

  it("takes a repeat of an id by its number", async () => {
    const loop = stepwell.createFunction({ id: "loop" }, { event: "a" }, async ({ step }) => {
      for (let n = 0; n < 3; n++) await step.run("turn", () => n);
    });
    expect((await new TestEngine({ function: loop }).executeStep("turn:1")).result).toBe(1);
  });
});

describe("time and events", () => {
  it("pass and come when a run waits", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    const waited: unknown[] = [];
    t.onWait("cool-off", (waiting) => void waited.push(waiting));
    t.onWait("approval", async (waiting) => {
      waited.push(waiting);
      await t.passTime("2d");
      await t.sendEvent(APPROVED);
    });
    const { result, run } = await t.execute();
    expect(result?.approved).toBe(true);
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(5 * DAY);
    const of = { functionId: "order", runId: run.id };
    expect(waited).toEqual([
      { id: "cool-off", kind: "sleep", ...of },
      { id: "approval", kind: "waitForEvent", ...of },
    ]);
  });

  it("reach the timeout of a wait that may be over", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] }).onWait("approval");
    const { result, run } = await t.execute();
    expect(result?.approved).toBe(false);
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(10 * DAY);
  });

  it("may come from a mocked step", async () => {
    const t = new TestEngine({ function: order, events: [PLACED] });
    const { result } = await t.execute({
      steps: [
        { id: "cool-off", handler: () => t.sendEvent(APPROVED) },
        { id: "approval", handler: () => null },
      ],
    });
    expect(result?.approved).toBe(false);
  });
});

describe("clone", () => {
  it("takes over options and handlers, and changes nothing in the first engine", async () => {
    const t = new TestEngine({ function: order, events: [PLACED], steps: [{ id: "price", handler: () => 1 }] });
    t.onWait("approval");
    const other = t.clone({ steps: [{ id: "cool-off", handler: () => {} }] });
    const { result, run } = await other.execute();
    expect(result).toEqual({ price: 1, approved: false });
    expect((run.endedAt ?? 0) - run.queuedAt).toBe(7 * DAY);
    expect((await t.execute()).run.steps[1]?.kind).toBe("sleep");
  });
});
