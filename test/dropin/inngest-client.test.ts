import { EventSchemas, group, Inngest, openai, referenceFunction, StepError, step } from "stepwell/inngest";
import { serve } from "stepwell/inngest/lambda";
import { TestEngine } from "stepwell/test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { finish, openCloud, thrown } from "./cloud.ts";

afterEach(() => vi.unstubAllEnvs());

describe("ids", () => {
  it("may be any text: the id follows from it, and the text is the name", () => {
    const inngest = new Inngest({ id: "My App" });
    const fn = inngest.createFunction({ id: "user/Sign Up" }, { event: "a" }, () => {});
    expect([inngest.id, fn.id, fn.manifest.name]).toEqual(["my-app", "user-sign-up", "user/Sign Up"]);
    expect(inngest.createFunction({ id: "plain_id" }, { event: "a" }, () => {}).manifest.name).toBeUndefined();
    expect(inngest.createFunction({ id: "Two", name: "My name" }, { event: "a" }, () => {}).manifest.name).toBe(
      "My name",
    );
  });

  it("that lead to the same are an error of serve", () => {
    const inngest = new Inngest({ id: "app" });
    const functions = ["user/signup", "user.signup"].map((id) =>
      inngest.createFunction({ id }, { event: "a" }, () => {}),
    );
    expect(thrown(() => serve({ client: inngest, functions }))).toMatchObject({
      code: "STEPWELL_DUPLICATE_FUNCTION",
      message: expect.stringContaining('"user-signup"'),
    });
  });

  it("that are too long, or no text, are refused as Stepwell's own are", () => {
    expect(thrown(() => new Inngest({ id: "x y".repeat(40) })).code).toBe("STEPWELL_INVALID_CLIENT");
    const inngest = new Inngest({ id: "app" });
    const error = thrown(() => inngest.createFunction({ id: 7 as never }, { event: "a" }, () => {}));
    expect(error.message).toContain("createFunction: id: must be a string");
  });
});

describe("the environment", () => {
  it("is the option env, else INNGEST_ENV, else main; branch names become ids", () => {
    expect(new Inngest({ id: "app" }).environment).toBe("main");
    vi.stubEnv("INNGEST_ENV", "feature/Login");
    expect(new Inngest({ id: "app" }).environment).toBe("feature-login");
    expect(new Inngest({ id: "app", env: "staging" }).environment).toBe("staging");
  });

  it("of an event is the client's: another one is refused", async () => {
    const inngest = new Inngest({ id: "app", env: "feature/x" });
    const cloud = await openCloud({ client: inngest, functions: [] });
    await expect(inngest.send({ name: "a" }, { env: "other" })).rejects.toMatchObject({
      code: "STEPWELL_UNSUPPORTED",
      message: expect.stringContaining('send: env: the client\'s environment is "feature-x"'),
    });
    expect((await inngest.send({ name: "a" }, { env: "feature/x" })).ids).toHaveLength(1);
    await cloud.close();
  });
});

