import { describe, expect, test } from "vitest";
import { type Logger, Stepwell } from "../../sdk/index.ts";
import { fakeLedger, fakeSink, runInput, storedEvent } from "./fake-run.ts";

const client = new Stepwell({ id: "shop" });
const trigger = { event: "shop/order.placed" };

describe("a handler", () => {
  test("gets its context, and returns the run's output", async () => {
    const { ledger, asked } = fakeLedger({ greet: "hello" });
    const fn = client.createFunction({ id: "f" }, trigger, async ({ step, group, logger: _logger, ...rest }) => {
      const greeting = await group.parallel(() => step.run("greet", () => "never run by a ledger of its own"));
      return { greeting, ...rest };
    });
    const { signal } = new AbortController();
    const output = await fn.start(runInput({ attempt: 2, signal }), ledger);
    const event = { name: "shop/order.placed", data: { orderId: "o1" }, id: "e1", ts: 1_000 };
    const tries = { attempt: 2, maxAttempts: 5 };
    expect(output).toEqual({ greeting: "hello", event, events: [event], runId: "r1", ...tries, signal });
    expect((output as { signal: unknown }).signal).toBe(signal);
    expect(asked).toMatchObject([{ kind: "run", id: "greet" }]);
  });

  test("gets user, v, and the fields of a foreign event only where there are any", async () => {
    const foreign = {
      source: "aws.s3",
      account: "1",
      time: "2026-01-01T00:00:00Z",
      region: "eu-west-1",
      resources: ["arn"],
    };
    const events = [storedEvent({ user: '{"id":"u"}', version: "2" }), storedEvent({ id: "e2", foreign })];
    const fn = client.createFunction({ id: "f" }, trigger, ({ events }) => events);
    const [own, other] = (await fn.start(runInput({ events, data: [{}, {}] }), fakeLedger().ledger)) as object[];
    expect(own).toEqual({ name: "shop/order.placed", data: {}, id: "e1", ts: 1_000, user: { id: "u" }, v: "2" });
    expect(other).toMatchObject({ id: "e2", ...foreign });
  });

  test("sends by the run's own sender, a hop further than its event", async () => {
    const sent: unknown[] = [];
    const sender = { send: async (...input: unknown[]) => void sent.push(input) };
    const fn = client.createFunction({ id: "f" }, trigger, async () => {
      await Promise.resolve();
      return client.send({ name: "a/b", id: "mine" });
    });
    expect(await fn.start(runInput({ sender, hops: 2 }), fakeLedger().ledger)).toEqual({ ids: ["mine"] });
    expect(sent).toMatchObject([["shop", [{ name: "a/b", envelope: { id: "mine", trace: { hops: 3 } } }]]]);
  });

  test("that throws, at once or later, rejects", async () => {
    const { ledger } = fakeLedger();
    const error = new Error("no");
    const fail = () => {
      throw error;
    };
    await expect(client.createFunction({ id: "f" }, trigger, fail).start(runInput(), ledger)).rejects.toBe(error);
    await expect(
      client.createFunction({ id: "f" }, trigger, async () => fail()).start(runInput(), ledger),
    ).rejects.toBe(error);
  });
});

describe("onFailure", () => {
  const failed = {
    function_id: "shop/pay",
    run_id: "r0",
    error: { name: "CardDeclined", message: "no money", code: "E1", cause: { name: "Error", message: "why" } },
    event: { name: "shop/order.placed", data: { orderId: "o1" }, id: "e1", ts: 1 },
    events: [],
  };

  test("is a durable function of its own, started by that function's failed event", () => {
    const fn = client.createFunction({ id: "pay", name: "Pay", retries: 0, onFailure: () => {} }, trigger, () => {});
    const [main, failure, ...more] = fn.durables();
    expect(main).toBe(fn);
    expect(more).toEqual([]);
    expect(failure?.manifest).toEqual({
      id: "pay-failure",
      name: "Pay (failure)",
      triggers: [{ kind: "event", event: "stepwell/function.failed", if: 'event.data.function_id == "shop/pay"' }],
    });
    expect(failure).toMatchObject({ app: "shop", id: "pay-failure", maxSteps: 1_000, retry: { attempts: 5 } });
  });

  test("gets the failed event, the error as an Error, and steps", async () => {
    const { ledger, asked } = fakeLedger({ refund: "refunded" });
    const fn = client.createFunction(
      {
        id: "pay",
        onFailure: async ({ event, error, step }) => ({ event, error, refund: await step.run("refund", () => 1) }),
      },
      trigger,
      () => {},
    );
    const input = runInput({ events: [storedEvent({ name: "stepwell/function.failed" })], data: [failed] });
    const output = (await fn.durables()[1]?.start(input, ledger)) as { event: unknown; error: Error; refund: string };
    expect(output.event).toMatchObject({ name: "stepwell/function.failed", data: failed });
    expect(output.error).toBeInstanceOf(Error);
    expect(output.error).toMatchObject({ name: "CardDeclined", message: "no money", code: "E1" });
    expect(output.error.cause).toMatchObject({ message: "why" });
    expect(output.refund).toBe("refunded");
    expect(asked).toHaveLength(1);
  });
});

