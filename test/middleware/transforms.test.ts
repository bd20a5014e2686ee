import { Stepwell, StepwellMiddleware } from "stepwell";
import { expect, it } from "vitest";
import { open } from "./app.ts";

const box = (data: unknown) => ({ box: data });
/** Nothing is unboxed twice. */
function unbox(data: unknown): unknown {
  if (typeof data === "object" && data !== null && "box" in data) return data.box;
  throw new Error("This is in no box.");
}

/** Boxes what is stored and sent, and unboxes it on its way to the code. */
const boxing = new StepwellMiddleware({
  name: "boxing",
  init: () => ({
    onFunctionRun: () => ({
      transformInput: ({ ctx, steps }) => ({
        ctx: { event: { ...ctx.event, data: unbox(ctx.event.data) } } as object,
        steps: steps.map(({ kind, data, error }) => {
          if (error !== undefined || kind === "sendEvent") return {};
          if (kind !== "waitForEvent") return { data: unbox(data) };
          const event = data as { data: unknown } | null;
          return { data: event && { ...event, data: unbox(event.data) } };
        }),
      }),
      transformOutput: ({ result }) => (result.error === undefined ? { result: { data: box(result.data) } } : {}),
    }),
    onSendEvent: () => ({
      transformInput: ({ payloads }) => ({ payloads: payloads.map((one) => ({ ...one, data: box(one.data) })) }),
      transformOutput: ({ result, payloads }) => ({ result: { ids: result.ids, count: payloads.length } }),
    }),
  }),
});

it("everything that is stored or sent is transformed, and the code sees what it has given, live and replayed", async () => {
  const client = new Stepwell({ id: "shop", middleware: [boxing] });
  const seen: unknown[] = [];
  const child = client.createFunction({ id: "child" }, { event: "shop/child" }, ({ event }) => ({ got: event.data.n }));
  const parent = client.createFunction({ id: "parent" }, { event: "shop/parent" }, async ({ event, step }) => {
    const ran = await step.run("run", () => ({ at: new Date(0) }));
    const sent = await step.sendEvent("send", { name: "shop/told", data: { n: 1 } });
    const invoked = await step.invoke("invoke", { function: child, data: { n: 2 } });
    const waited = await step.waitForEvent("wait", { event: "shop/told-later", timeout: "1d" });
    await step.sleep("rest", "1h");
    const all = { event: event.data, ran, sent: Object.keys(sent), invoked, waited: waited?.data };
    seen.push(all);
    await step.sleep("rest", "1h");
    return all;
  });
  const { cloud } = await open(client, [parent, child]);
  const { ids } = await client.send({ name: "shop/parent", data: { n: 0 } });
  await cloud.passTime("1m");
  await client.send({ name: "shop/told-later", data: { n: 3 } });
  const [run] = await cloud.runsOf(ids[0]);
  const ended = await cloud.waitForRun(run?.id);
  const expected = {
    event: { n: 0 },
    ran: { at: "1970-01-01T00:00:00.000Z" },
    sent: ["ids", "count"],
    invoked: { got: 2 },
    waited: { n: 3 },
  };
  expect(seen).toEqual([expected, expected]);
  expect(ended.output).toEqual({ box: expected });
  expect(ended.steps.find(({ id }) => id === "run")?.output).toEqual({ box: { at: "1970-01-01T00:00:00.000Z" } });
  expect(ended.steps.find(({ id }) => id === "invoke")?.output).toEqual({ box: { got: 2 } });
});

it("errors are transformed too: of a step before its retries are decided, and on their way to the code", async () => {
  const seen: unknown[] = [];
  const errors = new StepwellMiddleware({
    name: "errors",
    init: () => ({
      onFunctionRun: () => ({
        transformInput: ({ steps }) => ({
          steps: steps.map(({ error }) => (error ? { error: { ...error, message: `${error.message}, read` } } : {})),
        }),
        transformOutput: ({ result, step }) => {
          seen.push([step?.id, step?.attempt, (result.error as Error | undefined)?.message]);
          if (step?.id === "fails") return { result: { error: new RangeError("secret removed") } };
          return step?.id === "saved" ? { result: { error: undefined, data: "a default" } } : undefined;
        },
      }),
    }),
  });
  const client = new Stepwell({ id: "shop", middleware: [errors] });
  const fn = client.createFunction({ id: "fn", retries: 1 }, { event: "shop/go" }, async ({ step }) => {
    const fail = (text: string) => () => {
      throw new Error(text);
    };
    const saved = await step.run("saved", fail("no"));
    return [
      saved,
      await step.run("fails", fail("the password is x")).catch((error: Error) => [error.name, error.message]),
    ];
  });
  const { finish } = await open(client, [fn]);
  const run = await finish("shop/go");
  expect(run.output).toEqual(["a default", ["RangeError", "secret removed, read"]]);
  expect(seen).toEqual([
    ["saved", 0, "no"],
    ["fails", 0, "the password is x"],
    ["fails", 1, "the password is x"],
    [undefined, undefined, undefined],
  ]);
});

it("what a middleware adds to the context is there in the handler, in onFailure, and for the middleware after it", async () => {
  const first = new StepwellMiddleware({
    name: "first",
    init: ({ client, fn }) => ({
      onFunctionRun: ({ reqArgs }) => ({
        transformInput: () => ({ ctx: { where: `${client.id}/${fn?.id ?? "client"}`, args: reqArgs.length } }),
      }),
    }),
  });
  const second = new StepwellMiddleware({
    name: "second",
    init: ({ fn }) => ({
      onFunctionRun: () => ({ transformInput: ({ ctx }) => ({ ctx: { both: `${ctx.where} then ${fn?.id}` } }) }),
    }),
  });
  const client = new Stepwell({ id: "shop", middleware: [first] });
  const failures: unknown[] = [];
  const fn = client.createFunction(
    {
      id: "fn",
      retries: 0,
      middleware: [second],
      onFailure: ({ both, error }) => failures.push([both, error.message]),
    },
    { event: "shop/go" },
    ({ where, args, both }) => {
      throw new Error([where, args, both].join("; "));
    },
  );
  const { finish, cloud } = await open(client, [fn]);
  await finish("shop/go");
  await cloud.passTime("1m");
  expect(failures).toEqual([["shop/client then fn-failure", "shop/client; 2; shop/client then fn"]]);
});
