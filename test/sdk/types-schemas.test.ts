import { type } from "arktype";
import {
  type Context,
  EventSchemas,
  type EventType,
  eventType,
  type GetEvents,
  type GetFunctionInput,
  type GetFunctionOutput,
  type GetStepTools,
  Stepwell,
  type StepwellFunction,
  staticSchema,
} from "stepwell";
import * as v from "valibot";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

type Events = { "shop/stock.low": { data: { sku: string } }; "mail/bounced": { data: { address?: string } } };
const typed = new Stepwell({ id: "shop", schemas: new EventSchemas().fromRecord<Events>() });
const untyped = new Stepwell({ id: "untyped" });

const placed = eventType("shop/placed", { schema: z.object({ orderId: z.string(), at: z.coerce.date() }) });
const paid = eventType("shop/paid", { schema: v.object({ method: v.picklist(["card", "cash"]) }) });
const moved = eventType("shop/moved", { schema: type({ to: "string", "by?": "string" }) });
const pinged = eventType("shop/pinged", { schema: staticSchema<{ n?: number }>() });
const seen = eventType("shop/seen", {
  schema: { data: z.object({ n: z.number() }), user: z.object({ id: z.string() }) },
});
const loose = eventType("shop/loose");

describe("an eventType", () => {
  test("has its name and shape", () => {
    expectTypeOf(paid).toEqualTypeOf<EventType<"shop/paid", { data: { method: "card" | "cash" } }>>();
    expectTypeOf(paid.name).toEqualTypeOf<"shop/paid">();
    expectTypeOf(paid.event).toEqualTypeOf<"shop/paid">();
  });

  test("is a trigger, alone, in a list, in `event`, and beside others", () => {
    typed.createFunction({ id: "alone" }, paid, ({ event, events }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/paid">();
      expectTypeOf(event.data).toEqualTypeOf<{ method: "card" | "cash" }>();
      expectTypeOf(events[0].data.method).toEqualTypeOf<"card" | "cash">();
    });
    typed.createFunction({ id: "list", triggers: [moved, { event: paid, if: "true" }] }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/moved" | "shop/paid">();
      if (event.name === "shop/moved") expectTypeOf(event.data).toEqualTypeOf<{ to: string; by?: string }>();
      else expectTypeOf(event.data.method).toEqualTypeOf<"card" | "cash">();
    });
    typed.createFunction({ id: "mixed" }, [loose, { event: "shop/stock.low" }, { cron: "0 3 * * *" }], ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/loose" | "shop/stock.low" | "stepwell/scheduled.timer">();
      if (event.name === "shop/stock.low") expectTypeOf(event.data).toEqualTypeOf<{ sku: string }>();
      if (event.name === "shop/loose") expectTypeOf(event.data).toBeAny();
    });
    typed.createFunction({ id: "wild" }, eventType("shop/*", { schema: z.object({ n: z.number() }) }), ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<`shop/${string}`>();
      expectTypeOf(event.data).toEqualTypeOf<{ n: number }>();
    });
  });

  test("gives what was sent, as JSON: a schema that transforms has the type that goes into it, at both ends", () => {
    const schema = z.object({ n: z.string().transform(Number), size: z.number().default(1), tags: z.set(z.string()) });
    const changing = eventType("shop/changing", { schema });
    untyped.createFunction({ id: "f" }, changing, ({ event }) => {
      expectTypeOf(event.data).toEqualTypeOf<{ n: string; size?: number; tags: Record<never, never> }>();
    });
    untyped.createFunction({ id: "f" }, placed, ({ event }) => {
      expectTypeOf(event.data).toEqualTypeOf<{ orderId: string; at: unknown }>();
    });
    compiled(() => {
      changing.create({ n: "7", tags: new Set<string>() });
      // @ts-expect-error: what comes out of the schema is not what goes in
      changing.create({ n: 7, tags: new Set<string>() });
    });
  });

  test("gives the user that its schema knows", () => {
    untyped.createFunction({ id: "f" }, seen, ({ event }) => {
      expectTypeOf(event.user).toEqualTypeOf<{ id: string } | undefined>();
    });
  });

  test("creates events for send and step.sendEvent, beside plain ones", () => {
    const event = paid.create({ method: "card" });
    expectTypeOf(event.data).toEqualTypeOf<{ method: "card" | "cash" }>();
    expectTypeOf(event.name).toExtend<"shop/paid">();
    expectTypeOf(event.validate()).toEqualTypeOf<Promise<void>>();
    compiled(() => {
      typed.send(event);
      typed.send([event, { name: "shop/stock.low", data: { sku: "s" } }, { ...event, id: "again" }]);
      untyped.send([event, { name: "any/thing" }]);
      paid.create({ method: "cash" }, { id: "i", ts: 1, v: "2", user: { id: "u" } });
      pinged.create();
      pinged.create(undefined, { id: "i" });
      loose.create();
      loose.create({ any: "thing" });
      // @ts-expect-error: data is required
      paid.create();
      // @ts-expect-error: a value of another type
      paid.create({ method: "cheque" });
      // @ts-expect-error: no such field
      pinged.create({ m: 1 });
      // @ts-expect-error: no such option
      paid.create({ method: "card" }, { name: "x" });
      // @ts-expect-error: a name that the schemas do not know, and that no eventType stands for
      typed.send({ name: "shop/paid", data: { method: "card" } });
      // @ts-expect-error: an event type is no event
      typed.send(paid);
    });
    typed.createFunction({ id: "f" }, paid, async ({ step }) => {
      expectTypeOf(await step.sendEvent("send", [event])).toEqualTypeOf<{ ids: string[] }>();
    });
  });

  test("is waited for", () => {
    typed.createFunction({ id: "f" }, paid, async ({ step }) => {
      const got = await step.waitForEvent("wait", { event: moved, timeout: "1d", match: "data.to" });
      expectTypeOf(got?.name).toEqualTypeOf<"shop/moved" | undefined>();
      expectTypeOf(got?.data).toEqualTypeOf<{ to: string; by?: string } | undefined>();
      const low = await step.waitForEvent("wait", { event: "shop/stock.low", timeout: "1d" });
      expectTypeOf(low?.data).toEqualTypeOf<{ sku: string } | undefined>();
      const first = await step.waitForEvent("wait", {
        event: ["shop/stock.low", { event: moved, match: "data.to" }, paid],
        timeout: "1d",
      });
      if (first?.name === "shop/moved") expectTypeOf(first.data).toEqualTypeOf<{ to: string; by?: string }>();
      else if (first?.name === "shop/paid") expectTypeOf(first.data).toEqualTypeOf<{ method: "card" | "cash" }>();
      else expectTypeOf(first?.data).toEqualTypeOf<{ sku: string } | undefined>();
      compiled(() => {
        // @ts-expect-error: unknown name
        step.waitForEvent("bad", { event: "shop/moved", timeout: "1d" });
        // @ts-expect-error: an event is no event type
        step.waitForEvent("bad", { event: paid.create({ method: "card" }), timeout: "1d" });
      });
    });
  });

  test("cancels, and gives what a function is invoked with", () => {
    const fn = typed.createFunction({ id: "f", cancelOn: [{ event: paid, timeout: "1d" }] }, [moved, pinged], () => 1);
    typed.createFunction({ id: "g" }, { event: "shop/stock.low" }, async ({ step }) => {
      expectTypeOf(await step.invoke("call", { function: fn, data: { to: "x" } })).toEqualTypeOf<number>();
      await step.invoke("call", fn, { n: 1 });
      compiled(() => {
        // @ts-expect-error: of another type
        step.invoke("bad", fn, { to: 1 });
      });
    });
  });

  test("reaches onFailure", () => {
    typed.createFunction(
      {
        id: "g",
        onFailure: ({ event }) => expectTypeOf(event.data.event.data).toEqualTypeOf<{ method: "card" | "cash" }>(),
      },
      paid,
      () => {},
    );
  });
});