describe("onCancel", () => {
  const cancelled = {
    function_id: "shop/pay",
    run_id: "r0",
    cause: { by: "request", reason: "withdrawn" },
    event: { name: "shop/order.placed", data: { orderId: "o1" }, id: "e1", ts: 1 },
    events: [],
  };

  test("is a durable function of its own, started by that function's cancelled event, without its flow control", () => {
    const options = { id: "pay", name: "Pay", concurrency: 1, retries: 0, timeouts: { finish: "1h" } };
    const fn = client.createFunction({ ...options, onCancel: () => {}, onFailure: () => {} }, trigger, () => {});
    const [main, failure, cancel, ...more] = fn.durables();
    expect([main, failure?.id, more]).toEqual([fn, "pay-failure", []]);
    expect(failure?.manifest.flow).toBeUndefined();
    expect(cancel?.manifest).toEqual({
      id: "pay-cancel",
      name: "Pay (cancel)",
      triggers: [{ kind: "event", event: "stepwell/function.cancelled", if: 'event.data.function_id == "shop/pay"' }],
    });
    expect(cancel).toMatchObject({ app: "shop", id: "pay-cancel", maxSteps: 1_000, retry: { attempts: 5 } });
    const alone = client.createFunction({ id: "pay", onCancel: () => {} }, trigger, () => {});
    expect(alone.durables().map(({ id }) => id)).toEqual(["pay", "pay-cancel"]);
  });

  test("gets the cancelled event, its cause, and steps", async () => {
    const { ledger } = fakeLedger({ refund: "refunded" });
    const fn = client.createFunction(
      {
        id: "pay",
        onCancel: async ({ event, cause, step }) => ({ event, cause, refund: await step.run("refund", () => 1) }),
      },
      trigger,
      () => {},
    );
    const input = runInput({ events: [storedEvent({ name: "stepwell/function.cancelled" })], data: [cancelled] });
    expect(await fn.durables()[1]?.start(input, ledger)).toMatchObject({
      event: { name: "stepwell/function.cancelled", data: cancelled },
      cause: { by: "request", reason: "withdrawn" },
      refund: "refunded",
    });
  });
});

describe("the logger", () => {
  const logging = (own?: Logger) =>
    new Stepwell({ id: "shop", ...(own && { logger: own }) }).createFunction(
      { id: "f" },
      trigger,
      async ({ logger, step }) => {
        logger.info("before", { n: 1 });
        await step.run("a", () => 1);
        logger.error("after", new TypeError("no"));
      },
    );

  test("drops the lines of code that ran before", async () => {
    const { sink, lines } = fakeSink();
    let replaying = true;
    const { ledger } = fakeLedger();
    const ask = ledger.ask.bind(ledger);
    ledger.ask = (request) => {
      replaying = false;
      return ask(request);
    };
    await logging().start(runInput({ log: sink, isReplaying: () => replaying }), ledger);
    expect(lines).toMatchObject([
      { level: "error", message: "after", fields: { error: { name: "TypeError", message: "no" } } },
    ]);
  });

  test("writes messages and fields, in either order, and anything else as text", async () => {
    const { sink, lines } = fakeSink();
    const fn = client.createFunction({ id: "f" }, trigger, ({ logger }) => {
      logger.debug({ id: 1 }, "pino", "style");
      logger.warn("n is", 3, [1], { a: 1 }, { b: 2 });
      logger.info("plain");
      logger.error(new Error("alone"));
    });
    await fn.start(runInput({ log: sink }), fakeLedger().ledger);
    expect(lines).toMatchObject([
      { level: "debug", message: "pino style", fields: { id: 1 } },
      { level: "warn", message: "n is 3 [1]", fields: { a: 1, b: 2 } },
      { level: "info", message: "plain", fields: undefined },
      { level: "error", message: "alone", fields: { error: { message: "alone" } } },
    ]);
  });

  test("hands lines as they are to the client's own logger", async () => {
    const lines: unknown[] = [];
    const write = (...line: unknown[]) => void lines.push(line);
    const { sink, lines: toSink } = fakeSink();
    await logging({ debug: write, info: write, warn: write, error: write }).start(
      runInput({ log: sink }),
      fakeLedger().ledger,
    );
    expect(lines).toEqual([
      ["before", { n: 1 }],
      ["after", new TypeError("no")],
    ]);
    expect(toSink).toEqual([]);
  });
});
