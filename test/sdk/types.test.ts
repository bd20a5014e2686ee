import { EventSchemas, type GetEvents, type GetFunctionInput, type GetStepTools, Stepwell } from "stepwell";
import * as v from "valibot";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";
import type { AnyFunction, GetFunctionOutput, SerializedError } from "../../sdk/index.ts";
import { referenceFunction } from "../../sdk/index.ts";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

interface OrderPlaced {
  data: { orderId: string; total: number; placedAt?: Date };
  user: { id: string };
}
type Events = {
  "shop/order.placed": OrderPlaced;
  "shop/order.paid": { data: { orderId: string; method: "card" | "cash" } };
  "shop/stock.low": { data: { sku: string } };
  "mail/bounced": { data: { address?: string } };
};

const shop = new Stepwell({ id: "shop", schemas: new EventSchemas().fromRecord<Events>() });
const untyped = new Stepwell({ id: "untyped" });

describe("an event's type follows from the trigger", () => {
  test("one name gives its literal name and its data, as JSON", () => {
    shop.createFunction({ id: "one" }, { event: "shop/order.paid" }, async ({ event, events, runId, attempt }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/order.paid">();
      expectTypeOf(event.data).toEqualTypeOf<{ orderId: string; method: "card" | "cash" }>();
      expectTypeOf(event.id).toEqualTypeOf<string>();
      expectTypeOf(event.ts).toEqualTypeOf<number>();
      expectTypeOf(events[0].data.method).toEqualTypeOf<"card" | "cash">();
      expectTypeOf(events[1]?.data.orderId).toEqualTypeOf<string | undefined>();
      expectTypeOf(runId).toEqualTypeOf<string>();
      expectTypeOf(attempt).toEqualTypeOf<number>();
    });
    shop.createFunction({ id: "date" }, { event: "shop/order.placed" }, ({ event }) => {
      expectTypeOf(event.data).toEqualTypeOf<{ orderId: string; total: number; placedAt?: string }>();
      expectTypeOf(event.user).toEqualTypeOf<{ id: string } | undefined>();
    });
  });

  test("the two-argument form infers the same", () => {
    shop.createFunction({ id: "two", triggers: { event: "shop/order.paid" } }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/order.paid">();
    });
    shop.createFunction(
      { id: "two-b", triggers: [{ event: "shop/order.paid" }, { cron: "0 9 * * *" }] },
      ({ event }) => {
        expectTypeOf(event.name).toEqualTypeOf<"shop/order.paid" | "stepwell/scheduled.timer">();
        if (event.name === "stepwell/scheduled.timer") expectTypeOf(event.data).toEqualTypeOf<{ cron: string }>();
        else expectTypeOf(event.data.orderId).toEqualTypeOf<string>();
      },
    );
  });

  test("several triggers give a union, told apart by name", () => {
    shop.createFunction({ id: "many" }, [{ event: "shop/order.paid" }, { event: "shop/stock.low" }], ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/order.paid" | "shop/stock.low">();
      if (event.name === "shop/stock.low") expectTypeOf(event.data).toEqualTypeOf<{ sku: string }>();
      // @ts-expect-error: only one of the two has it
      event.data.sku;
    });
  });

  test("a wildcard gives the union of the events that it matches", () => {
    shop.createFunction({ id: "all" }, { event: "shop/*" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/order.placed" | "shop/order.paid" | "shop/stock.low">();
    });
    shop.createFunction({ id: "orders" }, { event: "shop/order.*" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"shop/order.placed" | "shop/order.paid">();
      expectTypeOf(event.data.orderId).toEqualTypeOf<string>();
    });
  });

  test("a cron gives the timer's event", () => {
    shop.createFunction({ id: "nightly" }, { cron: "0 3 * * *" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"stepwell/scheduled.timer">();
      expectTypeOf(event.data).toEqualTypeOf<{ cron: string }>();
    });
  });

  test("lifecycle events are known, with the original event in them", () => {
    shop.createFunction({ id: "watch" }, { event: "stepwell/function.failed" }, ({ event }) => {
      expectTypeOf(event.data.function_id).toEqualTypeOf<string>();
      expectTypeOf(event.data.error).toEqualTypeOf<SerializedError>();
      if (event.data.event.name === "shop/stock.low") {
        expectTypeOf(event.data.event.data).toEqualTypeOf<{ sku: string }>();
      }
    });
  });

  test("unknown names, unknown wildcards and mixed triggers are refused", () => {
    compiled(() => {
      // @ts-expect-error: not an event of the schemas
      shop.createFunction({ id: "x" }, { event: "shop/nothing" }, () => {});
      // @ts-expect-error: matches nothing
      shop.createFunction({ id: "x" }, { event: "blog/*" }, () => {});
      // @ts-expect-error: a cron has no condition
      shop.createFunction({ id: "x" }, { cron: "0 3 * * *", if: "true" }, () => {});
      // @ts-expect-error: no middleware
      shop.createFunction({ id: "x", middleware: [{}] }, { event: "shop/stock.low" }, () => {});
      // @ts-expect-error: the handler is missing
      shop.createFunction({ id: "x" }, { event: "shop/stock.low" });
      // @ts-expect-error: not an event of the schemas
      shop.createFunction({ id: "x", triggers: [{ event: "shop/nothing" }] }, () => {});
    });
  });

  test("without schemas any name goes, with any data", () => {
    untyped.createFunction({ id: "free" }, { event: "what/ever" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<"what/ever">();
      expectTypeOf(event.data).toBeAny();
    });
    untyped.createFunction({ id: "free-2" }, { event: "what/*" }, ({ event }) => {
      expectTypeOf(event.name).toEqualTypeOf<`what/${string}`>();
      expectTypeOf(event.data).toBeAny();
    });
  });

  test("onFailure gets the failed event, the original event, an error and steps", () => {
    shop.createFunction(
      {
        id: "fails",
        onFailure: async ({ event, error, step }) => {
          expectTypeOf(event.name).toEqualTypeOf<"stepwell/function.failed">();
          expectTypeOf(event.data.event.name).toEqualTypeOf<"shop/stock.low">();
          expectTypeOf(event.data.event.data).toEqualTypeOf<{ sku: string }>();
          expectTypeOf(error).toEqualTypeOf<Error>();
          expectTypeOf(step.sleep("a", 1)).toEqualTypeOf<Promise<void>>();
        },
      },
      { event: "shop/stock.low" },
      ({ event }) => event.data.sku,
    );
    shop.createFunction(
      {
        id: "fails-2",
        onFailure: ({ event }) => {
          expectTypeOf(event.data.event.data).toEqualTypeOf<{ sku: string }>();
        },
        triggers: [{ event: "shop/stock.low" }],
      },
      () => {},
    );
  });
});

