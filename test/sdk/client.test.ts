import { afterEach, describe, expect, test, vi } from "vitest";
import { ENGINE_ENV_KEY as CONTRACT_KEY, DEFAULT_ENVIRONMENT } from "../../lambdas/contract.ts";
import {
  bindSender,
  ENVIRONMENT_DEFAULT,
  type PreparedEvent,
  runInScope,
  type Sender,
} from "../../sdk/client/index.ts";
import { ENGINE_ENV_KEY } from "../../sdk/client/send.ts";
import { type Code, EventSchemas, Stepwell } from "../../sdk/index.ts";
import { expectProblem } from "./thrown.ts";

function fakeSender(now?: () => number) {
  const sent: { app: string; events: readonly PreparedEvent[] }[] = [];
  const sender: Sender = {
    send: async (app, events) => {
      sent.push({ app, events });
    },
    ...(now && { now }),
  };
  return { sender, sent };
}

const build = (options: unknown) => new Stepwell(options as { id: string });

describe("a client", () => {
  test("has an id, an environment and perhaps a logger", () => {
    expect(new Stepwell({ id: "my-app_2" })).toMatchObject({ id: "my-app_2", environment: "main" });
    const options = {
      id: "a",
      schemas: new EventSchemas(),
      environment: "staging",
      logger: console,
      checkpointing: true,
    };
    expect(new Stepwell(options)).toMatchObject({ environment: "staging", logger: console });
  });

  test("says the same names as the contract of the Lambdas", () => {
    expect([ENGINE_ENV_KEY, ENVIRONMENT_DEFAULT]).toEqual([CONTRACT_KEY, DEFAULT_ENVIRONMENT]);
  });

  test.each<[string, unknown, Code, string[]]>([
    ["no options", undefined, "STEPWELL_INVALID_CLIENT", ["id"]],
    ["no id", {}, "STEPWELL_INVALID_CLIENT", ["id"]],
    ["an id as people write it", { id: "My App" }, "STEPWELL_INVALID_CLIENT", ["id", '"My App"', '"my-app"']],
    ["a long id", { id: "x".repeat(65) }, "STEPWELL_INVALID_CLIENT", ["id", "64"]],
    ["an unknown option", { id: "a", eventKey: "k" }, "STEPWELL_INVALID_CLIENT", ['"eventKey"']],
    [
      "a bad environment",
      { id: "a", environment: "Pull Request 7" },
      "STEPWELL_INVALID_CLIENT",
      ["environment", '"pull-request-7"'],
    ],
    ["half a logger", { id: "a", logger: { info: () => {} } }, "STEPWELL_INVALID_CLIENT", ["logger", '"debug"']],
    ["middleware that is no list", { id: "a", middleware: {} }, "STEPWELL_INVALID_CLIENT", ["middleware", "a list"]],
    [
      "middleware that is none",
      { id: "a", middleware: [{}] },
      "STEPWELL_INVALID_CLIENT",
      ["middleware[0]", "StepwellMiddleware"],
    ],
  ])("refuses %s", async (_what, options, code, parts) => {
    await expectProblem(() => build(options), code, "new Stepwell", ...parts);
  });
});

