import { fetch, NonRetriableError, Stepwell } from "stepwell";
import { encryptionMiddleware } from "stepwell/middleware";
import { TestEngine } from "stepwell/test";
import { describe, expect, it, vi } from "vitest";

const stepwell = new Stepwell({ id: "shop" });

const child = stepwell.createFunction({ id: "child" }, { event: "shop/child" }, ({ event }) => event.data);
const all = stepwell.createFunction({ id: "all", retries: 2 }, { event: "shop/all" }, async ({ step }) => ({
  run: await step.run("run", () => "real"),
  sleep: await step.sleep("sleep", "1d"),
  until: await step.sleepUntil("until", new Date("2099-01-01")).catch((error: Error) => error.message),
  wait: await step.waitForEvent("wait", { event: "shop/answer", timeout: "1d" }),
  invoke: await step.invoke("invoke", { function: child, data: { n: 1 } }),
  sent: await step.sendEvent("send", { name: "shop/hello" }),
}));

const MOCKS = [
  { id: "run", handler: () => "mocked" },
  { id: "sleep", handler: () => {} },
  { id: "until", handler: () => {} },
  { id: "wait", handler: () => ({ name: "shop/answer", data: { yes: true } }) },
  { id: "invoke", handler: () => ({ n: 2 }) },
  { id: "send", handler: () => ({ ids: ["e1"] }) },
];

describe("mocked steps", () => {
  it("stand for steps of every tool", async () => {
    const { result, state } = await new TestEngine({ function: all, steps: MOCKS }).execute();
    expect(result).toEqual({
      run: "mocked",
      sleep: null,
      until: null,
      wait: { name: "shop/answer", data: { yes: true } },
      invoke: { n: 2 },
      sent: { ids: ["e1"] },
    });
    await expect(state.invoke).resolves.toEqual({ n: 2 });
  });

  it("are called once a try, remembered, and retried for real", async () => {
    const handler = vi.fn<() => unknown>(() => "third");
    handler.mockImplementationOnce(() => Promise.reject(new Error("first")));
    handler.mockImplementationOnce(() => {
      throw new Error("second");
    });
    const t = new TestEngine({ function: all, steps: MOCKS });
    const { result, run } = await t.execute({ steps: [{ id: "run", handler }] });
    expect(result?.run).toBe("third");
    expect(handler).toHaveBeenCalledTimes(3);
    expect(run.steps[0]).toMatchObject({ id: "run", attempts: 3, status: "completed" });
    expect(run.steps[0]!.endedAt! - run.steps[0]!.startedAt).toBeGreaterThan(0);
  });

  it("cross JSON as results of steps do", async () => {
    const handler = () => ({ at: new Date(0), gone: undefined });
    const { result } = await new TestEngine({ function: all, steps: [...MOCKS, { id: "run", handler }] }).execute();
    expect(result?.run).toEqual({ at: "1970-01-01T00:00:00.000Z" });
  });

  it("reject in the code with what they throw", async () => {
    const handler = () => {
      throw new NonRetriableError("the child is ill");
    };
    const t = new TestEngine({ function: all, steps: [...MOCKS, { id: "invoke", handler }] });
    const { error, state } = await t.execute();
    expect(error).toMatchObject({ message: "the child is ill" });
    await expect(state.invoke).rejects.toThrow("the child is ill");
  });

  it("stand for all repeats of an id, or for one of them", async () => {
    const loop = stepwell.createFunction({ id: "loop" }, { event: "a" }, async ({ step }) => {
      const turns: unknown[] = [];
      for (let n = 0; n < 3; n++) turns.push(await step.run("turn", () => `real ${n}`));
      return turns;
    });
    const t = new TestEngine({ function: loop });
    const of = (...ids: string[]) => ({ steps: ids.map((id) => ({ id, handler: () => id })) });
    expect((await t.execute(of("turn"))).result).toEqual(["turn", "turn", "turn"]);
    expect((await t.execute(of("turn:1"))).result).toEqual(["real 0", "turn:1", "real 2"]);
    expect((await t.execute(of("turn", "turn:2"))).result).toEqual(["turn", "turn", "turn:2"]);
  });

  it("do not hide wrong arguments of the tool", async () => {
    const wrong = stepwell.createFunction({ id: "wrong" }, { event: "a" }, ({ step }) =>
      step.sleep("nap", "three parsecs"),
    );
    const t = new TestEngine({ function: wrong, steps: [{ id: "nap", handler: () => {} }] });
    expect((await t.execute()).error).toMatchObject({ code: "STEPWELL_INVALID_DURATION" });
  });
});

