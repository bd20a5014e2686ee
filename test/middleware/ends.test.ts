import { Stepwell, StepwellMiddleware } from "stepwell";
import { expect, it } from "vitest";
import { noting, open } from "./app.ts";

it("a run that is cancelled while it rests has no finished, and its hooks are not called again", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls)] });
  const fn = client.createFunction({ id: "rests" }, { event: "shop/rests" }, ({ step }) => step.sleep("rest", "1h"));
  const { cloud } = await open(client, [fn]);
  const { ids } = await client.send({ name: "shop/rests", data: {} });
  await cloud.passTime("1m");
  const [run] = await cloud.runsOf(ids[0]);
  const before = calls.length;
  await cloud.cancel(run?.id ?? "");
  expect((await cloud.waitForRun(run?.id)).status).toBe("cancelled");
  expect(calls.slice(before)).toEqual([]);
});

it("each try of the handler is a beginning of its own, and the run is finished once", async () => {
  const calls: string[] = [];
  const client = new Stepwell({ id: "shop", middleware: [noting("a", calls)] });
  const fn = client.createFunction({ id: "flaky", retries: 3 }, { event: "shop/flaky" }, ({ attempt }) => {
    if (attempt < 2) throw new Error("again");
    return "done";
  });
  const { finish } = await open(client, [fn]);
  expect((await finish("shop/flaky")).attempts).toBe(3);
  const count = (hook: string) => calls.filter((call) => call.startsWith(`a ${hook}`)).length;
  expect([count("onFunctionRun"), count("transformOutput -"), count("beforeResponse"), count("finished")]).toEqual([
    3, 3, 3, 1,
  ]);
});

it("a run that fails for a reason of the engine's is finished too", async () => {
  const results: unknown[] = [];
  const noted = new StepwellMiddleware({
    name: "noted",
    init: () => ({ onFunctionRun: () => ({ finished: ({ result }) => void results.push(result.error) }) }),
  });
  const client = new Stepwell({ id: "shop", middleware: [noted] });
  const fn = client.createFunction({ id: "greedy", maxSteps: 1 }, { event: "shop/greedy" }, async ({ step }) => {
    await step.run("one", () => 1);
    await step.run("two", () => 2);
  });
  const big = client.createFunction({ id: "big", retries: 0 }, { event: "shop/big" }, () => 1n);
  const { finish } = await open(client, [fn, big]);
  await finish("shop/greedy");
  await finish("shop/big");
  expect(results).toMatchObject([{ code: "STEPWELL_TOO_MANY_STEPS" }, { code: "STEPWELL_OUTPUT_NOT_JSON" }]);
});

it("a beforeResponse that hangs does not hold up the run", async () => {
  const hanging = new StepwellMiddleware({
    name: "hanging",
    init: () => ({ onFunctionRun: () => ({ beforeResponse: () => new Promise(() => {}) }) }),
  });
  const client = new Stepwell({ id: "shop", middleware: [hanging] });
  const bodies: string[] = [];
  const fn = client.createFunction({ id: "rests" }, { event: "shop/rests" }, async ({ step }) => {
    await step.run("one", () => bodies.push("one"));
    await step.sleep("rest", "1h");
    await step.run("two", () => bodies.push("two"));
  });
  const { cloud, lines } = await open(client, [fn], { timeout: "10s" });
  const { ids } = await client.send({ name: "shop/rests", data: {} });
  await cloud.passTime("2h");
  const [run] = await cloud.runsOf(ids[0]);
  expect(run?.status).toBe("completed");
  expect(bodies).toEqual(["one", "two"]);
  expect(lines.filter(({ message }) => message.startsWith("middleware is not waited for"))).toHaveLength(2);
});

it("an init is called once, also when two need it at the same time", async () => {
  let calls = 0;
  const slow = new StepwellMiddleware({
    name: "slow",
    init: async () => {
      calls += 1;
      await new Promise((resolve) => setImmediate(resolve));
      return {};
    },
  });
  const client = new Stepwell({ id: "shop", middleware: [slow] });
  await open(client, []);
  await Promise.all([client.send({ name: "shop/a", data: {} }), client.send({ name: "shop/b", data: {} })]);
  expect(calls).toBe(1);
});
