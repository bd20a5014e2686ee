import { describe, expectTypeOf, test } from "vitest";
import type { Jsonify } from "../../sdk/index.ts";

describe("Jsonify", () => {
  type Branded = string & { readonly __brand: "UserId" };
  interface Tree {
    value: Date;
    children: Tree[];
  }
  class Money {
    readonly amount = 1;
    readonly currency: string = "EUR";
    format() {
      return `${this.amount} ${this.currency}`;
    }
  }

  test("keeps what JSON keeps", () => {
    expectTypeOf<Jsonify<string>>().toEqualTypeOf<string>();
    expectTypeOf<Jsonify<"a" | 1 | true | null>>().toEqualTypeOf<"a" | 1 | true | null>();
    expectTypeOf<Jsonify<boolean>>().toEqualTypeOf<boolean>();
    expectTypeOf<Jsonify<Branded>>().toEqualTypeOf<Branded>();
    expectTypeOf<Jsonify<{ id: Branded }>>().toEqualTypeOf<{ id: Branded }>();
    expectTypeOf<Jsonify<[string, number]>>().toEqualTypeOf<[string, number]>();
    expectTypeOf<Jsonify<readonly [Date, ...Date[]]>>().toEqualTypeOf<readonly [string, ...string[]]>();
    expectTypeOf<Jsonify<readonly string[]>>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Jsonify<{ readonly a: 1; b?: 2 }>>().toEqualTypeOf<{ readonly a: 1; b?: 2 }>();
    expectTypeOf<Jsonify<Record<string, Date>>>().toEqualTypeOf<Record<string, string>>();
    expectTypeOf<Jsonify<{ kind: "a"; at: Date } | { kind: "b" }>>().toEqualTypeOf<
      { kind: "a"; at: string } | { kind: "b" }
    >();
    expectTypeOf<Jsonify<unknown>>().toBeUnknown();
    expectTypeOf<Jsonify<ReturnType<typeof JSON.parse>>>().toBeAny();
    expectTypeOf<Jsonify<{ a: unknown; b?: unknown }>>().toEqualTypeOf<{ a: unknown; b?: unknown }>();
    expectTypeOf<Jsonify<never>>().toBeNever();
  });

  test("turns into JSON what JSON turns", () => {
    expectTypeOf<Jsonify<Date>>().toEqualTypeOf<string>();
    expectTypeOf<Jsonify<URL>>().toEqualTypeOf<string>();
    expectTypeOf<Jsonify<undefined>>().toEqualTypeOf<null>();
    expectTypeOf<Jsonify<string | undefined>>().toEqualTypeOf<string | null>();
    expectTypeOf<Jsonify<(string | undefined)[]>>().toEqualTypeOf<(string | null)[]>();
    expectTypeOf<Jsonify<{ toJSON(): { at: Date } }>>().toEqualTypeOf<{ at: string }>();
    expectTypeOf<Jsonify<Map<string, number>>>().toEqualTypeOf<Record<never, never>>();
    expectTypeOf<Jsonify<{ s: Set<number> }>>().toEqualTypeOf<{ s: Record<never, never> }>();
    expectTypeOf<Jsonify<Money>>().toEqualTypeOf<{ readonly amount: 1; readonly currency: string }>();
    expectTypeOf<Jsonify<Tree>["children"][number]["children"][number]["value"]>().toEqualTypeOf<string>();
  });

  test("leaves out what JSON leaves out", () => {
    expectTypeOf<Jsonify<{ a: 1; save(): void; u: undefined; s: symbol }>>().toEqualTypeOf<{ a: 1 }>();
    expectTypeOf<Jsonify<{ a: string | undefined; b: number }>>().toEqualTypeOf<{ b: number; a?: string }>();
    expectTypeOf<Jsonify<{ a?: Date | undefined }>>().toEqualTypeOf<{ a?: string }>();
    expectTypeOf<Jsonify<{ f: (() => void) | string }>>().toEqualTypeOf<{ f?: string }>();
    expectTypeOf<Jsonify<() => void>>().toEqualTypeOf<null>();
    expectTypeOf<Jsonify<bigint>>().toBeNever();
  });
});