describe("schemas", () => {
  const stacked = new EventSchemas()
    .fromRecord<{ "a/one": { data: { n: number } }; "a/two": { data: { old: true } } }>()
    .fromUnion<
      { name: "a/two"; data: { s: string } } | { name: "a/three"; data: { b: boolean }; user: { id: number } }
    >()
    .fromSchema({
      "a/four": z.object({ id: z.string(), at: z.date(), size: z.number().default(1) }),
      "a/five": v.object({ tags: v.array(v.string()) }),
      "a/six": { data: z.object({ x: z.literal("y") }), user: z.object({ id: z.string() }) },
    });
  const client = new Stepwell({ id: "stacked", schemas: stacked });

  test("stack; of the same name the later counts", () => {
    type E = GetEvents<typeof client>;
    expectTypeOf<keyof E>().toEqualTypeOf<"a/one" | "a/two" | "a/three" | "a/four" | "a/five" | "a/six">();
    expectTypeOf<E["a/one"]["data"]>().toEqualTypeOf<{ n: number }>();
    expectTypeOf<E["a/two"]["data"]>().toEqualTypeOf<{ s: string }>();
    expectTypeOf<E["a/three"]["user"]>().toEqualTypeOf<{ id: number } | undefined>();
    expectTypeOf<E["a/four"]["data"]>().toEqualTypeOf<{ id: string; at: string; size?: number }>();
    expectTypeOf<E["a/five"]["data"]>().toEqualTypeOf<{ tags: string[] }>();
    expectTypeOf<E["a/six"]["data"]>().toEqualTypeOf<{ x: "y" }>();
    expectTypeOf<E["a/six"]["name"]>().toEqualTypeOf<"a/six">();
  });

  test("a record's values must be event shapes", () => {
    compiled(() => {
      // @ts-expect-error: the data belongs under `data`
      new EventSchemas().fromRecord<{ "a/x": { id: string } }>();
      // @ts-expect-error: not a schema
      new EventSchemas().fromSchema({ "a/x": 1 });
    });
  });

  test("sends are checked against them", () => {
    compiled(() => {
      shop.send({ name: "shop/order.paid", data: { orderId: "o", method: "card" } });
      shop.send({
        name: "shop/order.placed",
        data: { orderId: "o", total: 1, placedAt: new Date() },
        user: { id: "u" },
        id: "i",
        ts: 1,
      });
      shop.send([{ name: "shop/stock.low", data: { sku: "s" } }, { name: "mail/bounced" }]);
      const list = ["a", "b"].map((sku) => ({ name: "shop/stock.low" as const, data: { sku } }));
      shop.send(list);
      // @ts-expect-error: unknown name
      shop.send({ name: "shop/nothing", data: {} });
      // @ts-expect-error: a field is missing
      shop.send({ name: "shop/order.paid", data: { orderId: "o" } });
      // @ts-expect-error: data is required
      shop.send({ name: "shop/order.paid" });
      // @ts-expect-error: the engine's own
      shop.send({ name: "stepwell/function.failed", data: {} });
      // @ts-expect-error: a name is required
      untyped.send({ data: {} });
      untyped.send({ name: "x" });
      untyped.send({ name: "x", data: { anything: 1 }, user: { id: 1 } });
      expectTypeOf(untyped.send({ name: "x" })).toEqualTypeOf<Promise<{ ids: string[] }>>();
    });
  });
});

