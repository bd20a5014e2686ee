import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { describe, expect, it } from "vitest";
import { finish, on, openCloud, runHandler, start, stepwell } from "./cloud.ts";

const KB = 1024;

describe("names and ids of every sort", () => {
  it.each([
    "__proto__",
    "constructor",
    "a:1",
    "ünï☃😀",
    "with space / and # and ?",
    "s".repeat(256),
    '"quoted" \\ back',
  ])("a step may be called %j", async (id) => {
    const { run } = await runHandler(async ({ step }) => {
      const a = await step.run(id, () => 1);
      await step.sleep(`${id.slice(0, 250)}-nap`, "1h");
      const b = await step.run(id, () => 2);
      return [a, b];
    });
    expect(run).toMatchObject({ status: "completed", output: [1, 2] });
    expect(run.steps[0]?.id).toBe(id);
  });

  it.each(["a/../b", "#?%20", "ünï☃😀", '"q" \\', "i".repeat(128), "../../etc/passwd"])(
    "an event may have the id %j, small and large",
    async (id) => {
      const cloud = await openCloud([on("echo", ({ event }) => [event.id, event.data.text.length])]);
      const small = await finish(cloud, { name: "shop/echo", id, data: { text: "x" } });
      expect(small.output).toEqual([id, 1]);
      const other = `${id.slice(1)}x`;
      const large = await finish(cloud, { name: "shop/echo", id: other, data: { text: "x".repeat(300 * KB) } });
      expect(large.output).toEqual([other, 300 * KB]);
      expect((await cloud.runsOf(other)).map((run) => run.id)).toEqual([large.id]);
    },
  );

  it("an event may have a name of 128 characters, with spaces and signs", async () => {
    const name = `shop/${"é ".repeat(60)}end`.padEnd(128, "!");
    const fn = stepwell.createFunction({ id: "f".repeat(64) }, { event: name }, async ({ step }) => {
      const event = await step.waitForEvent("w", { event: name, timeout: "1d" });
      return event?.name;
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name });
    await cloud.send({ name });
    expect((await cloud.run(run.id))?.output).toBe(name);
  });
});

describe("sizes at the edge", () => {
  it.each([
    ["quotes", '"'],
    ["back-slashes", "\\"],
    ["control characters", "\u0001"],
    ["snowmen", "☃"],
  ])("%s: inputs, results and outputs around the inline limit come through", async (_, char) => {
    const perChar = JSON.stringify(char).length - 2 + (Buffer.byteLength(char) - char.length);
    for (const bytes of [47 * KB, 50 * KB, 190 * KB, 200 * KB - 20, 200 * KB, 201 * KB]) {
      const text = char.repeat(Math.floor((bytes - 2) / perChar));
      const child = on("child", ({ event }) => event.data.text);
      const cloud = await openCloud([
        child,
        on("edge", async ({ event, step }) => {
          const same = await step.run("same", () => event.data.text as string);
          const called = await step.invoke("call", { function: child, data: { text: same } });
          return called;
        }),
      ]);
      const run = await finish(cloud, { name: "shop/edge", data: { text } });
      expect(run.status).toBe("completed");
      expect(run.output === text).toBe(true);
      await cloud.close();
    }
  });

  it("errors with huge names, codes, messages, stacks and causes are cut", async () => {
    const huge = "☃".repeat(500_000);
    const error = (depth: number): Error =>
      Object.assign(new Error(huge, depth > 0 ? { cause: error(depth - 1) } : {}), {
        name: huge,
        code: huge,
        stack: huge,
        stepId: huge,
      });
    const { run } = await runHandler(
      ({ step }) =>
        step.run("broken", () => {
          throw error(20);
        }),
      { retries: 1 },
    );
    expect(run.status).toBe("failed");
    expect(JSON.stringify(run).length).toBeLessThan(400_000);
  });

  it("a huge display name of a step is refused", async () => {
    const { run } = await runHandler(({ step }) => step.run({ id: "s", name: "n".repeat(500_000) }, () => 1));
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_INVALID_STEP" } });
  });

  it("huge user fields are refused before anything is sent", async () => {
    const cloud = await openCloud([]);
    await expect(cloud.send({ name: "shop/x", user: { text: "u".repeat(500_000) } })).rejects.toMatchObject({
      code: "STEPWELL_EVENT_TOO_LARGE",
      message: expect.stringContaining("user"),
    });
    const { run } = await runHandler(({ step }) =>
      step.invoke("x", { function: on("child", () => 1), user: { text: "u".repeat(500_000) } }),
    );
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_EVENT_TOO_LARGE" } });
  });

  it("onFailure gets a failed event whose original has 5 MB", async () => {
    const sizes: number[] = [];
    const fails = on(
      "fails",
      () => {
        throw new Error("no");
      },
      {
        retries: 0,
        onFailure: ({ event }) => void sizes.push((event.data.event.data as { text: string }).text.length),
      },
    );
    const cloud = await openCloud([fails]);
    await finish(cloud, { name: "shop/fails", data: { text: "x".repeat(5 * KB * KB) } });
    await cloud.passTime("1s");
    expect(sizes).toEqual([5 * KB * KB]);
  });
});

