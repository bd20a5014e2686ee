import { NonRetriableError, Stepwell, StepwellMiddleware } from "stepwell";
import { describe, expect, it } from "vitest";
import type { FunctionRunHooks, SendEventHooks } from "../../sdk/index.ts";
import { open } from "./app.ts";

const hooked = (hooks: FunctionRunHooks, send: SendEventHooks = {}) =>
  new StepwellMiddleware({ name: "bad", init: () => ({ onFunctionRun: () => hooks, onSendEvent: () => send }) });

/** Throws the first so many times that it is called. */
function failing(times: number, error: () => unknown = () => new Error("the weather")): () => undefined {
  let calls = 0;
  return () => {
    if (++calls <= times) throw error();
    return undefined;
  };
}

/** Runs one function with a middleware: two steps around a rest, and the bodies that ran. */
async function run(hooks: FunctionRunHooks, options: object = {}) {
  const client = new Stepwell({ id: "shop", middleware: [hooked(hooks)] });
  const bodies: string[] = [];
  const rejected: unknown[] = [];
  const fn = client.createFunction({ id: "fn", ...options }, { event: "shop/go" }, async ({ step }) => {
    const body = (id: string) => () => {
      bodies.push(id);
      return id;
    };
    const a = await step.run("a", body("a")).catch((error: unknown) => {
      rejected.push(error);
      throw error;
    });
    await step.sleep("rest", "1h");
    return [a, await step.run("b", body("b"))];
  });
  const app = await open(client, [fn]);
  const ended = await app.finish("shop/go");
  return { run: ended, bodies, rejected, lines: app.lines };
}

describe("a hook that throws is tried again, and nothing that was done is done twice", () => {
  const before = ["transformInput", "beforeMemoization", "afterMemoization", "beforeExecution"] as const;

  it.each(before)("in %s: with the handler", async (hook) => {
    const { run: ended, bodies, rejected } = await run({ [hook]: failing(2) });
    expect(ended).toMatchObject({ status: "completed", output: ["a", "b"], attempts: 3 });
    expect(bodies).toEqual(["a", "b"]);
    expect(rejected).toEqual([]);
  });

  it("in afterExecution: with the handler, and where the handler rests it is logged", async () => {
    const { run: ended, bodies, lines } = await run({ afterExecution: failing(2) });
    expect(ended).toMatchObject({ status: "completed", output: ["a", "b"], attempts: 2 });
    expect(bodies).toEqual(["a", "b"]);
    expect(lines.filter(({ message }) => message === "a middleware has failed")).toHaveLength(1);
  });

  it("in transformInput of a result on its way to the code: the step is not rejected, and its body not run again", async () => {
    let calls = 0;
    const {
      run: ended,
      bodies,
      rejected,
    } = await run({
      transformInput: ({ steps }) => {
        if (steps.length > 0 && ++calls <= 2) throw new Error("no key yet");
      },
    });
    expect(ended).toMatchObject({ status: "completed", output: ["a", "b"] });
    expect(bodies).toEqual(["a", "b"]);
    expect(rejected).toEqual([]);
  });

  it("in transformOutput of a step: as a try of that step", async () => {
    const { run: ended, bodies } = await run({ transformOutput: failing(1) });
    expect(ended).toMatchObject({ status: "completed", output: ["a", "b"] });
    expect(ended.steps.find(({ id }) => id === "a")?.attempts).toBe(2);
    expect(bodies).toEqual(["a", "a", "b"]);
  });

  it("in finished and beforeResponse: too late to fail anything, it is logged", async () => {
    const { run: ended, lines } = await run({ finished: failing(1), beforeResponse: failing(1) });
    expect(ended.status).toBe("completed");
    const logged = lines.filter(({ message }) => message === "a middleware has failed");
    expect(logged.map(({ fields }) => (fields as { error: { code: string } }).error.code)).toEqual([
      "STEPWELL_MIDDLEWARE_FAILED",
      "STEPWELL_MIDDLEWARE_FAILED",
    ]);
  });
});

