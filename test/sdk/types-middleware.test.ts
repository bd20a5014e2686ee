import { EventSchemas, type GetFunctionInput, Stepwell, StepwellMiddleware } from "stepwell";
import { describe, expectTypeOf, test } from "vitest";

interface Db {
  find(id: string): { id: string };
}
declare const db: Db;

const schemas = new EventSchemas().fromRecord<{ "shop/placed": { data: { id: string } } }>();
const adding = new StepwellMiddleware({
  name: "adding",
  init: ({ client }) => ({
    onFunctionRun: ({ fn }) => ({
      transformInput: ({ ctx }) => ({ ctx: { db, place: `${client.id}/${fn.id}/${ctx.runId}` } }),
    }),
  }),
});
const later = new StepwellMiddleware({
  name: "later",
  init: async () => ({
    async onFunctionRun() {
      return {
        async transformInput() {
          return { ctx: { tenant: 7 }, steps: [] };
        },
      };
    },
  }),
});
const plain = new StepwellMiddleware({
  name: "plain",
  init: () => ({ onFunctionRun: () => ({ finished: () => {} }) }),
});
const text = new StepwellMiddleware({
  name: "text",
  init: () => ({ onFunctionRun: () => ({ transformInput: () => ({ ctx: { tenant: "t", runId: 1 } }) }) }),
});

/** Compiled, never called. */
const compiled = (_: () => void) => {};

describe("what middleware adds to the context", () => {
  test("is typed in the handlers of its client, and users write no generics", () => {
    compiled(() => {
      const client = new Stepwell({ id: "shop", schemas, middleware: [adding, later, plain] });
      client.createFunction({ id: "a" }, { event: "shop/placed" }, (context) => {
        expectTypeOf(context.db).toEqualTypeOf<Db>();
        expectTypeOf(context.place).toEqualTypeOf<string>();
        expectTypeOf(context.tenant).toEqualTypeOf<number>();
        expectTypeOf(context.event.data).toEqualTypeOf<{ id: string }>();
        expectTypeOf(context.runId).toEqualTypeOf<string>();
      });
      client.createFunction({ id: "b", triggers: { event: "shop/placed" } }, ({ db }) => db.find("1"));
      type Input = GetFunctionInput<typeof client, "shop/placed">;
      expectTypeOf<Input["db"]>().toEqualTypeOf<Db>();
    });
  });

  test("of a function's own is there in that function, its onFailure and onCancel, and in no other", () => {
    compiled(() => {
      const client = new Stepwell({ id: "shop", schemas, middleware: [adding] });
      client.createFunction(
        {
          id: "a",
          middleware: [later],
          onFailure: ({ tenant, db, error }) => {
            expectTypeOf(tenant).toEqualTypeOf<number>();
            expectTypeOf(db).toEqualTypeOf<Db>();
            expectTypeOf(error).toEqualTypeOf<Error>();
          },
          onCancel: ({ tenant }) => expectTypeOf(tenant).toEqualTypeOf<number>(),
        },
        { event: "shop/placed" },
        ({ tenant, place }) => {
          expectTypeOf(tenant).toEqualTypeOf<number>();
          expectTypeOf(place).toEqualTypeOf<string>();
        },
      );
      // @ts-expect-error: that was another function
      client.createFunction({ id: "b" }, { event: "shop/placed" }, ({ tenant }) => tenant);
    });
  });

  test("lies over what was there: of two with the same field the later counts, and the function's over the client's", () => {
    compiled(() => {
      const client = new Stepwell({ id: "shop", middleware: [later, text] });
      client.createFunction({ id: "a" }, { event: "any" }, ({ tenant, runId }) => {
        expectTypeOf(tenant).toEqualTypeOf<string>();
        expectTypeOf(runId).toEqualTypeOf<number>();
      });
      client.createFunction({ id: "b", middleware: [later] }, { event: "any" }, ({ tenant }) =>
        expectTypeOf(tenant).toEqualTypeOf<number>(),
      );
    });
  });

  test("is nothing without middleware, or with some that adds nothing", () => {
    compiled(() => {
      for (const client of [new Stepwell({ id: "a" }), new Stepwell({ id: "a", middleware: [] })]) {
        // @ts-expect-error: nobody has added it
        client.createFunction({ id: "a" }, { event: "any" }, ({ db }) => db);
      }
      const client = new Stepwell({ id: "a", middleware: [plain] });
      // @ts-expect-error: nobody has added it
      client.createFunction({ id: "a" }, { event: "any" }, ({ db }) => db);
    });
  });

  test("hooks of the wrong shape are refused", () => {
    compiled(() => {
      const noObject = () => ({ transformInput: () => ({ ctx: 1 }) });
      // @ts-expect-error: ctx has to be an object
      new StepwellMiddleware({ name: "x", init: () => ({ onFunctionRun: noObject }) });
      // @ts-expect-error: there is no such hook
      new StepwellMiddleware({ name: "x", init: () => ({ onFunctionRun: () => ({ finished: 1 }) }) });
      // @ts-expect-error: a middleware needs a name
      new StepwellMiddleware({ init: () => ({}) });
      // @ts-expect-error: no middleware
      new Stepwell({ id: "x", middleware: [() => {}] });
    });
  });
});