describe("helper types", () => {
  const handler = async ({ event, step }: GetFunctionInput<typeof typed, typeof paid>) => {
    expectTypeOf(event.data.method).toEqualTypeOf<"card" | "cash">();
    return label(step, event.data.method);
  };
  const label = async (step: GetStepTools<typeof typed>, text: string) => step.run("label", () => text);

  test("know event types", () => {
    const fn = typed.createFunction({ id: "f" }, paid, handler);
    expectTypeOf<GetFunctionOutput<typeof fn>>().toEqualTypeOf<string>();
    const all: StepwellFunction.Any[] = [fn, untyped.createFunction({ id: "g" }, moved, () => 1)];
    expectTypeOf(all[0]).toEqualTypeOf<StepwellFunction<unknown, unknown> | undefined>();
  });

  test("give events by name, the step tools and the context", () => {
    expectTypeOf<keyof GetEvents<typeof typed>>().toEqualTypeOf<"shop/stock.low" | "mail/bounced">();
    type Input = GetFunctionInput<typeof typed, "shop/stock.low">;
    expectTypeOf<Input>().toEqualTypeOf<Context<Events, GetEvents<typeof typed>["shop/stock.low"]>>();
    expectTypeOf<Input["step"]>().toEqualTypeOf<GetStepTools<typeof typed>>();
    expectTypeOf<GetFunctionInput<typeof typed>["event"]["name"]>().toEqualTypeOf<keyof Events>();
  });
});

describe("sources of every kind, stacked", () => {
  const schemas = new EventSchemas()
    .fromRecord<Events>()
    .fromUnion<{ name: "a/one"; data: { one: 1 } } | { name: "a/two"; data: { two: 2 }; user: { id: string } }>()
    .fromSchema({
      "a/zod": z.object({ n: z.number() }),
      "a/valibot": v.object({ n: v.number() }),
      "a/arktype": type({ n: "number", "more?": "string[]" }),
    })
    .fromSchema({ "a/one": { data: z.object({ now: z.string() }) } }, { validate: false });
  const client = new Stepwell({ id: "stacked", schemas });

  test("give one map", () => {
    type E = GetEvents<typeof client>;
    expectTypeOf<keyof E>().toEqualTypeOf<keyof Events | `a/${"one" | "two" | "zod" | "valibot" | "arktype"}`>();
    expectTypeOf<E["a/one"]["data"]>().toEqualTypeOf<{ now: string }>();
    expectTypeOf<E["a/two"]["user"]>().toEqualTypeOf<{ id: string } | undefined>();
    expectTypeOf<E["a/zod"]["data"]>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<E["a/valibot"]["data"]>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<E["a/arktype"]["data"]>().toEqualTypeOf<{ n: number; more?: string[] }>();
  });
});