describe("send", () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test("puts events into envelopes, and answers with their ids in order", async () => {
    const client = new Stepwell({ id: "shop", environment: "staging" });
    const { sender, sent } = fakeSender(() => 5_000);
    const unbind = bindSender(client, sender);
    const { ids } = await client.send([
      { name: "a/b", data: { n: 1 } },
      { name: "a/c", id: "mine", ts: 7, user: { id: "u" }, v: "2" },
    ]);
    expect(ids).toEqual([expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/), "mine"]);
    expect(sent).toEqual([
      {
        app: "shop",
        events: [
          { name: "a/b", envelope: { v: 1, id: ids[0], ts: 5_000, env: "staging", data: { n: 1 } } },
          {
            name: "a/c",
            envelope: { v: 1, id: "mine", ts: 7, env: "staging", data: {}, user: { id: "u" }, version: "2" },
          },
        ],
      },
    ]);
    unbind();
  });

  test("gives ids that sort as they were sent", async () => {
    const client = new Stepwell({ id: "shop" });
    const unbind = bindSender(client, fakeSender().sender);
    const { ids } = await client.send(Array.from({ length: 100 }, () => ({ name: "a/b" })));
    const more = await client.send({ name: "a/b" });
    expect([...ids, ...more.ids].toSorted()).toEqual([...ids, ...more.ids]);
    expect(new Set(ids).size).toBe(100);
    unbind();
  });

  test("sends nothing when one event is bad, and needs no engine for none", async () => {
    const client = new Stepwell({ id: "shop" });
    const { sender, sent } = fakeSender();
    const unbind = bindSender(client, sender);
    await expectProblem(() => client.send([{ name: "ok" }, { name: "" }]), "STEPWELL_INVALID_EVENT", "events[1]");
    expect(sent).toEqual([]);
    unbind();
    expect(await client.send([])).toEqual({ ids: [] });
  });

  test("hands on what the sender says", async () => {
    const client = new Stepwell({ id: "shop" });
    const error = new Error("bus is down");
    const unbind = bindSender(client, { send: () => Promise.reject(error) });
    await expect(client.send({ name: "a" })).rejects.toBe(error);
    unbind();
  });

  test("inside a run goes to the run's engine, with its hops", async () => {
    const client = new Stepwell({ id: "shop" });
    const outside = fakeSender();
    const inside = fakeSender();
    const unbind = bindSender(client, outside.sender);
    await runInScope({ sender: inside.sender, hops: 3 }, async () => {
      await Promise.resolve();
      await client.send({ name: "a/b" });
    });
    expect(outside.sent).toEqual([]);
    expect(inside.sent).toMatchObject([{ app: "shop", events: [{ envelope: { trace: { hops: 3 } } }] }]);
    unbind();
  });

  test("says so when two local clouds use the client, until one is closed", async () => {
    const client = new Stepwell({ id: "shop" });
    const [one, two] = [fakeSender(), fakeSender()];
    const [closeOne, closeTwo] = [bindSender(client, one.sender), bindSender(client, two.sender)];
    await expectProblem(() => client.send({ name: "a" }), "STEPWELL_NO_ENGINE", '"shop"', "more than one");
    await runInScope({ sender: one.sender, hops: 1 }, () => client.send({ name: "a" }));
    closeOne();
    await client.send({ name: "a" });
    closeTwo();
    expect([one.sent.length, two.sent.length]).toEqual([1, 1]);
  });

  test.each([
    ["is not set", "", "startLocal"],
    ["is not JSON", "{nope", "not JSON"],
  ])("says what to do when the engine's binding %s", async (_what, value, part) => {
    vi.stubEnv(ENGINE_ENV_KEY, value);
    await expectProblem(() => new Stepwell({ id: "shop" }).send({ name: "a" }), "STEPWELL_NO_ENGINE", part);
  });

  test("finds the engine in the environment, and connects to it once", async () => {
    const { sender, sent } = fakeSender();
    const createBusSender = vi.fn((_binding: unknown) => sender);
    vi.doMock("../../lambdas/aws/bus.ts", () => ({ createBusSender }));
    vi.stubEnv(ENGINE_ENV_KEY, '{"engine":"mine"}');
    const client = new Stepwell({ id: "shop" });
    await client.send({ name: "a" });
    await client.send({ name: "b" });
    expect(createBusSender.mock.calls).toEqual([[{ engine: "mine" }]]);
    expect(sent.flatMap(({ events }) => events.map(({ name }) => name))).toEqual(["a", "b"]);
    vi.doUnmock("../../lambdas/aws/bus.ts");
  });
});

describe("cancel", () => {
  const runId = "01JD7QZ3M8W0V5XKB2T4N6R9PC";
  const client = new Stepwell({ id: "shop", environment: "staging" });

  test("asks the engine by an event of its own, in the client's app and environment", async () => {
    const { sender, sent } = fakeSender(() => 5_000);
    const unbind = bindSender(client, sender);
    await client.cancel(runId);
    await client.cancel(runId, { reason: "withdrawn" });
    unbind();
    const id = expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/);
    const request = (data: object) => ({
      app: "shop",
      events: [{ name: "stepwell/run.cancel", envelope: { v: 1, id, ts: 5_000, env: "staging", data } }],
    });
    const address = { app: "shop", runId };
    expect(sent).toEqual([request(address), request({ ...address, reason: "withdrawn" })]);
  });

  test("inside a run asks that run's engine, a hop further", async () => {
    const { sender, sent } = fakeSender();
    await runInScope({ sender, hops: 3, env: "pr-7" }, () => client.cancel(runId));
    expect(sent).toMatchObject([{ events: [{ envelope: { env: "pr-7", trace: { hops: 3 } } }] }]);
  });

  test("takes a reason up to its limit", async () => {
    const { sender, sent } = fakeSender();
    await runInScope({ sender, hops: 0 }, () => client.cancel(runId, { reason: "x".repeat(256) }));
    expect(sent).toHaveLength(1);
  });

  test.each<[string, unknown[], string[]]>([
    ["no id", [], ["cancel", "run's id"]],
    ["an id of 25 characters", [runId.slice(1)], ["run's id", runId.slice(1)]],
    ["an id in small letters", [runId.toLowerCase()], ["run's id"]],
    ["an id that is no text", [{ runId }], ["run's id", "an object"]],
    ["a reason in the place of the options", [runId, "withdrawn"], ["{ reason? }"]],
    ["an unknown option", [runId, { because: "x" }], ['"because"']],
    ["a reason that is no text", [runId, { reason: 7 }], ["cancel: reason", "7"]],
    ["a long reason", [runId, { reason: "x".repeat(257) }], ["cancel: reason", "256"]],
  ])("refuses %s", async (_what, [id, options], parts) => {
    const { sender, sent } = fakeSender();
    const code = () => runInScope({ sender, hops: 0 }, () => client.cancel(id as string, options as object));
    await expectProblem(code, "STEPWELL_INVALID_OPTION", ...parts);
    expect(sent).toEqual([]);
  });
});
