import type { StandardSchemaV1 } from "@standard-schema/spec";
import { type AnyFunction, EventSchemas, eventType, StepError, Stepwell, StepwellError } from "stepwell";
import { encryptionMiddleware } from "stepwell/middleware";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { finish, type Input, on, openCloud, runHandler, start } from "./cloud.ts";

const placed = eventType("shop/placed", { schema: z.object({ orderId: z.string(), total: z.number().positive() }) });
const paid = eventType("shop/paid", { schema: z.object({ orderId: z.string() }) });
const anything = new Stepwell({ id: "shop" });

/** A schema that a later deploy may make stricter. */
function changing() {
  const state = { strict: false, asked: 0 };
  const schema = z.unknown().refine(() => {
    state.asked += 1;
    return !state.strict;
  }, "not any more");
  return { state, schema: z.object({ field: schema }) };
}

describe("a run whose event does not fit its schema", () => {
  it("fails at once, before any code of its function, and onFailure gets the event as it came", async () => {
    const [ran, failures]: [unknown[], unknown[]] = [[], []];
    const fn = anything.createFunction(
      {
        id: "confirm",
        retries: 4,
        triggers: [placed],
        onFailure: ({ event, error }) =>
          void failures.push([event.data.event.data, error.name, (error as StepwellError).code]),
      },
      () => void ran.push("the handler"),
    );
    const cloud = await openCloud([fn]);
    const run = await finish(cloud, { name: "shop/placed", id: "o1", data: { orderId: 7, total: 0 } });
    expect(run).toMatchObject({ status: "failed", attempts: 1, steps: [] });
    expect(run.error).toMatchObject({ name: "EventSchemaError", code: "STEPWELL_SCHEMA_MISMATCH" });
    expect(run.error?.message).toMatch(
      /^the event "shop\/placed" \(o1\) does not fit its schema: data\.orderId: .*string.*; data\.total: .*\. No code of the function was run\.$/,
    );
    await cloud.passTime("1s");
    expect(ran).toEqual([]);
    expect(failures).toEqual([[{ orderId: 7, total: 0 }, "EventSchemaError", "STEPWELL_SCHEMA_MISMATCH"]]);
  });

  it("is one thing, a run whose event fits another: what the schema would add or take away is left alone", async () => {
    const seen: unknown[] = [];
    const schema = z.object({ n: z.coerce.number(), size: z.number().default(1) });
    const fn = anything.createFunction({ id: "see" }, eventType("shop/see", { schema }), ({ event }) => {
      seen.push(event.data);
    });
    const run = await finish(await openCloud([fn]), { name: "shop/see", data: { n: "7", more: true } });
    expect([run.status, seen]).toEqual(["completed", [{ n: "7", more: true }]]);
  });

  it("is not stopped by a deploy with a stricter schema, once it has steps", async () => {
    const { state, schema } = changing();
    const fn = anything.createFunction({ id: "rest" }, eventType("shop/rest", { schema }), async ({ step }) => {
      await step.run("first", () => 1);
      await step.sleep("night", "8h");
      return step.run("second", () => 2);
    });
    const cloud = await openCloud([fn]);
    const run = await start(cloud, { name: "shop/rest", data: { field: 1 } });
    state.strict = true;
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: 2 });
    expect(state.asked).toBe(1);
  });

  it("of a batch is named by its place, and all the batch's events are told to onFailure", async () => {
    const told: unknown[] = [];
    const fn = anything.createFunction(
      {
        id: "many",
        batchEvents: { maxSize: 3, timeout: "1m" },
        onFailure: ({ event }) => void told.push(event.data.events.map(({ data }) => data)),
      },
      paid,
      () => {},
    );
    const cloud = await openCloud([fn]);
    const all = [{ orderId: "o1" }, { orderId: 2 }, { orderId: "o3" }];
    const { ids } = await cloud.send(all.map((data) => ({ name: "shop/paid", data })));
    const [run] = await cloud.runsOf(ids[1]);
    expect(await cloud.waitForRun(run?.id)).toMatchObject({ status: "failed" });
    await cloud.passTime("1s");
    expect((await cloud.run(run?.id))?.error?.message).toMatch(/^events\[1\], the event "shop\/paid" .*data\.orderId/);
    expect(told).toEqual([all]);
  });

  it("waits for an asynchronous schema; an error of the schema itself is one of the handler, and tried again", async () => {
    let tries = 0;
    const validate = async (value: unknown) => {
      tries += 1;
      if (tries === 1) throw new Error("the catalogue is down");
      const known = (value as { sku: string }).sku === "known";
      return known ? { value: value as { sku: string } } : { issues: [{ message: "unknown sku" }] };
    };
    const schema: StandardSchemaV1<{ sku: string }> = { "~standard": { version: 1, vendor: "test", validate } };
    const fn = anything.createFunction({ id: "stock" }, eventType("shop/stock", { schema }), () => "stocked");
    const cloud = await openCloud([fn]);
    const known = await finish(cloud, { name: "shop/stock", data: { sku: "known" } });
    expect(known).toMatchObject({ status: "completed", output: "stocked", attempts: 2 });
    const unknown = await finish(cloud, { name: "shop/stock", data: { sku: "other" } });
    expect(unknown).toMatchObject({ status: "failed", attempts: 1 });
    expect(unknown.error?.message).toContain("data: unknown sku");
  });
});

