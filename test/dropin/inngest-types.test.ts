import {
  type Context,
  EventSchemas,
  eventType,
  type GetEvents,
  type GetFunctionInput,
  type GetFunctionOutput,
  Inngest,
  invoke,
} from "stepwell/inngest";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

type Events = {
  "app/user.created": { data: { userId: string; at: Date } };
  "app/user.deleted": { data: { userId: string } };
};
const inngest = new Inngest({ id: "app", schemas: new EventSchemas().fromRecord<Events>() });
const untyped = new Inngest({ id: "app" });

describe("the event of a handler", () => {
  test("is that of the trigger, or of an invocation with the same data", () => {
    inngest.createFunction({ id: "one" }, { event: "app/user.created" }, ({ event, events }) => {
      expectTypeOf(event.name).toEqualTypeOf<"app/user.created" | "inngest/function.invoked">();
      expectTypeOf(event.data).toEqualTypeOf<{ userId: string; at: string }>();
      expectTypeOf(events[0].name).toEqualTypeOf<"app/user.created">();
    });
  });

  test("has Inngest's names for the engine's own", () => {
    inngest.createFunction({ id: "cron" }, { cron: "0 9 * * *" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"inngest/scheduled.timer" | "inngest/function.invoked">();
      expectTypeOf(event.data.cron).toEqualTypeOf<string>();
    });
    inngest.createFunction({ id: "failed" }, { event: "inngest/function.failed" }, ({ event }) => {
      if (event.name === "inngest/function.invoked") return;
      expectTypeOf(event.data.error.message).toEqualTypeOf<string>();
      expectTypeOf(event.data.event.name).toEqualTypeOf<"app/user.created" | "app/user.deleted">();
    });
  });

  test("is free without schemas: data and user are any", () => {
    untyped.createFunction({ id: "free" }, { event: "any/thing" }, ({ event }) => {
      expectTypeOf(event.data).toBeAny();
      expectTypeOf(event.user).toBeAny();
    });
  });

  test("of an event type is known without schemas, and an invoke trigger says what invocations bring", () => {
    const created = eventType("app/user.created", { schema: z.object({ userId: z.string() }) });
    const fn = untyped.createFunction(
      { id: "typed", triggers: [created, invoke(z.object({ rows: z.number() }))] },
      ({ event }) => {
        if (event.name === "app/user.created") expectTypeOf(event.data).toEqualTypeOf<{ userId: string }>();
        else expectTypeOf(event.data).toEqualTypeOf<{ rows: number }>();
        return new Date();
      },
    );
    expectTypeOf<GetFunctionOutput<typeof fn>>().toEqualTypeOf<string>();
    untyped.createFunction({ id: "calls" }, { event: "go" }, async ({ step }) => {
      expectTypeOf(await step.invoke("typed", { function: fn, data: { rows: 1 } })).toEqualTypeOf<string>();
      // @ts-expect-error: of another type than the invoke trigger says
      await step.invoke("typed", { function: fn, data: { rows: "1" } });
    });
  });
});

describe("what does not fit is refused by the compiler", () => {
  test("names and data that the schemas do not know", () => {
    compiled(async () => {
      // @ts-expect-error: unknown name
      inngest.createFunction({ id: "typo" }, { event: "app/typo" }, () => {});
      const cancelOn = [{ event: "app/typo" as const }];
      // @ts-expect-error: unknown name
      inngest.createFunction({ id: "typo", cancelOn }, { event: "app/user.created" }, () => {});
      // @ts-expect-error: a field is missing
      await inngest.send({ name: "app/user.created", data: { userId: "u1" } });
      // @ts-expect-error: the engine's own
      await inngest.send({ name: "inngest/function.failed", data: {} });
      inngest.createFunction({ id: "waits" }, { event: "app/user.created" }, async ({ step }) => {
        const deleted = await step.waitForEvent("deleted", { event: "app/user.deleted", timeout: new Date() });
        expectTypeOf(deleted?.data.userId).toEqualTypeOf<string | undefined>();
        // @ts-expect-error: unknown name
        await step.waitForEvent("typo", { event: "app/typo", timeout: "1d" });
      });
    });
  });

  test("options that are refused, and fields that onFailure does not get", () => {
    compiled(() => {
      // @ts-expect-error: refused
      new Inngest({ id: "app", baseUrl: "https://example.com" });
      inngest.createFunction(
        {
          id: "fails",
          onFailure: ({ error, event }) => {
            expectTypeOf(error).toEqualTypeOf<Error>();
            expectTypeOf(event.name).toEqualTypeOf<"inngest/function.failed">();
            expectTypeOf(event.data.event.data.userId).toEqualTypeOf<string>();
          },
        },
        { event: "app/user.deleted" },
        () => {},
      );
    });
  });
});

describe("helper types", () => {
  test("name events, inputs and contexts", () => {
    expectTypeOf<keyof GetEvents<typeof inngest>>().toEqualTypeOf<"app/user.created" | "app/user.deleted">();
    expectTypeOf<GetEvents<typeof inngest, true>["inngest/scheduled.timer"]["data"]>().toEqualTypeOf<{
      cron: string;
    }>();
    type Input = GetFunctionInput<typeof inngest, "app/user.deleted">;
    expectTypeOf<Input["event"]["data"]>().toEqualTypeOf<{ userId: string }>();
    expectTypeOf<Input["attempt"]>().toEqualTypeOf<number>();
    type WithDb = Context<typeof inngest, "app/user.deleted", { db: string; runId: 7 }>;
    expectTypeOf<[WithDb["db"], WithDb["runId"]]>().toEqualTypeOf<[string, 7]>();
  });
});
