import { client, functions, type IngestOptions, ingest, OqronKit, send } from "stepwell/oqronkit";
import { serve } from "stepwell/oqronkit/lambda";
import { TestEngine } from "stepwell/test";
import { describe, expect, expectTypeOf, it } from "vitest";
import { finish, openCloud, thrown } from "./cloud.ts";

const handler = () => {};
const define = (options: object) => () => ingest({ name: "any", event: "any", handler, ...options } as IngestOptions);

describe("before OqronKit.init", () => {
  it("functions can be defined, and there is no app to send from or to serve", async () => {
    ingest({ name: "early/bird", event: "early", handler });
    for (const call of [client, serve]) {
      expect(thrown(call)).toMatchObject({
        code: "STEPWELL_INVALID_CLIENT",
        message: expect.stringContaining("OqronKit.init"),
      });
    }
    await expect(send({ name: "early", data: {} })).rejects.toMatchObject({ code: "STEPWELL_INVALID_CLIENT" });
  });
});

describe("OqronKit.init", () => {
  it("refuses what it does not know, and a second app in one process", async () => {
    const init = (config: object) => OqronKit.init({ config } as never);
    await expect(init({ project: "shop", mode: "redis" })).rejects.toMatchObject({
      code: "STEPWELL_INVALID_CLIENT",
      message: expect.stringContaining('OqronKit.init: config: there is no option "mode"'),
    });
    await expect(init({ project: "" })).rejects.toMatchObject({
      message: expect.stringContaining("OqronKit.init: config.project: must be 1 to 64 characters"),
    });
    await expect(init({ project: "shop", environment: 7 })).rejects.toMatchObject({
      message: expect.stringContaining("OqronKit.init: config.environment: must be a string"),
    });
    await expect(init({})).rejects.toMatchObject({ message: expect.stringContaining("config.project: must be") });
    await expect(OqronKit.init(undefined as never)).rejects.toMatchObject({ code: "STEPWELL_INVALID_CLIENT" });
    await OqronKit.init({ config: { project: "My Shop" } });
    await OqronKit.init({ config: { project: "my-shop" } });
    await expect(init({ project: "other" })).rejects.toMatchObject({ message: expect.stringContaining('"my-shop"') });
    expect(client().id).toBe("my-shop");
  });
});

describe("a function's name", () => {
  it("becomes its id, and stays its name", async () => {
    const manifest = await serve()({ stepwell: "manifest" }, {} as never);
    expect(manifest).toMatchObject({ app: "my-shop", functions: [{ id: "early-bird", name: "early/bird" }] });
  });

  it("must not lead to another function's id", () => {
    expect(thrown(define({ name: "Early Bird" }))).toMatchObject({
      code: "STEPWELL_DUPLICATE_FUNCTION",
      message:
        'ingest "Early Bird": the id "early-bird", which follows from the name, is that of ingest "early/bird" already. Rename one of them.',
    });
  });

  it("must be a text from which an id follows", () => {
    expect(thrown(define({ name: 7 })).message).toContain("ingest: name: must be a text");
    expect(thrown(define({ name: "???" })).code).toBe("STEPWELL_INVALID_FUNCTION");
    expect(thrown(define({ name: "long/".repeat(20) })).message).toContain("1 to 64 characters");
  });
});

describe("wrong options", () => {
  it.each([
    [{ batch: { maxSize: 0, timeout: "5s" } }, 'ingest "any": batch.maxSize'],
    [{ timeout: "soon" }, 'ingest "any": timeout'],
    [{ concurrency: "many" }, 'ingest "any": concurrency'],
    [{ retries: 99 }, 'ingest "any": retries'],
    [{ rateLimit: { limit: 1 } }, 'ingest "any": rateLimit.period'],
    [{ event: undefined }, 'ingest "any": event: must be'],
    [{ event: ["stepwell/any"] }, 'ingest "any": event: names that begin with "stepwell/"'],
    [{ handler: undefined }, 'ingest "any": handler: must be a function'],
    [{ batchEvents: { maxSize: 1, timeout: "5s" } }, 'ingest "any": there is no option "batchEvents"'],
  ])("name the option as it is called here: %j", (options, start) => {
    expect(thrown(define(options)).message.startsWith(start)).toBe(true);
    expect(functions().map(({ name }) => name)).not.toContain("any");
  });
});

describe("a function", () => {
  it("is cancelled when its timeout is over, and onFailure belongs to it", async () => {
    const seen: string[] = [];
    ingest({ name: "slow", event: "slow", timeout: "30m", handler: ({ step }) => step.sleep("long", "2h") });
    ingest({
      name: "fails",
      event: "fails",
      retries: 0,
      onFailure: ({ error }) => void seen.push(error.message),
      handler: () => {
        throw new Error("down");
      },
    });
    const cloud = await openCloud({ client: client(), functions: functions() });
    const run = await finish(cloud, { name: "slow", data: {} });
    expect([run.status, ((run.endedAt ?? 0) - run.queuedAt) / 60_000]).toEqual(["cancelled", 30]);
    await finish(cloud, { name: "fails", data: {} });
    await cloud.passTime("1m");
    expect(seen).toEqual(["down"]);
  });

  it("is tested by TestEngine, with those that it invokes", async () => {
    const child = ingest({ name: "tested/child", event: "tested.child", handler: ({ event }) => Number(event.data.n) });
    const parent = ingest({
      name: "tested/parent",
      event: "tested.parent",
      handler: async ({ step }) => ({ got: await step.invoke("child", child, { n: 3 }) }),
    });
    const t = new TestEngine({ function: parent, functions: functions() });
    const { result } = await t.execute();
    expectTypeOf(result).toEqualTypeOf<{ got: number } | undefined>();
    expect(result).toEqual({ got: 3 });
    expect((await t.survivesCrashes()).points).toHaveLength(1);
  });

  it("gives its result's type to step.invoke by position", () => {
    const child = ingest({ name: "child", event: "child", handler: async () => ({ at: new Date() }) });
    ingest({
      name: "parent",
      event: ["parent", "guardian"],
      handler: async ({ step, event }) => {
        expectTypeOf(await step.invoke("child", child, event.data)).toEqualTypeOf<{ at: string }>();
      },
    });
  });
});