describe("the schemas of a client", () => {
  const { state, schema } = changing();
  const client = new Stepwell({ id: "shop", schemas: new EventSchemas().fromSchema({ "shop/known": schema }) });
  const fn = client.createFunction({ id: "known" }, [{ event: "shop/*" }], ({ event }) => event.name);

  it("check what arrives too, by the event's own name, also under a wildcard", async () => {
    state.strict = false;
    const cloud = await openCloud([fn as AnyFunction], { client });
    const fits = await finish(cloud, { name: "shop/known", data: { field: 1 } });
    expect(fits).toMatchObject({ status: "completed", output: "shop/known" });
    const { ids } = await cloud.send({ name: "shop/other" } as never);
    expect(await cloud.runsOf(ids[0])).toMatchObject([{ status: "completed" }]);
    await cloud.close();
    // Sent by somebody who knows no schemas, or older ones.
    const stranger = await openCloud([fn as AnyFunction], { client: anything });
    state.strict = true;
    const strange = await finish(stranger, { name: "shop/known", data: { field: 1 } });
    expect(strange.error?.message).toContain("data.field: not any more");
  });
});

describe("an invoked function", () => {
  const invoke = async (children: readonly AnyFunction[], data: object) => {
    const parent = on("parent", ({ step }: Input) =>
      step.invoke("call", { function: children[0] as AnyFunction, data }),
    );
    return finish(await openCloud([parent, ...children]), { name: "shop/parent" });
  };
  const either = () =>
    anything.createFunction({ id: "either" }, [placed, { event: paid }], ({ event }) => event.name) as AnyFunction;

  it("takes the data of any of its events", async () => {
    expect(await invoke([either()], { orderId: "o1" })).toMatchObject({ status: "completed" });
    expect(await invoke([either()], { orderId: "o1", total: 1 })).toMatchObject({ status: "completed" });
  });

  it("fails with other data, and so does the step that invoked it", async () => {
    const run = await invoke([either()], { order: "o1" });
    expect(run).toMatchObject({ status: "failed", error: { code: "STEPWELL_SCHEMA_MISMATCH", stepId: "call" } });
    expect(run.error?.message).toContain("data.orderId");
  });

  it("takes anything when one of its events is not known at run time", async () => {
    const loose = anything.createFunction({ id: "loose" }, [placed, { event: "shop/any" }], () => "ran") as AnyFunction;
    expect(await invoke([loose], { order: "o1" })).toMatchObject({ status: "completed", output: "ran" });
  });
});

describe("step.waitForEvent of an eventType", () => {
  const waiting = async ({ step }: Input) => {
    const event = await step.waitForEvent("payment", { event: paid, timeout: "1d" });
    return event?.data.orderId ?? "nothing";
  };

  it("gives the event, or null", async () => {
    const cloud = await openCloud([on("wait", waiting)]);
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send(paid.create({ orderId: "o1" }));
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "o1" });
    // An event of the second in which a wait begins counts as after it.
    await cloud.passTime("2s");
    expect(await finish(cloud, { name: "shop/wait" })).toMatchObject({ status: "completed", output: "nothing" });
  });

  it("rejects when the event does not fit, and an uncaught one fails the run without retries", async () => {
    const cloud = await openCloud([on("wait", waiting)]);
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid", id: "p1", data: { orderId: 7 } });
    const ended = await cloud.waitForRun(run.id);
    expect(ended).toMatchObject({ status: "failed", attempts: 1, error: { code: "STEPWELL_SCHEMA_MISMATCH" } });
    expect(ended.error?.message).toMatch(/^step\.waitForEvent "payment": the event "shop\/paid" \(p1\).*data\.orderId/);
  });

  it("may be caught, the same at every replay", async () => {
    const seen: string[] = [];
    const careful = async (input: Input) => {
      const got = await waiting(input).catch((error) => (StepwellError.is(error) ? error.code : "other"));
      await input.step.run(got, () => seen.push(got));
      await input.step.sleep("night", "8h");
      return input.step.run(`${got} again`, () => got);
    };
    const cloud = await openCloud([on("wait", careful)]);
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid", data: {} });
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "STEPWELL_SCHEMA_MISMATCH" });
    expect(seen).toEqual(["STEPWELL_SCHEMA_MISMATCH"]);
  });

  it("that nobody awaits ends nothing but itself", async () => {
    const cloud = await openCloud([
      on("wait", async ({ step }) => {
        void step.waitForEvent("payment", { event: paid, timeout: "1d" });
        await step.sleep("night", "8h");
        return "slept";
      }),
    ]);
    const run = await start(cloud, { name: "shop/wait" });
    await cloud.send({ name: "shop/paid", data: {} });
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: "slept" });
  });
});

