import { eventType, Inngest, NonRetriableError } from "stepwell/inngest";
import { describe, expect, it } from "vitest";
import { finish, openCloud, thrown } from "./cloud.ts";

const inngest = new Inngest({ id: "shop" });
const bill = inngest.createFunction({ id: "bill", retries: 0 }, { event: "order/placed" }, () => {
  throw new NonRetriableError("no card");
});

describe("events of the engine, under Inngest's names", () => {
  it("start functions, and come with those names and ids inside", async () => {
    const seen: unknown[] = [];
    const alert = inngest.createFunction({ id: "alert" }, { event: "inngest/function.failed" }, ({ event }) => {
      seen.push([event.name, event.data.function_id, event.data.error.message, event.data.event.name]);
    });
    const cloud = await openCloud({ client: inngest, functions: [bill, alert] });
    await finish(cloud, { name: "order/placed", data: {} });
    await cloud.passTime("1m");
    expect(seen).toEqual([["inngest/function.failed", "shop-bill", "no card", "order/placed"]]);
  });

  it("are sent once: nothing goes out under Inngest's names beside Stepwell's", async () => {
    const names: string[] = [];
    const count = inngest.createFunction({ id: "count" }, [{ event: "inngest/function.failed" }], ({ events }) => {
      names.push(...events.map(({ name }) => name));
    });
    const own = inngest.createFunction({ id: "own" }, { event: "stepwell/function.failed" }, ({ event }) => {
      names.push(event.name);
    });
    const cloud = await openCloud({ client: inngest, functions: [bill, count, own] });
    await finish(cloud, { name: "order/placed", data: {} });
    await cloud.passTime("1m");
    expect(names).toEqual(["inngest/function.failed", "inngest/function.failed"]);
  });

  it("are told apart by a condition over Inngest's form of the function's id", async () => {
    const seen: string[] = [];
    const only = (id: string, condition: string) =>
      inngest.createFunction({ id }, { event: "inngest/function.failed", if: condition }, () => void seen.push(id));
    const cloud = await openCloud({
      client: inngest,
      functions: [
        bill,
        only("same", "event.data.function_id == 'shop-bill'"),
        only("turned", '"shop-bill" == event.data.function_id && event.name == "inngest/function.failed"'),
        only("other", "event.data.function_id == 'shop-ship'"),
        only("not", "event.data.function_id != 'shop-bill'"),
      ],
    });
    await finish(cloud, { name: "order/placed", data: {} });
    await cloud.passTime("1m");
    expect(seen.sort()).toEqual(["same", "turned"]);
  });

  it("refuse what cannot be translated, rather than never match", () => {
    const define = (condition: string) => () =>
      inngest.createFunction({ id: "x" }, { event: "inngest/function.failed", if: condition }, () => {});
    expect(thrown(define("event.data.function_id.startsWith('shop-')"))).toMatchObject({
      code: "STEPWELL_INVALID_EXPRESSION",
      message: expect.stringContaining('createFunction "x": trigger: if: compare `function_id` with =='),
    });
    expect(thrown(define("event.data.function_id == 'other-bill'")).message).toContain('"<app>/<function>"');
    expect(define("event.data.function_id == 'other/bill'")).not.toThrow();
  });

  it("are listened to by event types as well, and by no other name", async () => {
    const seen: string[] = [];
    const failed = eventType("inngest/function.failed");
    const alone = inngest.createFunction(
      { id: "alone", triggers: [failed] },
      ({ event }) => void seen.push(event.name),
    );
    const asked = inngest.createFunction(
      { id: "asked", triggers: [{ event: failed, if: "event.data.function_id == 'shop-bill'" }] },
      ({ event }) => void seen.push(event.name),
    );
    const cloud = await openCloud({ client: inngest, functions: [bill, alone, asked] });
    await finish(cloud, { name: "order/placed", data: {} });
    await cloud.passTime("1m");
    expect(seen).toEqual(["inngest/function.failed", "inngest/function.failed"]);
    for (const event of ["inngest/*", "inngest/http.request"]) {
      expect(thrown(() => inngest.createFunction({ id: "x" }, { event }, () => {}))).toMatchObject({
        code: "STEPWELL_INVALID_TRIGGER",
        message: expect.stringContaining('createFunction "x": trigger: event: of the names that begin with "inngest/"'),
      });
      const cancelOn = { event };
      expect(thrown(() => inngest.createFunction({ id: "x", cancelOn }, { event: "go" }, () => {})).message).toContain(
        'createFunction "x": cancelOn.event: of the names',
      );
    }
  });

  it("leave a field of that name alone in events of the user's own", async () => {
    const fn = inngest.createFunction(
      { id: "mine" },
      { event: "lambda/called", if: "event.data.function_id.startsWith('arn')" },
      ({ event }) => event.data.function_id,
    );
    const cloud = await openCloud({ client: inngest, functions: [fn] });
    const run = await finish(cloud, { name: "lambda/called", data: { function_id: "arn/x" } });
    expect(run.output).toBe("arn/x");
  });

  it("are waited for, and cancel", async () => {
    const watch = inngest.createFunction({ id: "watch" }, { event: "order/watched" }, async ({ event, step }) => {
      const failed = await step.waitForEvent("failure", {
        event: "inngest/function.failed",
        if: "async.data.function_id == 'shop-bill'",
        timeout: new Date(event.ts + 86_400_000),
      });
      return failed && [failed.name, failed.data.function_id];
    });
    const patient = inngest.createFunction(
      { id: "patient", cancelOn: [{ event: "inngest/function.failed", if: "async.data.function_id == 'shop-bill'" }] },
      { event: "order/watched" },
      ({ step }) => step.sleep("long", "1d"),
    );
    const cloud = await openCloud({ client: inngest, functions: [bill, watch, patient] });
    const { ids } = await cloud.send({ name: "order/watched", data: {} });
    await cloud.passTime("5s");
    await finish(cloud, { name: "order/placed", data: {} });
    await cloud.passTime("5s");
    const runs = await cloud.runsOf(ids[0]);
    const of = (id: string) => runs.find((run) => run.functionId === id);
    expect(of("watch")?.output).toEqual(["inngest/function.failed", "shop-bill"]);
    expect(of("patient")?.status).toBe("cancelled");
  });

  it("name crons and invocations as Inngest does, and onFailure's event too", async () => {
    const names: Record<string, string> = {};
    const child = inngest.createFunction({ id: "child", triggers: [{ event: "child/asked" }] }, ({ event }) => {
      names.child = event.name;
    });
    const tick = inngest.createFunction(
      {
        id: "tick",
        retries: 0,
        onFailure: ({ event, error }) => {
          names.failure = `${event.name} of ${event.data.event.name}: ${error.message}`;
        },
      },
      { cron: "0 0 1 1 *" },
      async ({ event, step }) => {
        names.cron = event.name;
        await step.invoke("child", { function: child, data: {} });
        throw new Error("done for today");
      },
    );
    const cloud = await openCloud({ client: inngest, functions: [child, tick] });
    await cloud.fire("tick");
    await cloud.passTime("1m");
    expect(names).toEqual({
      child: "inngest/function.invoked",
      cron: "inngest/scheduled.timer",
      failure: "inngest/function.failed of inngest/scheduled.timer: done for today",
    });
  });

  it("cannot be sent", async () => {
    const cloud = await openCloud({ client: inngest, functions: [] });
    await expect(inngest.send({ name: "inngest/function.failed", data: {} })).rejects.toMatchObject({
      code: "STEPWELL_INVALID_EVENT",
      message: expect.stringContaining('send: name: names that begin with "inngest/"'),
    });
    await cloud.close();
  });
});