describe("mocked requests", () => {
  const rates = stepwell.createFunction({ id: "rates", retries: 1 }, { event: "a" }, async ({ step }) => {
    const first = await step.fetch(new URL("https://api.example.com/rates"));
    await step.sleep("nap", "1h");
    const second = await fetch("https://api.example.com/more"); // the same as step.fetch, past the step tools
    return [first.status, await first.json(), second.status, await second.json()];
  });
  const id = "fetch api.example.com";

  it("get the mock's response, by either fetch, also when the code goes on after a sleep", async () => {
    const responses = [Response.json({ eur: 2 }, { status: 201 }), { usd: 3 }];
    const { result, state, ctx } = await new TestEngine({
      function: rates,
      steps: [{ id, handler: () => responses.shift() }],
    }).execute();
    expect(result).toEqual([201, { eur: 2 }, 200, { usd: 3 }]);
    await expect(state[id]?.then((response) => (response as Response).json())).resolves.toEqual({ eur: 2 });
    expect(ctx.step.fetch).toHaveBeenCalledExactlyOnceWith(new URL("https://api.example.com/rates"));
    expect(Object.keys(state).sort()).toEqual([id, `${id}:1`, "nap"]);
  });

  it("are retried, and survive crashes", async () => {
    const t = new TestEngine({ function: rates });
    const handler = vi.fn<() => unknown>(() => ({ usd: 3 }));
    handler.mockImplementationOnce(() => Promise.reject(new Error("reset")));
    const steps = [
      { id, handler },
      { id: `${id}:1`, handler: () => ({ eur: 2 }) },
    ];
    const { result, run } = await t.execute({ steps });
    expect(result).toEqual([200, { usd: 3 }, 200, { eur: 2 }]);
    expect(run.steps[0]).toMatchObject({ id, kind: "fetch", attempts: 2 });
    expect((await t.survivesCrashes({ steps })).points).toHaveLength(5);
  });

  it("are as the code sees them, whatever a middleware stores", async () => {
    const keys = [Buffer.alloc(32, 7)];
    const client = new Stepwell({ id: "shop", middleware: [encryptionMiddleware({ keys })] });
    const secret = client.createFunction({ id: "secret" }, { event: "a" }, async ({ step }) =>
      (await step.fetch("https://api.example.com")).json(),
    );
    const t = new TestEngine({ function: secret, client, steps: [{ id, handler: () => ({ pin: 7 }) }] });
    const { result, state, run } = await t.execute();
    expect(result).toEqual({ pin: 7 });
    await expect(state[id]?.then((response) => (response as Response).json())).resolves.toEqual({ pin: 7 });
    expect(run.steps[0]?.output).toMatchObject({ status: 200, body: '{"pin":7}' });
    expect(await ((await t.executeStep(id)).result as Response).json()).toEqual({ pin: 7 });
  });

  it("are where executeStep stops", async () => {
    const t = new TestEngine({ function: rates, steps: [{ id, handler: () => ({ eur: 2 }) }] });
    const { result, run } = await t.executeStep(id);
    expect(await (result as Response).json()).toEqual({ eur: 2 });
    expect(run.steps).toHaveLength(1);
  });
});

