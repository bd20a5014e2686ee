import { EventSchemas, type GetEvents, type Jsonify, Stepwell } from "stepwell";
import { describe, expectTypeOf, test } from "vitest";
import { z } from "zod";

type J = string | number | boolean | null | J[] | { [key: string]: J };
type WithDates = string | Date | WithDates[] | { [key: string]: WithDates };
/** As Prisma has it. */
type PrismaObject = { [Key in string]?: PrismaValue };
interface PrismaArray extends Array<PrismaValue> {}
type PrismaValue = string | number | boolean | PrismaObject | PrismaArray | null;
interface Post {
  id: string;
  at: Date;
  meta: J;
  more?: J;
}

const client = new Stepwell({
  id: "json",
  schemas: new EventSchemas()
    .fromRecord<{ "j/one": { data: { j: J } }; "j/two": { data: { id: string; meta?: J; at: Date } } }>()
    .fromSchema({ "j/three": z.object({ j: z.json() }), "j/four": z.record(z.string(), z.json()) }),
});

describe("types of JSON that name themselves", () => {
  test("stay as they are", () => {
    expectTypeOf<Jsonify<J>>().toEqualTypeOf<J>();
    expectTypeOf<Jsonify<J[]>>().toEqualTypeOf<J[]>();
    expectTypeOf<Jsonify<J | undefined>>().toEqualTypeOf<J>();
    expectTypeOf<Jsonify<{ id: string; meta: J }>>().toEqualTypeOf<{ id: string; meta: J }>();
    expectTypeOf<Jsonify<{ id: string; meta?: J }>>().toEqualTypeOf<{ id: string; meta?: J }>();
    expectTypeOf<Jsonify<Post>>().toEqualTypeOf<{ id: string; at: string; meta: J; more?: J }>();
    expectTypeOf<Jsonify<Map<string, J>>>().toEqualTypeOf<Record<never, never>>();
  });

  test("come out of steps", () => {
    client.createFunction({ id: "steps" }, { event: "j/one" }, async ({ event, step }) => {
      expectTypeOf(event.data).toEqualTypeOf<{ j: J }>();
      expectTypeOf(await step.run("j", (): J => 1)).toEqualTypeOf<J>();
      expectTypeOf(await step.run("j", async (): Promise<J[]> => [])).toEqualTypeOf<J[]>();
      expectTypeOf(await step.run("j", () => ({ id: "a", meta: event.data.j }))).toEqualTypeOf<{
        id: string;
        meta: J;
      }>();
      return event.data;
    });
  });

  test("come out of schemas", () => {
    type Events = GetEvents<typeof client>;
    expectTypeOf<Events["j/two"]["data"]>().toEqualTypeOf<{ id: string; meta?: J; at: string }>();
    expectTypeOf<Events["j/three"]["data"]["j"]>().toExtend<J>();
    expectTypeOf<Events["j/four"]["data"][string]>().toExtend<J>();
    expectTypeOf<J>().toExtend<Events["j/three"]["data"]["j"]>();
  });

  test("are converted where they are not JSON yet", () => {
    type Converted = Jsonify<WithDates>;
    expectTypeOf<Date>().not.toExtend<Converted>();
    expectTypeOf<{ a: ["x", { b: "y" }] }>().toExtend<Converted>();
    expectTypeOf<{ a: [Date] }>().not.toExtend<Converted>();
  });

  test("may be interfaces that extend Array, and have fields that may be absent", () => {
    type Converted = Jsonify<PrismaValue>;
    expectTypeOf<Converted>().toExtend<PrismaValue>();
    expectTypeOf<Extract<Converted, readonly unknown[]>[number]>().toExtend<PrismaValue>();
    expectTypeOf<Jsonify<{ at: Date; meta: PrismaValue }>["meta"]>().toExtend<PrismaValue>();
    interface Dates extends Array<Date> {}
    expectTypeOf<Jsonify<Dates>>().toEqualTypeOf<string[]>();
    expectTypeOf<Jsonify<{ list: Dates }>>().toEqualTypeOf<{ list: string[] }>();
    client.createFunction({ id: "prisma" }, { event: "j/one" }, async ({ step }) => {
      const row = await step.run("row", () => ({ at: new Date(), meta: null as PrismaValue }));
      expectTypeOf(row.at).toEqualTypeOf<string>();
      expectTypeOf(row.meta).toExtend<PrismaValue>();
      return row;
    });
  });
});

describe("what only looks like JSON is still converted", () => {
  const key = Symbol("key");

  test("fields that may be undefined, functions, symbols and dates", () => {
    expectTypeOf<Jsonify<{ a: string | undefined }>>().toEqualTypeOf<{ a?: string }>();
    expectTypeOf<Jsonify<{ a: string; f(): void }>>().toEqualTypeOf<{ a: string }>();
    expectTypeOf<Jsonify<{ a: string; [key]: string }>>().toEqualTypeOf<{ a: string }>();
    expectTypeOf<Jsonify<{ a: { at: Date }[] }>>().toEqualTypeOf<{ a: { at: string }[] }>();
    expectTypeOf<Jsonify<(() => void)[]>>().toEqualTypeOf<null[]>();
    expectTypeOf<Jsonify<readonly Date[]>>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Jsonify<[...Date[], number]>>().toEqualTypeOf<[...string[], number]>();
    expectTypeOf<Jsonify<[]>>().toEqualTypeOf<[]>();
    expectTypeOf<Jsonify<Record<string, unknown>>>().toEqualTypeOf<Record<string, unknown>>();
  });
});