it.each([100, 1_000, 3_000, 6_000, 20_000, 60_000])(
  "an event nested %i deep either runs, or is refused or a dead letter at once, and takes nobody along",
  async (depth) => {
    const cloud = await openCloud([
      on("deep", ({ event }) => (Array.isArray(event.data.a) ? "deep" : "flat")),
      stepwell.createFunction({ id: "if" }, { event: "shop/deep", if: "event.data.a == event.data.b" }, () => "if"),
    ]);
    const credentials = { accessKeyId: "a", secretAccessKey: "b" };
    const client = new EventBridgeClient({ endpoint: cloud.url, region: "us-east-1", credentials });
    const nested = `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const entry = { EventBusName: "stepwell", Source: "my.app", DetailType: "shop/deep" };
    const { Entries } = await client.send(
      new PutEventsCommand({
        Entries: [
          { ...entry, Detail: `{"a":${nested},"b":1}` },
          { ...entry, Detail: "{}" },
        ],
      }),
    );
    client.destroy();
    await cloud.passTime("1s");
    const [flat] = await cloud.runsOf(Entries?.[1]?.EventId);
    expect(flat).toMatchObject({ status: "completed", output: "flat" });
    const runs = Entries?.[0]?.EventId === undefined ? [] : await cloud.runsOf(Entries[0].EventId);
    const refused = Entries?.flatMap(({ ErrorCode }) => ErrorCode ?? []) ?? [];
    const dead = (await cloud.deadLetters()).map(() => "dead letter");
    const outcomes = [...runs.map(({ output }) => output), ...refused, ...dead];
    expect(outcomes).toHaveLength(1);
    expect(["deep", "dead letter", "MalformedDetail"]).toContain(outcomes[0]);
  },
);

describe("several things at once", () => {
  it("one event resolves two waits of one run", async () => {
    const cloud = await openCloud([
      on("both", ({ step }) =>
        Promise.all(["a", "b"].map((id) => step.waitForEvent(id, { event: "shop/go", timeout: "1d" }))),
      ),
    ]);
    const run = await start(cloud, { name: "shop/both" });
    await cloud.send({ name: "shop/go", id: "g" });
    expect((await cloud.run(run.id))?.output).toMatchObject([{ id: "g" }, { id: "g" }]);
  });

  it("a run may wait for the answer to what it asks, when it waits first", async () => {
    const answerer = on("ask", async ({ event, step }) => {
      await step.sendEvent("answer", { name: "shop/answer", data: { id: event.data.id, text: "42" } });
    });
    const cloud = await openCloud([
      answerer,
      on("asker", async ({ step, runId }) => {
        const answer = step.waitForEvent("answer", {
          event: "shop/answer",
          if: `async.data.id == '${runId}'`,
          timeout: "1h",
        });
        await step.sendEvent("ask", { name: "shop/ask", data: { id: runId } });
        return (await answer)?.data.text;
      }),
    ]);
    expect(await finish(cloud, { name: "shop/asker" })).toMatchObject({ output: "42" });
  });

  it("a wait, a sleep, an invoke, a back-off and a long step go on beside one another", async () => {
    let tries = 0;
    const child = on("child", async ({ step }) => {
      await step.sleep("nap", "30m");
      return "child";
    });
    const cloud = await openCloud([
      child,
      on("all", async ({ step }) => {
        const order: string[] = [];
        const noted = async (name: string, promise: Promise<unknown>) => {
          await promise;
          order.push(name);
        };
        await Promise.all([
          noted("wait", step.waitForEvent("wait", { event: "shop/go", timeout: "1d" })),
          noted("sleep", step.sleep("sleep", "10m")),
          noted("invoke", step.invoke("invoke", { function: child })),
          noted(
            "flaky",
            step.run("flaky", () => {
              if (tries++ < 3) throw new Error("again");
            }),
          ),
          noted(
            "quick",
            step.run("quick", () => 1),
          ),
        ]);
        await step.sleep("replay", "1m");
        return order;
      }),
    ]);
    const run = await start(cloud, { name: "shop/all" });
    await cloud.passTime("20m");
    await cloud.send({ name: "shop/go" });
    const done = await cloud.waitForRun(run.id);
    expect(done.output).toEqual(["quick", "flaky", "sleep", "wait", "invoke"]);
  });

  it("a run may wait for the failure of another", async () => {
    const fails = on(
      "fails",
      () => {
        throw new Error("no");
      },
      { retries: 0 },
    );
    const cloud = await openCloud([
      fails,
      on("watch", async ({ step }) => {
        const failed = await step.waitForEvent("failed", {
          event: "stepwell/function.failed",
          if: "async.data.function_id == 'shop/fails'",
          timeout: "1d",
        });
        return failed?.data.error.message;
      }),
    ]);
    const run = await start(cloud, { name: "shop/watch" });
    await finish(cloud, { name: "shop/fails" });
    expect(await cloud.waitForRun(run.id)).toMatchObject({ output: "no" });
  });

  it("a trigger's condition may ask for anything of its event, and one that goes wrong is false", async () => {
    const conditions = [
      "event.user.plan == 'pro'",
      "event.name == 'shop/any' && event.ts > 5",
      "event.data.list.exists(x, x > 2)",
      "size(event.data.text) > 3",
      "event.data.missing.deeper == 1",
      "event.data.text > 5",
      "1 / event.data.zero == 1",
      "has(event.data.text) && !has(event.data.other)",
    ];
    const functions = conditions.map((condition, i) =>
      stepwell.createFunction({ id: `c${i}` }, { event: "shop/any", if: condition }, () => i),
    );
    const cloud = await openCloud(functions);
    const data = { list: [1, 3], text: "four", zero: 0 };
    const { ids } = await cloud.send({ name: "shop/any", ts: 6, user: { plan: "pro" }, data });
    expect((await cloud.runsOf(ids[0])).map(({ output }) => output).sort()).toEqual([0, 1, 2, 3, 7]);
  });
});