describe("mocked calls of models", () => {
  it("stand for them, and leave nothing behind", async () => {
    const asks = stepwell.createFunction({ id: "asks" }, { event: "a" }, async ({ step }) => [
      await step.ai.wrap("wrap", (text: string) => text, "Hello"),
      await step.ai.infer("infer", { model: { model: "m", url: "https://api.example.com" }, body: {} }),
    ]);
    const rejections: unknown[] = [];
    const note = (error: unknown) => rejections.push(error);
    process.on("unhandledRejection", note);
    const steps = ["wrap", "infer"].map((id) => ({ id, handler: () => `mocked ${id}` }));
    expect((await new TestEngine({ function: asks, steps }).execute()).result).toEqual(["mocked wrap", "mocked infer"]);
    await new Promise(setImmediate);
    process.off("unhandledRejection", note);
    expect(rejections).toEqual([]);
  });
});

describe("signals", () => {
  const approval = stepwell.createFunction({ id: "approval" }, { event: "a" }, ({ step }) =>
    step.waitForSignal<{ ok: boolean }>("answer", { signal: "approval/1", timeout: "1d" }),
  );

  it("are sent by sendSignal, from a handler of onWait", async () => {
    const t = new TestEngine({ function: approval });
    t.onWait("answer", () => t.sendSignal({ signal: "approval/1", data: { ok: true } }));
    expect((await t.execute()).result).toEqual({ signal: "approval/1", data: { ok: true } });
    await t.survivesCrashes();
  });

  it("are what a wait without an answer asks for", async () => {
    await expect(new TestEngine({ function: approval }).execute()).rejects.toThrow(
      't.sendSignal({ signal: "approval/1"',
    );
    await expect(new TestEngine({ function: approval }).sendSignal({ signal: "s" })).rejects.toMatchObject({
      code: "STEPWELL_CLOSED",
    });
  });
});

describe("spies", () => {
  it("have seen each call once, however often the handler was started", async () => {
    let starts = 0;
    const sleepy = stepwell.createFunction({ id: "sleepy" }, { event: "a" }, async ({ step }) => {
      starts += 1;
      const two = await step.run("add", (a: number, b: number) => a + b, 1, 1);
      await step.sleep("nap", "1h");
      return two;
    });
    const { ctx } = await new TestEngine({ function: sleepy }).execute();
    expect(starts).toBe(2);
    expect(ctx.step.run).toHaveBeenCalledExactlyOnceWith("add", expect.any(Function), 1, 1);
    expect(ctx.step.sleep).toHaveBeenCalledAfter(ctx.step.run as never);
    expect(ctx.step.run).toHaveResolvedWith(2);
    expect(ctx.step.run).toHaveReturnedWith(expect.any(Promise));
    expect(ctx.step.waitForEvent).not.toHaveBeenCalled();
    expect(vi.isMockFunction(ctx.step.run)).toBe(true);
    expect(ctx.step.run.getMockName()).toBe("step.run");
  });

  it("tell what they have seen when a matcher fails", async () => {
    const { ctx } = await new TestEngine({ function: all, steps: MOCKS }).execute();
    expect(() => expect(ctx.step.sleep).toHaveBeenCalledWith("sleep", "2d")).toThrow(/step\.sleep[\s\S]*"1d"/);
  });
});

describe("transformCtx", () => {
  it("changes what the handler is called with, at each start, beside the spies", async () => {
    const greets = stepwell.createFunction({ id: "greets" }, { event: "a" }, async ({ step, event, attempt }) => {
      await step.sleep("nap", "1h");
      return `${event.data.name} ${attempt}`;
    });
    const t = new TestEngine({
      function: greets,
      transformCtx: (ctx) => ({ ...ctx, event: { ...ctx.event, data: { name: "Ada" } }, attempt: 7 }),
    });
    const { result, ctx } = await t.execute();
    expect(result).toBe("Ada 7");
    expect(ctx.event.data).toEqual({ name: "Ada" });
    expect(ctx.step.sleep).toHaveBeenCalledTimes(1);
  });
});
