import { NonRetriableError } from "stepwell";
import { describe, expect, it } from "vitest";
import { DAY, finish, on, openCloud, start, stepwell } from "./cloud.ts";

describe("onFailure", () => {
  it("runs once as its own run, with the failed event and the error", async () => {
    const calls: unknown[] = [];
    const cloud = await openCloud([
      on(
        "order",
        async ({ step }) => {
          await step.run("charge", () => {
            throw Object.assign(new RangeError("too much", { cause: new Error("limit") }), { code: "E_LIMIT" });
          });
        },
        {
          retries: 1,
          onFailure: async ({ event, error, step, runId, attempt }: never) => {
            const { name, message, cause } = error as Error;
            const isError = (error as unknown) instanceof Error;
            await (step as { run: (id: string, body: () => void) => Promise<void> }).run("note", () => {
              calls.push({ event, name, message, cause: String(cause), isError, attempt });
            });
            return runId;
          },
        } as never,
      ),
    ]);
    const run = await finish(cloud, { name: "shop/order", id: "o1", data: { total: 9 }, user: { id: "u" } });
    await cloud.passTime("1h");
    expect(calls).toEqual([
      {
        name: "RangeError",
        message: "too much",
        cause: "Error: limit",
        isError: true,
        attempt: 0,
        event: {
          id: expect.any(String),
          name: "stepwell/function.failed",
          ts: expect.any(Number),
          data: {
            function_id: "shop/order",
            run_id: run.id,
            error: run.error,
            event: { id: "o1", name: "shop/order", data: { total: 9 }, ts: expect.any(Number), user: { id: "u" } },
            events: [expect.objectContaining({ id: "o1" })],
          },
        },
      },
    ]);
    const [failure] = await cloud.runsOf((calls[0] as { event: { id: string } }).event.id);
    expect(failure).toMatchObject({ functionId: "order-failure", status: "completed", output: failure?.id });
  });

  it("gets the failure of its own function only, and has retries of its own", async () => {
    let calls = 0;
    const fails = () => {
      throw new Error("no");
    };
    const onFailure = () => {
      calls += 1;
      if (calls < 3) throw new Error("again");
    };
    const cloud = await openCloud([on("a", fails, { retries: 0, onFailure }), on("b", fails, { retries: 0 })]);
    await finish(cloud, { name: "shop/b" });
    await cloud.passTime("1h");
    expect(calls).toBe(0);
    await finish(cloud, { name: "shop/a" });
    await cloud.passTime("1h");
    expect(calls).toBe(3);
  });

  it("starts no loop when it fails itself, nor does a global failure handler", async () => {
    let [own, global] = [0, 0];
    const fails = () => {
      throw new Error("no");
    };
    const cloud = await openCloud([
      on("a", fails, {
        retries: 0,
        onFailure: () => {
          own += 1;
          throw new NonRetriableError("own");
        },
      }),
      stepwell.createFunction({ id: "global", retries: 0 }, { event: "stepwell/function.failed" }, () => {
        global += 1;
        throw new Error("global");
      }),
    ]);
    await finish(cloud, { name: "shop/a" });
    await cloud.passTime(DAY);
    expect([own, global]).toEqual([1, 1]);
  });
});

it("stepwell/function.finished goes out only when a function listens, with the result or the error", async () => {
  const seen: unknown[] = [];
  const finished = stepwell.createFunction({ id: "log" }, { event: "stepwell/function.finished" }, ({ event }) => {
    seen.push({ ...event.data, event: (event.data.event as { name: string }).name, events: event.data.events.length });
  });
  const good = on("good", () => ({ n: 1 }));
  const bad = on("bad", () => {
    throw new NonRetriableError("no");
  });
  const listening = await openCloud([good, bad, finished]);
  const ok = await finish(listening, { name: "shop/good" });
  const failed = await finish(listening, { name: "shop/bad" });
  await listening.passTime("1m");
  expect(seen).toEqual([
    { function_id: "shop/good", run_id: ok.id, result: { n: 1 }, event: "shop/good", events: 1 },
    { function_id: "shop/bad", run_id: failed.id, error: failed.error, event: "shop/bad", events: 1 },
  ]);
  const alone = await openCloud([good], { client: stepwell });
  await start(alone, { name: "shop/good" });
  expect(alone.meter().calls["eventbridge.PutEvents"]).toBe(1);
});