describe("the run fails with an error that names the middleware and the hook", () => {
  it("once the tries are used up", async () => {
    const { run: ended } = await run({ transformInput: failing(99) }, { retries: 1 });
    expect(ended).toMatchObject({
      status: "failed",
      attempts: 2,
      error: {
        code: "STEPWELL_MIDDLEWARE_FAILED",
        message: 'transformInput of the middleware "bad" threw Error: the weather.',
        cause: { message: "the weather" },
      },
    });
  });

  it("at once, when it throws a NonRetriableError", async () => {
    const refusal = () => new NonRetriableError("this tenant may not");
    const { run: ended, bodies } = await run({ transformInput: failing(99, refusal) });
    expect(ended).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_MIDDLEWARE_FAILED" } });
    expect(bodies).toEqual([]);
  });

  it.each<[string, object, string]>([
    ["a text", { transformInput: () => "ctx" }, "returned"],
    ["an unknown field", { transformInput: () => ({ context: {} }) }, '"context"'],
    ["a ctx that is none", { transformInput: () => ({ ctx: 1 }) }, "`ctx`"],
    ["steps that are no list", { transformInput: () => ({ steps: {} }) }, "`steps`"],
    ["too many steps", { transformInput: () => ({ steps: [{}, {}] }) }, "2 `steps` for 0"],
    ["a result that is none", { transformOutput: () => ({ result: 1 }) }, "`result`"],
    ["a hook that is no function", { beforeResponse: 1 }, "`beforeResponse`"],
    ["an unknown hook", { transformInputs: () => {} }, '"transformInputs"'],
  ])("also when a hook returns nonsense: %s", async (_, hooks, part) => {
    const { run: ended } = await run(hooks as FunctionRunHooks, { retries: 0 });
    expect(ended).toMatchObject({ status: "failed", error: { code: "STEPWELL_MIDDLEWARE_FAILED" } });
    expect(ended.error?.message).toContain('of the middleware "bad"');
    expect(ended.error?.message).toContain(part);
  });

  it("and not by hanging, when a hook asks for a step", async () => {
    const { run: ended } = await run({
      transformInput: async ({ ctx }) => {
        await ctx.step.sleep("mine", "1h");
      },
    });
    expect(ended).toMatchObject({ status: "failed", error: { code: "STEPWELL_NESTED_STEP" } });
    expect(ended.error?.message).toContain('transformInput of the middleware "bad"');
  });
});

describe("an init that fails", () => {
  it("is called again, and then never more", async () => {
    let calls = 0;
    const late = new StepwellMiddleware({
      name: "late",
      init: async () => {
        if (++calls === 1) throw new Error("not yet");
        return {};
      },
    });
    const client = new Stepwell({ id: "shop", middleware: [late] });
    const fn = client.createFunction({ id: "fn" }, { event: "shop/go" }, () => "done");
    const { finish } = await open(client, [fn]);
    await expect(finish("shop/go")).rejects.toMatchObject({ code: "STEPWELL_MIDDLEWARE_FAILED" });
    expect((await finish("shop/go")).output).toBe("done");
    expect(calls).toBe(2);
  });
});

describe("on the way of events", () => {
  const app = async (send: SendEventHooks, retries = 4) => {
    const client = new Stepwell({ id: "shop", middleware: [hooked({}, send)] });
    const child = client.createFunction({ id: "child" }, { event: "shop/child" }, ({ event }) => event.data);
    const parent = client.createFunction({ id: "parent", retries }, { event: "shop/parent" }, async ({ step }) => {
      const { ids } = await step.sendEvent("tell", { name: "shop/told", data: { n: 1 } });
      return [ids.length, await step.invoke("call", { function: child, data: { n: 2 } })];
    });
    return open(client, [parent, child]);
  };

  it("nothing of a send is sent when transformInput throws", async () => {
    const { finish, cloud } = await app({ transformInput: failing(1) });
    await expect(finish("shop/parent")).rejects.toMatchObject({
      code: "STEPWELL_MIDDLEWARE_FAILED",
      message: expect.stringContaining('onSendEvent: transformInput of the middleware "bad"'),
    });
    expect(await cloud.runs()).toEqual([]);
  });

  it("step.sendEvent and step.invoke are tried again, and the child starts once", async () => {
    const seen: string[] = [];
    const { finish, cloud } = await app({
      transformInput: ({ payloads }) => {
        const [{ name } = { name: "" }] = payloads;
        seen.push(name);
        if (name !== "shop/parent" && seen.filter((one) => one === name).length === 1) throw new Error("not yet");
      },
    });
    const run = await finish("shop/parent");
    expect(run).toMatchObject({ status: "completed", output: [1, { n: 2 }] });
    expect((await cloud.runs()).filter(({ functionId }) => functionId === "child")).toHaveLength(1);
    expect(seen.filter((one) => one === "stepwell/function.invoked").length).toBeGreaterThanOrEqual(2);
  });

  it("the run fails when the data of an invoke cannot be made ready", async () => {
    const { finish, cloud } = await app(
      { transformInput: ({ payloads }) => (payloads[0]?.name.startsWith("stepwell/") ? { payloads: [] } : undefined) },
      1,
    );
    const run = await finish("shop/parent");
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_MIDDLEWARE_FAILED" } });
    expect(run.error?.message).toContain("one payload");
    expect((await cloud.runs()).filter(({ functionId }) => functionId === "child")).toEqual([]);
  });

  it("payloads that are no events are refused as those of a send are", async () => {
    const { finish } = await app({ transformInput: () => ({ payloads: [{ name: "" }] }) });
    await expect(finish("shop/parent")).rejects.toMatchObject({ code: "STEPWELL_INVALID_EVENT" });
  });
});
