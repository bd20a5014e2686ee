import { EventSchemas, Stepwell } from "stepwell";
import { describe, expect, expectTypeOf, test } from "vitest";
import type { AnyFunction, CancelCause, FunctionOptions } from "../../sdk/index.ts";
import { Backoff } from "../../sdk/index.ts";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

type Events = {
  "shop/order.placed": { data: { orderId: string; accountId: string; plan: "free" | "pro" } };
  "shop/order.withdrawn": { data: { orderId: string } };
};
const shop = new Stepwell({ id: "shop", schemas: new EventSchemas().fromRecord<Events>() });
const untyped = new Stepwell({ id: "untyped" });
const placed = { event: "shop/order.placed" } as const;

describe("flow control is typed", () => {
  test("in every form that the docstrings show", () => {
    const functions: AnyFunction[] = [
      shop.createFunction({ id: "a", concurrency: 10 }, placed, () => {}),
      shop.createFunction({ id: "b", concurrency: { limit: 1, key: "event.data.accountId" } }, placed, () => {}),
      shop.createFunction(
        {
          id: "c",
          concurrency: [
            { limit: 1, key: "event.data.accountId" },
            { limit: 60, scope: "account", key: '"openai"' },
          ],
          throttle: { limit: 10, period: "1m", burst: 5, key: "event.data.accountId" },
          rateLimit: { limit: 1, period: "4h", key: "event.data.customerId" },
          debounce: { period: "5m", timeout: "1h", key: "event.data.documentId", collect: true },
          priority: { run: "event.data.plan == 'enterprise' ? 180 : 0" },
          singleton: { mode: "cancel", key: "event.data.documentId" },
          idempotency: "event.data.checkoutId",
          timeouts: { start: "10m", finish: "1h" },
          cancelOn: [{ event: "shop/order.withdrawn", match: "data.orderId", timeout: "2d" }],
        },
        placed,
        ({ event }) => expectTypeOf(event.data.plan).toEqualTypeOf<"free" | "pro">(),
      ),
      shop.createFunction(
        {
          id: "d",
          batchEvents: {
            maxSize: 100,
            timeout: "5s",
            key: "event.data.accountId",
            if: "event.data.plan == 'free'",
          },
          triggers: [placed],
        },
        ({ events }) => events.map(({ data }) => data.orderId),
      ),
      untyped.createFunction({ id: "e", cancelOn: { event: "any/thing" } }, { event: "a/b" }, () => {}),
    ];
    expect(functions.map(({ manifest }) => manifest.flow === undefined)).toEqual(functions.map(() => false));
  });

  test("and refused by the compiler where it can be known", () => {
    const create = (_options: Omit<FunctionOptions<Events, typeof placed>, "id">) => {};
    compiled(() => {
      // @ts-expect-error: a limit for several functions needs a key
      create({ concurrency: { limit: 1, scope: "env" } });
      // @ts-expect-error: no such scope
      create({ concurrency: { limit: 1, scope: "app", key: "1" } });
      // @ts-expect-error: two at most
      create({ concurrency: [1, { limit: 1, key: "1" }, { limit: 2, key: "2" }] });
      // @ts-expect-error: a period is missing
      create({ throttle: { limit: 1 } });
      // @ts-expect-error: what is too early is dropped at once
      create({ rateLimit: { limit: 1, period: "1m", burst: 1 } });
      // @ts-expect-error: no such mode
      create({ singleton: { mode: "queue" } });
      // @ts-expect-error: a mode is required
      create({ singleton: {} });
      // @ts-expect-error: an expression is text
      create({ priority: { run: 120 } });
      // @ts-expect-error: not an event of the schemas
      create({ cancelOn: [{ event: "shop/nothing" }] });
      // @ts-expect-error: one or the other
      create({ cancelOn: [{ event: "shop/order.withdrawn", match: "data.orderId", if: "true" }] });
      // @ts-expect-error: goes out only to those that it triggers
      create({ cancelOn: [{ event: "stepwell/function.finished" }] });
      // @ts-expect-error: no such timeout
      create({ timeouts: { step: "1h" } });
      create({
        cancelOn: { event: "stepwell/function.failed", if: "event.data.orderId == async.data.event.data.orderId" },
      });
    });
  });
});

describe("cancellation is typed", () => {
  test("onCancel gets the cancelled event, the original event, the cause and steps", () => {
    shop.createFunction(
      {
        id: "cancels",
        onCancel: async ({ event, cause, step }) => {
          expectTypeOf(event.name).toEqualTypeOf<"stepwell/function.cancelled">();
          expectTypeOf(event.data.cause).toEqualTypeOf<CancelCause>();
          expectTypeOf(event.data.run_id).toEqualTypeOf<string>();
          expectTypeOf(event.data.event.name).toEqualTypeOf<"shop/order.placed">();
          expectTypeOf(event.data.events[0]?.data.orderId).toEqualTypeOf<string | undefined>();
          expectTypeOf(cause).toEqualTypeOf<CancelCause>();
          if (cause.by === "request") expectTypeOf(cause.reason).toEqualTypeOf<string | undefined>();
          if (cause.by === "timeout") expectTypeOf(cause.timeout).toEqualTypeOf<"start" | "finish">();
          expectTypeOf(step.sleep("a", 1)).toEqualTypeOf<Promise<void>>();
        },
      },
      placed,
      ({ signal }) => expectTypeOf(signal).toEqualTypeOf<AbortSignal>(),
    );
  });

  test("the lifecycle event carries the cause", () => {
    shop.createFunction({ id: "watch" }, { event: "stepwell/function.cancelled" }, ({ event }) => {
      expectTypeOf(event.data.cause).toEqualTypeOf<CancelCause>();
      expectTypeOf(event.data.event.data.orderId).toEqualTypeOf<string>();
    });
  });

  test("client.cancel takes a run's id and a reason", () => {
    compiled(() => {
      expectTypeOf(shop.cancel("01JD7QZ3M8W0V5XKB2T4N6R9PC")).toEqualTypeOf<Promise<void>>();
      shop.cancel("01JD7QZ3M8W0V5XKB2T4N6R9PC", { reason: "withdrawn" });
      // @ts-expect-error: an id is required
      shop.cancel();
      // @ts-expect-error: no such option
      shop.cancel("01JD7QZ3M8W0V5XKB2T4N6R9PC", { because: "withdrawn" });
    });
  });

  test("Backoff takes a key and a time", () => {
    expectTypeOf(new Backoff("a", "30s", { message: "slow down", cause: 429 }).key).toEqualTypeOf<string>();
    compiled(() => {
      // @ts-expect-error: a time is required
      new Backoff("a");
      // @ts-expect-error: a key is text
      new Backoff(7, "30s");
    });
  });
});
