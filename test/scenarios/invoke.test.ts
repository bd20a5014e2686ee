import { NonRetriableError, type RunView, referenceFunction, StepError } from "stepwell";
import { describe, expect, it } from "vitest";
import { finish, type Input, on, openCloud, start, stepwell } from "./cloud.ts";

const double = stepwell.createFunction({ id: "double" }, { event: "shop/double" }, async ({ event, step }) => {
  const n = event.data.n as number;
  return { n: await step.run("double", () => n * 2) };
});

/** A parent of these children, carried to its end. */
const parent = async (handler: (input: Input) => unknown, children: readonly unknown[] = [double], options = {}) => {
  const cloud = await openCloud([on("parent", handler, options), ...children]);
  return { cloud, run: await finish(cloud, { name: "shop/parent" }) };
};

it("a child's result comes back, typed, in both forms of the call", async () => {
  const { run } = await parent(async ({ step }) => {
    const { n } = await step.invoke("options", { function: double, data: { n: 4 } });
    const more = await step.invoke("positional", double, { n });
    const m: number = more.n;
    return m;
  });
  expect(run).toMatchObject({ status: "completed", output: 16 });
  expect(run.steps.map(({ id, kind, status, output }) => [id, kind, status, output])).toEqual([
    ["options", "invoke", "completed", { n: 8 }],
    ["positional", "invoke", "completed", { n: 16 }],
  ]);
});

it("a child gets the data and the user, and is a run of its own", async () => {
  const seen: { event: { id: string; name: string; data: unknown; user?: unknown }; runId: string }[] = [];
  const child = on("child", ({ event, runId }) => void seen.push({ event, runId }));
  const { cloud, run } = await parent(
    async ({ step }) => step.invoke("call", { function: child, data: { at: new Date(0) }, user: { id: "u" } }),
    [child],
  );
  expect(run).toMatchObject({ status: "completed", output: null });
  expect(seen).toHaveLength(1);
  const [{ event, runId }] = seen as [(typeof seen)[0]];
  expect(event).toMatchObject({
    name: "stepwell/function.invoked",
    data: { at: "1970-01-01T00:00:00.000Z" },
    user: { id: "u" },
  });
  expect(await cloud.runsOf(event.id)).toMatchObject([{ id: runId, functionId: "child", status: "completed" }]);
  expect(await cloud.run(runId)).toMatchObject({ functionId: "child", eventIds: [event.id] });
});

it("a parent that waits for its child is waiting, also for days", async () => {
  const slow = on("slow", async ({ step }) => {
    await step.sleep("long", "40d");
    return "at last";
  });
  const cloud = await openCloud([slow, on("parent", ({ step }) => step.invoke("call", { function: slow }))]);
  const run = await start(cloud, { name: "shop/parent" });
  expect(run).toMatchObject({ status: "waiting", steps: [{ id: "call", kind: "invoke", status: "waiting" }] });
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "at last" });
});

it("a child's failure is a StepError with its name, message, code and cause, after the child's retries and without the parent's", async () => {
  let [tries, handlers] = [0, 0];
  class Declined extends Error {
    override readonly name = "Declined";
  }
  const child = on(
    "child",
    ({ step }) =>
      step.run("charge", () => {
        tries += 1;
        throw new Declined("no money", { cause: new Error("limit") });
      }),
    { retries: 2 },
  );
  const { run } = await parent(
    async ({ step, attempt }) => {
      handlers += 1;
      try {
        await step.invoke("call", { function: child });
      } catch (error) {
        if (!StepError.is(error)) return "no step error";
        return { name: error.name, message: error.message, stepId: error.stepId, cause: String(error.cause), attempt };
      }
      return undefined;
    },
    [child],
  );
  expect(run.output).toEqual({
    name: "Declined",
    message: "no money",
    stepId: "call",
    cause: "Error: limit",
    attempt: 0,
  });
  expect(tries).toBe(3);
  expect(handlers).toBeLessThanOrEqual(2);
  expect(run.steps).toMatchObject([{ status: "failed", error: { name: "Declined", message: "no money" } }]);
});

it("an uncaught failure of a child fails the parent under the same name, once", async () => {
  const child = on("child", () => {
    throw new NonRetriableError("broken");
  });
  const { run } = await parent(({ step }) => step.invoke("call", { function: child }), [child]);
  expect(run).toMatchObject({
    status: "failed",
    attempts: 1,
    error: { name: "NonRetriableError", message: "broken", stepId: "call" },
  });
});