describe("step tools", () => {
  const child = shop.createFunction({ id: "child" }, { event: "shop/order.placed" }, async ({ event }) => ({
    at: new Date(),
    total: event.data.total,
  }));
  const optional = shop.createFunction({ id: "optional" }, { event: "mail/bounced" }, () => {});
  const cron = shop.createFunction({ id: "cron" }, { cron: "0 3 * * *" }, () => [1, 2]);
  const either = shop.createFunction({ id: "either" }, [{ event: "shop/stock.low" }, { cron: "0 3 * * *" }], () => 1);
  const free = untyped.createFunction({ id: "free" }, { event: "what/ever" }, () => "x" as const);

  test("step.run gives what is left after JSON", () => {
    shop.createFunction({ id: "run" }, { event: "shop/stock.low" }, async ({ step }) => {
      expectTypeOf(await step.run("price", () => ({ at: new Date() }))).toEqualTypeOf<{ at: string }>();
      expectTypeOf(await step.run("nothing", async () => {})).toEqualTypeOf<null>();
      expectTypeOf(await step.run("maybe", () => [1].find((n) => n > 0))).toEqualTypeOf<number | null>();
      expectTypeOf(await step.run("input", (a: number, b: string) => `${a}${b}`, 1, "x")).toEqualTypeOf<string>();
      expectTypeOf(await step.run("inferred", (a) => a * 2, 21)).toEqualTypeOf<number>();
      expectTypeOf(await step.run("signal", ({ signal }) => signal.aborted)).toEqualTypeOf<boolean>();
      const text = step.run("signal", async ({ signal }) => (await fetch("http://shop", { signal })).text());
      expectTypeOf(text).resolves.toEqualTypeOf<string>();
      expectTypeOf(await step.run("optional", (a?: number) => a ?? 0, 1)).toEqualTypeOf<number>();
      expectTypeOf(await step.run("rest", (...a: number[]) => a, 1, 2)).toEqualTypeOf<number[]>();
      expectTypeOf(await step.run({ id: "named", name: "Named" }, async () => "x" as const)).toEqualTypeOf<"x">();
      expectTypeOf(await step.run("union", () => (Math.random() > 1 ? { a: 1 } : null))).toEqualTypeOf<{
        a: number;
      } | null>();
      compiled(() => {
        // @ts-expect-error: an argument of another type
        step.run("bad", (a: number) => a, "x");
        // @ts-expect-error: without input the body gets the signal, which is no number
        step.run("bad", (a?: number) => a ?? 0);
        // @ts-expect-error: the signal is for bodies without input
        step.run("bad", (a: number, { signal }: { signal: AbortSignal }) => [a, signal], 1);
        // @ts-expect-error: an argument is missing
        step.run("bad", (a: number) => a);
        // @ts-expect-error: not a function
        step.run("bad", 1);
        // @ts-expect-error: no such option
        step.run({ id: "bad", title: "x" }, () => 1);
      });
    });
  });

  test("step.invoke infers input and output", () => {
    shop.createFunction({ id: "invoke" }, { event: "shop/stock.low" }, async ({ step }) => {
      const order = { orderId: "o", total: 1 };
      const result = await step.invoke("call", { function: child, data: order, timeout: "1h" });
      expectTypeOf(result).toEqualTypeOf<{ at: string; total: number }>();
      expectTypeOf(await step.invoke("call", child, order)).toEqualTypeOf<{ at: string; total: number }>();
      expectTypeOf(await step.invoke("call", { function: optional })).toEqualTypeOf<null>();
      expectTypeOf(await step.invoke("call", optional)).toEqualTypeOf<null>();
      expectTypeOf(await step.invoke("call", { function: cron })).toEqualTypeOf<number[]>();
      expectTypeOf(await step.invoke("call", { function: either, data: { sku: "s" } })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("call", { function: free })).toEqualTypeOf<"x">();
      expectTypeOf(await step.invoke("call", free, { anything: 1 })).toEqualTypeOf<"x">();
      const ref = referenceFunction<typeof child>({ functionId: "child" });
      expectTypeOf(await step.invoke("call", { function: ref, data: order })).toEqualTypeOf<{
        at: string;
        total: number;
      }>();
      const loose = referenceFunction({ functionId: "other", appId: "other" });
      expectTypeOf(await step.invoke("call", { function: loose, data: { a: 1 } })).toBeUnknown();
      compiled(() => {
        // @ts-expect-error: data is required
        step.invoke("bad", { function: child });
        // @ts-expect-error: data is required
        step.invoke("bad", child);
        // @ts-expect-error: a field of another type
        step.invoke("bad", { function: child, data: { orderId: 1, total: 1 } });
        // @ts-expect-error: a field is missing
        step.invoke("bad", child, { orderId: "o" });
        // @ts-expect-error: not a function of Stepwell
        step.invoke("bad", { function: () => 1 });
        // @ts-expect-error: a name is no function; use referenceFunction
        step.invoke("bad", { function: "child", data: {} });
      });
    });
  });

  test("step.waitForEvent for the first of several gives one of them, told by its name", () => {
    shop.createFunction({ id: "first" }, { event: "shop/order.placed" }, async ({ step }) => {
      const first = await step.waitForEvent("first", {
        event: ["shop/order.paid", { event: "stepwell/function.failed", if: "true" }],
        timeout: "7d",
        match: "data.orderId",
      });
      if (first?.name === "shop/order.paid")
        expectTypeOf(first).toEqualTypeOf<GetEvents<typeof shop>["shop/order.paid"]>();
      else expectTypeOf(first?.name).toEqualTypeOf<"stepwell/function.failed" | undefined>();
      compiled(() => {
        // @ts-expect-error: unknown name
        step.waitForEvent("bad", { event: ["shop/order.paid", "shop/nothing"], timeout: "1d" });
        // @ts-expect-error: one or the other
        step.waitForEvent("bad", { event: [{ event: "shop/order.paid", match: "data.a", if: "true" }], timeout: "1d" });
      });
    });
  });

  test("step.waitForEvent gives the event of that name, or null", () => {
    shop.createFunction({ id: "wait" }, { event: "shop/order.placed" }, async ({ step }) => {
      const paid = await step.waitForEvent("paid", { event: "shop/order.paid", match: "data.orderId", timeout: "7d" });
      expectTypeOf(paid).toEqualTypeOf<GetEvents<typeof shop>["shop/order.paid"] | null>();
      expectTypeOf(paid?.data.method).toEqualTypeOf<"card" | "cash" | undefined>();
      const failed = await step.waitForEvent("failed", { event: "stepwell/function.failed", timeout: 1000 });
      expectTypeOf(failed?.data.run_id).toEqualTypeOf<string | undefined>();
      compiled(() => {
        // @ts-expect-error: unknown name
        step.waitForEvent("bad", { event: "shop/nothing", timeout: "1d" });
        // @ts-expect-error: a timeout is required
        step.waitForEvent("bad", { event: "shop/order.paid" });
        // @ts-expect-error: no wildcards
        step.waitForEvent("bad", { event: "shop/*", timeout: "1d" });
        // @ts-expect-error: one or the other
        step.waitForEvent("bad", { event: "shop/order.paid", timeout: "1d", match: "data.orderId", if: "true" });
        // @ts-expect-error: goes out only to those that it triggers
        step.waitForEvent("bad", { event: "stepwell/function.finished", timeout: "1d" });
      });
    });
    untyped.createFunction({ id: "wait" }, { event: "x" }, async ({ step }) => {
      const any = await step.waitForEvent("any", { event: "what/ever", timeout: "1d" });
      expectTypeOf(any?.data).toBeAny();
      expectTypeOf(any?.name).toEqualTypeOf<"what/ever" | undefined>();
    });
  });

  test("step.sendEvent is checked, and gives ids; sleeps give nothing", () => {
    shop.createFunction({ id: "send" }, { event: "shop/order.placed" }, async ({ step }) => {
      const sent = await step.sendEvent("send", { name: "shop/stock.low", data: { sku: "s" } });
      expectTypeOf(sent).toEqualTypeOf<{ ids: string[] }>();
      expectTypeOf(step.sleep("s", "1d")).toEqualTypeOf<Promise<void>>();
      expectTypeOf(step.sleepUntil("s", new Date())).toEqualTypeOf<Promise<void>>();
      step.sleepUntil("s", { epochMilliseconds: 1 });
      compiled(() => {
        // @ts-expect-error: unknown name
        step.sendEvent("bad", { name: "shop/nothing", data: {} });
        // @ts-expect-error: a field of another type
        step.sendEvent("bad", [{ name: "shop/stock.low", data: { sku: 1 } }]);
        // @ts-expect-error: a date is no duration
        step.sleep("bad", new Date());
      });
    });
  });

  test("functions of any kind go into one list; outputs can be named", () => {
    const all: AnyFunction[] = [child, optional, cron, either, free];
    expectTypeOf(all).toEqualTypeOf<AnyFunction[]>();
    expectTypeOf<GetFunctionOutput<typeof child>>().toEqualTypeOf<{ at: string; total: number }>();
  });

  test("helpers outside of a function can be typed", () => {
    const label = async (step: GetStepTools<typeof shop>, sku: string) => step.run("label", () => `label ${sku}`);
    const handler = async ({ event, step, logger }: GetFunctionInput<typeof shop, "shop/stock.low">) => {
      expectTypeOf(event.data).toEqualTypeOf<{ sku: string }>();
      logger.info("low", { sku: event.data.sku });
      return label(step, event.data.sku);
    };
    const fn = shop.createFunction({ id: "helped" }, { event: "shop/stock.low" }, handler);
    expectTypeOf<GetFunctionOutput<typeof fn>>().toEqualTypeOf<string>();
    const loose = async (step: GetStepTools<typeof untyped>) => step.sendEvent("x", { name: "anything" });
    untyped.createFunction({ id: "loose" }, { event: "x" }, ({ step }) => loose(step));
  });
});
