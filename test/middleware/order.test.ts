import { Stepwell, StepwellMiddleware } from "stepwell";
import { expect, it } from "vitest";
import { noting, open } from "./app.ts";

it("hooks are called in their order: the client's, then the function's; outputs the other way round", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls), noting("b", calls)] });
  const fn = client.createFunction(
    { id: "once", middleware: [noting("c", calls)] },
    { event: "shop/once" },
    async ({ step }) => {
      calls.push("code");
      return step.run("one", () => {
        calls.push("body");
        return 1;
      });
    },
  );
  const { finish } = await open(client, [fn]);
  const run = await finish("shop/once");
  expect(run.output).toBe(1);
  expect(calls).toEqual([
    ...["a init", "b init", "a send shop/once", "b send shop/once", "b sent", "a sent"],
    ...["c init", "a onFunctionRun 0", "b onFunctionRun 0", "c onFunctionRun 0"],
    ...["a transformInput ", "b transformInput ", "c transformInput "],
    ...["a beforeMemoization", "b beforeMemoization", "c beforeMemoization"],
    ...["c afterMemoization", "b afterMemoization", "a afterMemoization"],
    ...["a beforeExecution", "b beforeExecution", "c beforeExecution"],
    ...["code", "body", "c transformOutput one", "b transformOutput one", "a transformOutput one"],
    ...["a transformInput one", "b transformInput one", "c transformInput one"],
    ...["c afterExecution", "b afterExecution", "a afterExecution"],
    ...["c transformOutput -", "b transformOutput -", "a transformOutput -"],
    ...['a finished {"data":1}', 'b finished {"data":1}', 'c finished {"data":1}'],
    ...["a beforeResponse", "b beforeResponse", "c beforeResponse"],
  ]);
});

it("in a later invocation the results that are there come first, and only what is new is executed", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls)] });
  const fn = client.createFunction({ id: "twice" }, { event: "shop/twice" }, async ({ step }) => {
    await step.run("one", () => 1);
    await step.sleep("rest", "1h");
    await step.run("two", () => 2);
  });
  const { finish, cloud } = await open(client, [fn]);
  expect((await finish("shop/twice")).status).toBe("completed");
  expect(cloud.meter().invocations).toBe(2);
  const [, second = []] = split(calls, "a onFunctionRun");
  expect(second).toEqual([
    "a onFunctionRun 1",
    "a transformInput one",
    "a beforeMemoization",
    "a afterMemoization",
    "a beforeExecution",
    "a transformOutput two",
    "a transformInput two",
    "a afterExecution",
    "a transformOutput -",
    "a finished {}",
    "a beforeResponse",
  ]);
});

it("an invocation that rests ends with afterExecution and beforeResponse, and the run is not finished", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls)] });
  const fn = client.createFunction({ id: "rests" }, { event: "shop/rests" }, ({ step }) => step.sleep("rest", "1h"));
  const { cloud } = await open(client, [fn]);
  await cloud.send({ name: "shop/rests", data: {} });
  expect(calls.slice(-2)).toEqual(["a afterExecution", "a beforeResponse"]);
  expect(calls.filter((call) => call.startsWith("a finished"))).toEqual([]);
  await cloud.passTime("1h");
  expect(calls.filter((call) => call.startsWith("a finished"))).toEqual(["a finished {}"]);
});

it("the first middleware is the outermost around a step's body, and each may change what comes out", async () => {
  const calls: string[] = [];
  const wrapping = (name: string) =>
    new StepwellMiddleware({
      name,
      init: () => ({
        onFunctionRun: () => ({
          wrapStepHandler: async ({ step, next }) => {
            calls.push(`${name} ${step.id}`);
            const result = await next();
            calls.push(`${name} out`);
            return `${name}(${result})`;
          },
        }),
      }),
    });
  const client = new Stepwell({ id: "shop", middleware: [wrapping("a"), wrapping("b")] });
  const fn = client.createFunction({ id: "wrapped" }, { event: "shop/wrapped" }, ({ step }) =>
    step.run("one", () => {
      calls.push("body");
      return 1;
    }),
  );
  const { finish } = await open(client, [fn]);
  expect((await finish("shop/wrapped")).output).toBe("a(b(1))");
  expect(calls).toEqual(["a one", "b one", "body", "b out", "a out"]);
});

it("middleware of a function is there for its onFailure too, and init is called once for each", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls)] });
  const fn = client.createFunction(
    { id: "fails", retries: 0, middleware: [noting("b", calls)], onFailure: () => calls.push("failure") },
    { event: "shop/fails" },
    () => {
      throw new Error("no");
    },
  );
  const { finish, cloud } = await open(client, [fn]);
  await finish("shop/fails");
  await finish("shop/fails");
  await cloud.passTime("1m");
  expect(calls.filter((call) => call === "failure")).toHaveLength(2);
  // One for the function, one for its onFailure.
  expect(calls.filter((call) => call === "a init" || call === "b init")).toEqual(["a init", "b init", "b init"]);
});

/** The calls from each that begins so, to the next. */
function split(calls: readonly string[], from: string): string[][] {
  const parts: string[][] = [];
  for (const call of calls) {
    if (call.startsWith(from)) parts.push([]);
    parts.at(-1)?.push(call);
  }
  return parts;
}
