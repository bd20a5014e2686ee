import { EventSchemas, type RunView, type StepView, Stepwell } from "stepwell";
import { type CrashReport, type StepResult, TestEngine, type TestEngineOptions } from "stepwell/test";
import { describe, expectTypeOf, test } from "vitest";

/** Code that the compiler reads and nobody runs. */
const compiled = (_code: () => unknown) => {};

const typed = new Stepwell({
  id: "typed",
  schemas: new EventSchemas().fromRecord<{ "a/full": { data: { sku: string; at: Date } } }>(),
});
const untyped = new Stepwell({ id: "untyped" });
const one = typed.createFunction({ id: "one" }, { event: "a/full" }, async ({ event, step }) => {
  const at = await step.run("at", () => new Date());
  return { sku: event.data.sku, at };
});
const two = untyped.createFunction({ id: "two" }, { event: "b" }, () => {});

describe("the test kit, without anything between <>", () => {
  test("knows the function's result", () => {
    compiled(async () => {
      const t = new TestEngine({ function: one });
      const { result, error, run } = await t.execute();
      expectTypeOf(result).toEqualTypeOf<{ sku: string; at: string } | undefined>();
      expectTypeOf(error).toEqualTypeOf<Error | undefined>();
      expectTypeOf(run).toEqualTypeOf<RunView>();
      expectTypeOf((await t.clone().execute()).result).toEqualTypeOf(result);
      const { result: nothing } = await new TestEngine({ function: two }).execute();
      expectTypeOf(nothing).toEqualTypeOf<null | undefined>();
    });
  });

  test("knows of a step that it has one, and not what its result is", () => {
    compiled(async () => {
      const ended = await new TestEngine({ function: one }).executeStep("at");
      expectTypeOf(ended).toEqualTypeOf<StepResult>();
      expectTypeOf(ended.result).toEqualTypeOf<unknown>();
      expectTypeOf(ended.step).toEqualTypeOf<StepView>();
    });
  });

  test("step tools are spies, and still tools", () => {
    compiled(async () => {
      const { ctx, state } = await new TestEngine({ function: one }).execute();
      expectTypeOf(ctx.step.run.mock.calls).toEqualTypeOf<readonly (readonly unknown[])[]>();
      expectTypeOf(ctx.step.sleep).toBeCallableWith("nap", "1h");
      expectTypeOf(ctx.runId).toEqualTypeOf<string>();
      expectTypeOf(state).toEqualTypeOf<Readonly<Record<string, Promise<unknown>>>>();
    });
  });

  test("takes functions of clients with and without schemas, side by side", () => {
    compiled(async () => {
      const options: TestEngineOptions = { function: one, functions: [two, one], client: typed };
      const t: TestEngine = new TestEngine(options);
      const engines: TestEngine[] = [t, new TestEngine({ function: two, client: untyped })];
      expectTypeOf(await engines[0]?.survivesCrashes()).toEqualTypeOf<CrashReport | undefined>();
    });
  });

  test("refuses what is no option", () => {
    compiled(() => {
      // @ts-expect-error: no function
      new TestEngine({});
      // @ts-expect-error: no function of Stepwell
      new TestEngine({ function: () => 1 });
      // @ts-expect-error: no such option
      new TestEngine({ function: one, event: { name: "a" } });
      // @ts-expect-error: a mock without a handler
      new TestEngine({ function: one, steps: [{ id: "at" }] });
      // @ts-expect-error: the function is the engine's
      new TestEngine({ function: one }).execute({ function: two });
      // @ts-expect-error: an event without a name
      new TestEngine({ function: one, events: [{ data: {} }] });
    });
  });
});