it("an unknown function is a typed error that names it and those that there are", async () => {
  const { run } = await parent(({ step }) =>
    step.invoke("call", { function: referenceFunction({ functionId: "nobody" }), data: {} }),
  );
  expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_FUNCTION_NOT_FOUND", stepId: "call" } });
  for (const text of ['"shop/nobody"', "shop/double", "shop/parent"]) expect(run.error?.message).toContain(text);
});

it("a reference finds a function of this app, and of another only by its app", async () => {
  const { run } = await parent(async ({ step }) => {
    const mine = await step.invoke("mine", {
      function: referenceFunction<typeof double>({ functionId: "double" }),
      data: { n: 1 },
    });
    const theirs = await step
      .invoke("theirs", { function: referenceFunction({ appId: "billing", functionId: "double" }), data: {} })
      .catch((error: Error) => error.message);
    return [mine, theirs];
  });
  expect(run.output).toEqual([{ n: 2 }, expect.stringContaining('"billing/double"')]);
});

it.each(["1m", "1h", "2d"])("an invoke of %s gives up then, and the child goes on", async (timeout) => {
  let ended = false;
  const slow = on("slow", async ({ step }) => {
    await step.sleep("long", "10d");
    ended = true;
  });
  const { run, cloud } = await parent(
    async ({ step }) => {
      const before = await step.run("before", () => Date.now());
      const error = await step.invoke("call", { function: slow, timeout }).catch((caught: Error) => caught);
      return { error, late: await step.run("after", () => Date.now() - before) };
    },
    [slow],
  );
  const { error, late } = run.output as { error: object; late: number };
  expect(error).toMatchObject({ code: "STEPWELL_INVOKE_TIMEOUT", stepId: "call" });
  expect(Math.round(late / 60_000)).toBe({ "1m": 1, "1h": 60, "2d": 2_880 }[timeout]);
  await cloud.passTime("11d");
  expect(ended).toBe(true);
});

it("invokes nest three deep, and run in parallel", async () => {
  const leaf = on("leaf", async ({ event, step }) => {
    await step.sleep("rest", event.data.n % 2 === 0 ? "1h" : "2h");
    return event.data.n * 10;
  });
  const middle = on("middle", ({ event, step }) =>
    Promise.all([0, 1, 2].map((i) => step.invoke(`leaf-${i}`, { function: leaf, data: { n: event.data.n + i } }))),
  );
  const { run } = await parent(
    ({ step }) => Promise.all([1, 5].map((n) => step.invoke("middle", { function: middle, data: { n } }))),
    [leaf, middle],
  );
  expect(run).toMatchObject({
    status: "completed",
    output: [
      [10, 20, 30],
      [50, 60, 70],
    ],
  });
  expect(run.steps.map(({ id }) => id).sort()).toEqual(["middle", "middle:1"]);
});

it("a child's input of 5 MB and output of 5 MB go through", async () => {
  const size = 5 * 1024 * 1024;
  const child = on("child", ({ event }) => ({ text: event.data.text.toUpperCase() }));
  const { run } = await parent(
    async ({ step }) => {
      const { text } = (await step.invoke("call", { function: child, data: { text: "x".repeat(size) } })) as {
        text: string;
      };
      return [text.length, text[0]];
    },
    [child],
  );
  expect(run.output).toEqual([size, "X"]);
});

it("a function invoked is also started by its own events, and an invoked one that fails is told to onFailure", async () => {
  let failures = 0;
  const child = on(
    "child",
    () => {
      throw new NonRetriableError("x");
    },
    {
      onFailure: () => {
        failures += 1;
      },
    },
  );
  const { cloud } = await parent(({ step }) => step.invoke("call", { function: child }).catch(() => null), [child]);
  await cloud.passTime("1m");
  expect(failures).toBe(1);
});