describe("what function code uses", () => {
  it("runs in both call shapes, with schemas, references, StepError and onFailure", async () => {
    type Events = { "order/placed": { data: { total: number } } };
    const inngest = new Inngest({ id: "app", schemas: new EventSchemas().fromRecord<Events>() });
    const double = inngest.createFunction({ id: "double", triggers: { event: "order/placed" } }, ({ event }) => ({
      twice: event.data.total * 2,
    }));
    const main = inngest.createFunction(
      { id: "main", retries: 0 },
      { event: "order/placed" },
      async ({ event, step }) => {
        const reference = referenceFunction<typeof double>({ functionId: "double" });
        const { twice } = await step.invoke("double", { function: reference, data: { total: event.data.total } });
        const caught = await step
          .run("fails", () => {
            throw new Error("boom");
          })
          .catch((error: unknown) => (StepError.is(error) ? error.stepId : "no StepError"));
        return { twice, caught };
      },
    );
    const cloud = await openCloud({ client: inngest, functions: [main] });
    const failed = await finish(cloud, { name: "order/placed", data: { total: 2 } });
    expect(failed.error).toMatchObject({ code: "STEPWELL_FUNCTION_NOT_FOUND" });
    const whole = await openCloud({ client: inngest, functions: [main, double] });
    const { ids } = await whole.send({ name: "order/placed", data: { total: 2 } });
    const run = (await whole.runsOf(ids[0])).find(({ functionId }) => functionId === "main");
    expect((await whole.waitForRun(run?.id)).output).toEqual({ twice: 4, caught: "fails" });
  });

  it("lists what a client has made, for serve", () => {
    const inngest = new Inngest({ id: "app" });
    const made = ["a", "b"].map((id) => inngest.createFunction({ id }, { event: "go" }, () => {}));
    expect(inngest.funcs).toEqual(made);
  });

  it("finds step and group of the run around, in helpers that are not handed them", async () => {
    const inngest = new Inngest({ id: "app" });
    const helper = (n: number) =>
      group.parallel(() => Promise.all([step.run("same", () => n), step.run("twice", () => n * 2)]));
    const fn = inngest.createFunction({ id: "helped" }, { event: "go" }, ({ event }) => helper(event.data.n));
    const cloud = await openCloud({ client: inngest, functions: [fn] });
    const runs = await Promise.all([1, 2].map((n) => finish(cloud, { name: "go", data: { n } })));
    expect(runs.map(({ output }) => output)).toEqual([
      [1, 2],
      [2, 4],
    ]);
    for (const outside of [() => helper(1), () => step.run("x", () => 1)]) {
      expect(thrown(outside)).toMatchObject({ code: "STEPWELL_INVALID_STEP" });
    }
  });

  it("waits for a signal until a Date, and sends one, in the client's environment alone", async () => {
    const inngest = new Inngest({ id: "app" });
    const fn = inngest.createFunction({ id: "wait" }, { event: "go" }, ({ event, step }) =>
      step.waitForSignal("wait", { signal: "s", timeout: new Date(event.ts + 60_000), onConflict: "fail" }),
    );
    const cloud = await openCloud({ client: inngest, functions: [fn] });
    expect((await finish(cloud, { name: "go", data: {} })).output).toBeNull();
    const { ids } = await cloud.send({ name: "go", data: {} });
    await expect(inngest.sendSignal({ signal: "s", env: "other" })).rejects.toMatchObject({
      code: "STEPWELL_UNSUPPORTED",
      message: expect.stringContaining("sendSignal: env: "),
    });
    await inngest.sendSignal({ signal: "s", data: 1, env: "main" });
    const [run] = await cloud.runsOf(ids[0]);
    expect((await cloud.waitForRun(run?.id)).output).toEqual({ signal: "s", data: 1 });
  });
});

describe("models", () => {
  it("are made by step.ai.models, and by functions of the same names", async () => {
    const fn = new Inngest({ id: "app" }).createFunction({ id: "ask" }, { event: "a" }, async ({ step }) => {
      const model = step.ai.models.openai({ model: "m" });
      const body = { messages: [{ role: "user", content: "Hello" }] };
      const { choices } = await step.ai.infer("ask", { model, body });
      return [choices[0]?.message.content, model.url, openai({ model: "m" }).url];
    });
    const handler = () => ({ choices: [{ message: { role: "assistant", content: "Hi" } }] });
    const url = "https://api.openai.com/v1/chat/completions";
    const { result } = await new TestEngine({ function: fn, steps: [{ id: "ask", handler }] }).execute();
    expect(result).toEqual(["Hi", url, url]);
  });
});

it("an unknown option of the client is refused, in Inngest's words", () => {
  expect(thrown(() => new Inngest({ id: "app", environmen: "x" } as never)).message).toMatch(/middleware, env, check/);
});
