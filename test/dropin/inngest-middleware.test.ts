import { dependencyInjectionMiddleware, Inngest, InngestMiddleware, NonRetriableError } from "stepwell/inngest";
import { describe, expect, expectTypeOf, it } from "vitest";
import { finish, openCloud, thrown } from "./cloud.ts";

const db = { find: (id: string) => `user ${id}` };
const tenant = new InngestMiddleware({
  name: "tenant",
  init: () => ({
    onFunctionRun: ({ ctx }) => ({ transformInput: () => ({ ctx: { tenant: String(ctx.event.data.tenant) } }) }),
  }),
});

describe("middleware of Inngest", () => {
  it("adds to the handler's context, typed, from the client and from a function", async () => {
    const inngest = new Inngest({ id: "app", middleware: [dependencyInjectionMiddleware({ db })] });
    const fn = inngest.createFunction(
      { id: "greet", middleware: [tenant] },
      { event: "greet" },
      async ({ event, db, tenant, step }) => {
        expectTypeOf(tenant).toEqualTypeOf<string>();
        return step.run("find", () => `${db.find(event.data.id)} of ${tenant}`);
      },
    );
    const cloud = await openCloud({ client: inngest, functions: [fn] });
    const run = await finish(cloud, { name: "greet", data: { id: "u1", tenant: "t1" } });
    expect(run.output).toBe("user u1 of t1");
  });

  it("sees the engine's events under Inngest's names, as handlers do", async () => {
    const seen: string[] = [];
    const watching = new InngestMiddleware({
      name: "watching",
      init: () => ({
        onFunctionRun: ({ ctx, fn }) => {
          seen.push(`${fn.id} begins: ${ctx.event.name}`);
          return { transformInput: ({ ctx }) => void seen.push(`${fn.id} gets: ${ctx.event.name}`) };
        },
      }),
    });
    const inngest = new Inngest({ id: "app", middleware: [watching] });
    const fails = inngest.createFunction({ id: "fails" }, { event: "go" }, () => {
      throw new NonRetriableError("no");
    });
    const alert = inngest.createFunction({ id: "alert" }, { event: "inngest/function.failed" }, ({ event }) => {
      seen.push(`handler: ${event.name}`);
    });
    const cloud = await openCloud({ client: inngest, functions: [fails, alert] });
    await finish(cloud, { name: "go", data: {} });
    await cloud.passTime("1m");
    expect(seen).toEqual([
      "fails begins: go",
      "fails gets: go",
      "alert begins: inngest/function.failed",
      "alert gets: inngest/function.failed",
      "handler: inngest/function.failed",
    ]);
  });

  it("changes what is sent, by the client and by a step", async () => {
    const stamping = new InngestMiddleware({
      name: "stamping",
      init: () => ({
        onSendEvent: () => ({
          transformInput: ({ payloads }) => ({
            payloads: payloads.map((payload) => ({ ...payload, data: { ...(payload.data as object), stamped: true } })),
          }),
        }),
      }),
    });
    const inngest = new Inngest({ id: "app", middleware: [stamping] });
    const got: unknown[] = [];
    const first = inngest.createFunction({ id: "first" }, { event: "first" }, async ({ event, step }) => {
      got.push(event.data);
      await step.sendEvent("second", { name: "second", data: { n: 2 } });
    });
    const second = inngest.createFunction(
      { id: "second" },
      { event: "second" },
      ({ event }) => void got.push(event.data),
    );
    const cloud = await openCloud({ client: inngest, functions: [first, second] });
    await inngest.send({ name: "first", data: { n: 1 } });
    await cloud.passTime("5s");
    expect(got).toEqual([
      { n: 1, stamped: true },
      { n: 2, stamped: true },
    ]);
  });

  it("that is none is refused, with its place: v4's classes too", () => {
    class OfV4 {
      readonly id = "of-v4";
    }
    const error = thrown(() => new Inngest({ id: "app", middleware: [tenant, OfV4 as never] }));
    expect(error).toMatchObject({
      code: "STEPWELL_INVALID_CLIENT",
      message: expect.stringContaining("middleware[1]: must be what"),
    });
    expect(thrown(() => new InngestMiddleware({ name: "x" } as never))).toMatchObject({
      code: "STEPWELL_INVALID_OPTION",
    });
    expect(thrown(() => new InngestMiddleware(undefined as never))).toMatchObject({ code: "STEPWELL_INVALID_OPTION" });
  });
});