describe("step.sendEvent", () => {
  it("of an event that does not fit fails the step without retries, and sends none of them", async () => {
    const bad = placed.create({ orderId: "o1", total: -1 });
    const { run, cloud } = await runHandler(({ step }) =>
      step.sendEvent("announce", [paid.create({ orderId: "o1" }, { id: "first" }), bad]).catch((error) => {
        if (!StepError.is(error)) throw error;
        return [error.stepId, error.code, error.message];
      }),
    );
    expect(run.steps).toMatchObject([{ id: "announce", status: "failed", attempts: 1 }]);
    const message = expect.stringMatching(/^step\.sendEvent "announce": events\[1\] "shop\/placed" .*data\.total/);
    expect(run.output).toEqual(["announce", "STEPWELL_SCHEMA_MISMATCH", message]);
    expect(await cloud.runsOf("first")).toEqual([]);
  });

  it("that has been sent is not asked about again, when a deploy brings a stricter schema", async () => {
    const { state, schema } = changing();
    const news = eventType("shop/news", { schema });
    const cloud = await openCloud([
      on("send", async ({ step }) => {
        const { ids } = await step.sendEvent("announce", news.create({ field: 1 }));
        await step.sleep("night", "8h");
        return ids.length;
      }),
    ]);
    const run = await start(cloud, { name: "shop/send" });
    state.strict = true;
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed", output: 1 });
    expect(state.asked).toBe(1);
  });
});

it("cancelOn takes an eventType", async () => {
  const fn = anything.createFunction(
    { id: "cancelled", cancelOn: [{ event: paid, match: "data.orderId" }] },
    { event: "shop/sleep" },
    ({ step }) => step.sleep("long", "1d"),
  );
  const cloud = await openCloud([fn]);
  const run = await start(cloud, { name: "shop/sleep", data: { orderId: "o1" } });
  await cloud.send(paid.create({ orderId: "o1" }));
  expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "cancelled" });
});

describe("beside middleware that encrypts", () => {
  const order = z.object({ orderId: z.string() });
  const client = new Stepwell({
    id: "shop",
    schemas: new EventSchemas().fromSchema({ "shop/paid": order, "shop/told": order }),
    middleware: [encryptionMiddleware({ keys: [Buffer.alloc(32, 1)], events: "data" })],
  });
  const seen: unknown[] = [];
  const fn = client.createFunction({ id: "tell" }, { event: "shop/paid" }, async ({ event, step }) => {
    const again = await step.waitForEvent("again", { event: "shop/told", timeout: "1d" });
    await step.sendEvent("last", { name: "shop/told", id: "last", data: { orderId: "o3" } });
    seen.push(event.data, again?.data);
  });

  it("schemas judge what the code sends and gets, and not what travels", async () => {
    const cloud = await openCloud([fn as AnyFunction], { client });
    const run = await start(cloud, { name: "shop/paid", data: { orderId: "o1" } });
    await cloud.passTime("2s");
    await cloud.send({ name: "shop/told", data: { orderId: "o2" } });
    expect(await cloud.waitForRun(run.id)).toMatchObject({ status: "completed" });
    expect(seen).toEqual([{ orderId: "o1" }, { orderId: "o2" }]);
    await expect(client.send({ name: "shop/paid", data: { orderId: 7 as never } })).rejects.toMatchObject({
      code: "STEPWELL_SCHEMA_MISMATCH",
    });
  });
});