describe("a Date as a timeout", () => {
  it("ends a wait at that time, and one that is past at once", async () => {
    const fn = inngest.createFunction({ id: "until" }, { event: "go" }, async ({ event, step }) => {
      const never = { event: "never" };
      const past = await step.waitForEvent("past", { ...never, timeout: new Date(event.ts - 1) });
      const later = await step.waitForEvent("later", { ...never, timeout: new Date(event.ts + 3_600_000) });
      return [past, later];
    });
    const cloud = await openCloud({ client: inngest, functions: [fn] });
    const run = await finish(cloud, { name: "go", data: {} });
    expect(run.output).toEqual([null, null]);
    const hours = ((run.endedAt ?? 0) - run.queuedAt) / 3_600_000;
    expect(Math.round(hours)).toBe(1);
  });

  it("is refused by cancelOn, where it would be the same for all runs", () => {
    const cancelOn = { event: "never", timeout: new Date() as never };
    const error = thrown(() => inngest.createFunction({ id: "x", cancelOn }, { event: "go" }, () => {}));
    expect(error).toMatchObject({
      code: "STEPWELL_INVALID_DURATION",
      message: expect.stringContaining('createFunction "x": cancelOn.timeout: must be a duration'),
    });
  });
});

describe("a function without a trigger, or with the one that says that it is invoked", () => {
  it("is started by an invocation, and by nothing else", async () => {
    const none = inngest.createFunction({ id: "none" }, ({ event }) => ({ none: event.data.n }));
    const one = inngest.createFunction({ id: "one" }, { event: "inngest/function.invoked" }, ({ event }) => event.data);
    const parent = inngest.createFunction({ id: "parent" }, { event: "go" }, async ({ step }) => [
      await step.invoke("none", { function: none, data: { n: 1 } }),
      await step.invoke("one", { function: one, data: { n: 2 } }),
    ]);
    const cloud = await openCloud({ client: inngest, functions: [none, one, parent] });
    const run = await finish(cloud, { name: "go", data: {} });
    expect(run.output).toEqual([{ none: 1 }, { n: 2 }]);
    const { ids } = await cloud.send({ name: "invoke/one", data: {} });
    expect(await cloud.runsOf(ids[0])).toEqual([]);
    const missing = () => inngest.createFunction({ id: "missing" }, undefined as never, () => {});
    expect(thrown(missing)).toMatchObject({ code: "STEPWELL_INVALID_TRIGGER" });
  });
});
