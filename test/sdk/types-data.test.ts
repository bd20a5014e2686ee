import { EventSchemas, type GetEvents, Stepwell } from "stepwell";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};
type Nothing = Record<never, never>;

const client = new Stepwell({
  id: "data",
  schemas: new EventSchemas()
    .fromRecord<{
      x: Nothing;
      u: { data: undefined };
      w: { data?: { a: string } };
      m: { data: { a: string } | undefined };
      two: { data?: { kind: "a"; a: string } | { kind: "b"; b: number } };
      full: { data: { sku: string } };
      loose: { data: { sku?: string } };
      tagged: { user: { id: string } };
    }>()
    .fromUnion<{ name: "bare" } | { name: "union"; data?: { at: Date } }>()
    .fromSchema({ "schema/optional": z.object({ a: z.string() }).optional(), "schema/none": z.undefined() }),
});
type Received = { [Name in keyof GetEvents<typeof client>]: GetEvents<typeof client>[Name]["data"] };

describe("events without data", () => {
  test("come with {}", () => {
    expectTypeOf<Received["x"]>().toEqualTypeOf<Nothing>();
    expectTypeOf<Received["u"]>().toEqualTypeOf<Nothing>();
    expectTypeOf<Received["tagged"]>().toEqualTypeOf<Nothing>();
    expectTypeOf<Received["bare"]>().toEqualTypeOf<Nothing>();
    expectTypeOf<Received["schema/none"]>().toEqualTypeOf<Nothing>();
    client.createFunction({ id: "none" }, [{ event: "x" }, { event: "u" }], ({ event }) => {
      expectTypeOf(event.data).toEqualTypeOf<Nothing>();
      // @ts-expect-error: there is nothing in it
      event.data.a;
    });
  });

  test("come with their data or {} if it is optional, told apart by any field", () => {
    expectTypeOf<Received["w"]>().toEqualTypeOf<{ a: string } | { a?: never }>();
    expectTypeOf<Received["m"]>().toEqualTypeOf<{ a: string } | { a?: never }>();
    expectTypeOf<Received["union"]>().toEqualTypeOf<{ at: string } | { at?: never }>();
    expectTypeOf<Received["schema/optional"]>().toEqualTypeOf<{ a: string } | { a?: never }>();
    expectTypeOf<Received["loose"]>().toEqualTypeOf<{ sku?: string }>();
    client.createFunction({ id: "w" }, { event: "w" }, ({ event }) => {
      expectTypeOf(event.data.a).toEqualTypeOf<string | undefined>();
      if (event.data.a !== undefined) expectTypeOf(event.data).toEqualTypeOf<{ a: string }>();
    });
    client.createFunction({ id: "two" }, { event: "two" }, ({ event }) => {
      if (event.data.kind === "a") expectTypeOf(event.data.a).toEqualTypeOf<string>();
      if (event.data.kind === undefined) expectTypeOf(event.data.b).toEqualTypeOf<undefined>();
    });
  });

  test("are sent without data, or with {}", () => {
    compiled(() => {
      client.send({ name: "x" });
      client.send({ name: "x", data: {} });
      client.send({ name: "u" });
      client.send({ name: "u", data: undefined });
      client.send({ name: "w" });
      client.send({ name: "w", data: { a: "a" } });
      client.send({ name: "w", data: [{ a: "a" }].find(({ a }) => a === "a") });
      client.send([{ name: "bare" }, { name: "union", data: { at: new Date() } }, { name: "schema/none" }]);
      client.send({ name: "tagged", user: { id: "u" } });
      client.send({ name: "loose" });
      // @ts-expect-error: it has no data
      client.send({ name: "x", data: { a: 1 } });
      // @ts-expect-error: it has no data
      client.send({ name: "u", data: 1 });
      // @ts-expect-error: a field of another type
      client.send({ name: "w", data: { a: 1 } });
      // @ts-expect-error: data is required
      client.send({ name: "full" });
      // @ts-expect-error: data is required
      client.send({ name: "full", data: undefined });
    });
  });

  test("let their functions be invoked without data", () => {
    const none = client.createFunction({ id: "none" }, { event: "x" }, () => 1);
    const undef = client.createFunction({ id: "undef" }, { event: "u" }, () => 1);
    const maybe = client.createFunction({ id: "maybe" }, { event: "w" }, () => 1);
    const either = client.createFunction({ id: "either" }, [{ event: "full" }, { event: "x" }], () => 1);
    const full = client.createFunction({ id: "full" }, { event: "full" }, () => 1);
    client.createFunction({ id: "calls" }, { event: "x" }, async ({ step }) => {
      expectTypeOf(await step.invoke("a", { function: none })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", none)).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", none, {})).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", { function: undef })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", { function: maybe })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", maybe, { a: "a" })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", { function: either })).toEqualTypeOf<number>();
      expectTypeOf(await step.invoke("a", { function: either, data: { sku: "s" } })).toEqualTypeOf<number>();
      compiled(() => {
        // @ts-expect-error: it has no data
        step.invoke("a", none, { a: 1 });
        // @ts-expect-error: a field of another type
        step.invoke("a", maybe, { a: 1 });
        // @ts-expect-error: data is required
        step.invoke("a", { function: full });
      });
      await step.sendEvent("send", { name: "x" });
      await step.sendEvent("send", [{ name: "w" }, { name: "u", data: undefined }]);
      const got = await step.waitForEvent("wait", { event: "w", timeout: "1d" });
      expectTypeOf(got?.data.a).toEqualTypeOf<string | undefined>();
    });
  });
});