it("stepwell/function.invoked starts a listener with what was invoked, which emits nothing itself", async () => {
  const heard: { function_id: string; run_id: string; event: { data: unknown } }[] = [];
  const failed: unknown[] = [];
  const listener = stepwell.createFunction(
    { id: "log", retries: 0 },
    { event: "stepwell/function.invoked" },
    ({ event }) => {
      heard.push(event.data as never);
      throw new Error("listener");
    },
  );
  const failures = stepwell.createFunction({ id: "fails" }, { event: "stepwell/function.failed" }, ({ event }) => {
    failed.push(event.data.function_id);
  });
  let child = "";
  const called = on("called", ({ runId }) => {
    child = runId;
  });
  const conditional = (functionId: string) =>
    stepwell.createFunction(
      { id: `log-${functionId}` },
      { event: "stepwell/function.invoked", if: `event.data.function_id == "shop/${functionId}"` },
      ({ event }) => void conditions.push(event.data.function_id),
    );
  const conditions: string[] = [];
  const { cloud } = await parent(
    ({ step }) => step.invoke("call", { function: called, data: { n: 1 } }),
    [called, listener, failures, conditional("called"), conditional("other")],
  );
  await cloud.passTime("1m");
  expect(conditions).toEqual(["shop/called"]);
  expect(heard).toMatchObject([{ function_id: "shop/called", run_id: child, event: { data: { n: 1 } } }]);
  expect(failed).toEqual([]);
});

describe("sendEvent", () => {
  it("sends once, with the ids it returns, and starts functions", async () => {
    const got: { id: string; n: number }[] = [];
    const target = on("target", ({ event }) => void got.push({ id: event.id, n: event.data.n }));
    let replays = 0;
    const { run, cloud } = await parent(
      async ({ step }) => {
        replays += 1;
        const one = await step.sendEvent("one", { name: "shop/target", data: { n: 0 } });
        const many = await step.sendEvent(
          "many",
          Array.from({ length: 12 }, (_, i) => ({
            name: "shop/target",
            data: { n: i + 1 },
            ...(i === 3 && { id: "mine" }),
          })),
        );
        await step.sleep("replay", "1h");
        const none = await step.sendEvent("none", []);
        return [...one.ids, ...many.ids, ...none.ids];
      },
      [target],
    );
    const ids = run.output as string[];
    expect(replays).toBe(2);
    expect(ids).toHaveLength(13);
    expect(ids[4]).toBe("mine");
    expect(got.sort((a, b) => a.n - b.n)).toEqual(ids.map((id, n) => ({ id, n })));
    expect(await cloud.runsOf(ids[7])).toMatchObject([{ functionId: "target", status: "completed" }]);
  });

  it("client.send works in the handler, in a step's body and outside, each to the cloud around", async () => {
    const got: string[] = [];
    const target = on("target", ({ event }) => void got.push(event.data.from));
    const send = (from: string) => stepwell.send({ name: "shop/target", data: { from } });
    const functions = [
      target,
      on("sender", async ({ step }) => {
        const { ids } = await send("handler");
        await step.run("body", () => send("body"));
        return ids.length;
      }),
    ];
    const cloud = await openCloud(functions);
    await finish(cloud, { name: "shop/sender" });
    await send("outside");
    await cloud.passTime("1s");
    expect(got.sort()).toEqual(["body", "handler", "outside"]);
    const other = await openCloud(functions);
    await expect(send("which?")).rejects.toMatchObject({ code: "STEPWELL_NO_ENGINE" });
    await finish(other, { name: "shop/sender" });
    expect(got).toHaveLength(5);
    await other.close();
    await send("outside again");
    await cloud.passTime("1s");
    expect(got).toHaveLength(6);
  });

  it("a step whose send is refused by the bus is tried again like any failed step", async () => {
    let tries = 0;
    const { run } = await parent(async ({ step, attempt }) =>
      step.run("send", () => {
        tries += 1;
        if (attempt === 0) throw Object.assign(new Error("EventBridge is down"), { code: "STEPWELL_SEND_FAILED" });
        return "sent";
      }),
    );
    expect(run).toMatchObject({ status: "completed", output: "sent" });
    expect(tries).toBe(2);
  });
});

it("the hops of a chain of functions are counted through events and invokes", async () => {
  const runs: RunView["id"][] = [];
  const chain = on("chain", async ({ event, step, runId }) => {
    runs.push(runId);
    if (event.data.n > 0) await step.sendEvent("next", { name: "shop/chain", data: { n: event.data.n - 1 } });
  });
  const cloud = await openCloud([chain]);
  await cloud.send({ name: "shop/chain", data: { n: 20 } });
  await cloud.passTime("1m");
  expect(runs).toHaveLength(21);
});
