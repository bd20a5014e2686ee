import { describe, expect, test } from "vitest";
import { compileExpression, evaluate, holds, tryEvaluate } from "../../sdk/expressions/index.ts";

const event = {
  name: "shop/order.placed",
  ts: 1_790_000_000_000,
  data: {
    n: 5,
    amount: 100,
    pct: 0.25,
    zero: 0,
    big: 9_007_199_254_740_991,
    text: "hello",
    yes: true,
    nothing: null,
    i: 1,
    "user-id": "u1",
    list: [1, "a", null, 2.5],
    empty: [],
    users: [{ id: 1, tags: ["x"] }, { id: 2, tags: [] }, {}],
    object: { a: 1, b: { c: 2 } },
    odd: { constructor: "x", toString: 1, in: 2 },
  },
};
const compile = (text: string) => compileExpression(text, ["event"], "if");

describe("numbers of JSON", () => {
  test.each([
    ["event.data.n == 5", true],
    ["5 == event.data.n", true],
    ["event.data.n == 5.0", true],
    ["event.data.n != 6", true],
    ["event.data.n > 4.5", true],
    ["event.data.amount > 100", false],
    ["event.data.amount >= 100", true],
    ["event.data.amount == 100", true],
    ["event.data.pct < 0.5", true],
    ["event.data.pct < 1", true],
    ["event.ts > 1700000000000", true],
    ["event.ts - 3600000 > 1700000000000", true],
    ["1 == 1.0", true],
    ["1.0 != 1", false],
    ["9007199254740993 == 9007199254740992.0", false],
    ["event.data.n + 1 == 6", true],
    ["1 + event.data.n == 6.0", true],
    ["event.data.n * 2 == event.data.n + 5", true],
    ["event.data.n / 2 == 2.5", true],
    ["event.data.n % 2 == 1", true],
    ["-event.data.n == -5", true],
    ["size(event.data.list) == 4", true],
    ["event.data.list.size() > event.data.pct", true],
    ["event.data.list[event.data.i] == 'a'", true],
    ["event.data.list[0] == 1", true],
    ["1 in event.data.list && 'a' in event.data.list && 2.5 in event.data.list", true],
    ["event.data.n in [1, 5]", true],
    ["event.data.n in ['a', 5.0]", true],
    ["int(event.data.n) == 5 && string(event.data.n) == '5' && double('5') == event.data.n", true],
    ["type(event.data.n) == double", true],
    ["event.data.big == 9007199254740991", true],
  ])("%s is %j", (text, value) => expect(tryEvaluate(compile(text), { event })).toEqual({ ok: true, value }));

  test.each([
    ["event.data.n + 1", 6],
    ["1 + 2", 3],
    ["7 / 2", 3],
    ["[1, 2.5]", [1, 2.5]],
    ["{'a': 1}", { a: 1 }],
    ["event.data.list", [1, "a", null, 2.5]],
    ["event.data.users.filter(u, has(u.id)).map(u, u.id + 1)", [2, 3]],
    ["event.data.text + '!'", "hello!"],
    ["event.data['user-id']", "u1"],
    ["event.data.odd", { constructor: "x", toString: 1, in: 2 }],
  ])("%s gives JSON: %j", (text, value) => {
    const result = evaluate(compile(text), { event });
    expect(JSON.parse(JSON.stringify(result))).toEqual(value);
  });
});

describe("missing fields and wrong types make a condition false", () => {
  test.each([
    ["event.data.missing == 1", false],
    ["event.data.missing != 1", false],
    ["!(event.data.missing == 1)", false],
    ["event.data.missing == null", false],
    ["event.data.a.b.c == 1", false],
    ["event.data.nothing == null", true],
    ["event.data.nothing.x == 1", false],
    ["event.data.text == null", false],
    ["event.data.text == 5", false],
    ["event.data.text != 5", true],
    ["event.data.text > 5", false],
    ["event.data.text + 1 == 6", false],
    ["event.data.text.x == 1", false],
    ["event.data.list[9] == 1", false],
    ["event.data.list[-1] == 1", false],
    ["event.data.list.x == 1", false],
    ["event.data.empty[0] == 1", false],
    ["event.data.missing.exists(x, true)", false],
    ["event.data.n.exists(x, true)", false],
    ["1 / event.data.zero == 1", false],
    ["1 / 0 == 1", false],
    ["has(event.data.n)", true],
    ["has(event.data.missing)", false],
    ["!has(event.data.missing)", true],
    ["!has(event.data.n)", false],
    ["has(event.data.nothing)", true],
    ["!has(event.data.a.b)", false],
    ["'user-id' in event.data", true],
    ["'missing' in event.data", false],
    ["has(event.data.missing) && event.data.missing == 1", false],
    ["!has(event.data.missing) || event.data.missing == 1", true],
    ["event.data.missing == 1 || true", true],
    ["event.data.missing == 1 && false", false],
    ["event.data.n", false],
    ["event.data.yes", true],
    ["event.data.users.exists(u, u.id == 2)", true],
    ["event.data.users.all(u, u.id > 0)", false],
    ["event.data.toString == 1", false],
    ["event.data.__proto__ == 1", false],
    ["event.constructor == 1", false],
    ["event.data.odd.constructor == 'x'", true],
    ["event.data.odd == {'toString': 1}", false],
    ["'constructor' in event.data.odd", true],
    ["size(event.data.odd) == 3", true],
    ["event.data.odd['in'] == 2", true],
  ])("%s: %j", (text, value) => expect(holds(compile(text), { event })).toBe(value));

  test("the reason is told", () => {
    expect(tryEvaluate(compile("event.data.missing == 1"), { event })).toEqual({
      ok: false,
      reason: "No such key: missing",
    });
    expect(tryEvaluate(compile("event.data.n == 1"), {})).toMatchObject({
      ok: false,
      reason: expect.stringContaining("event"),
    });
    expect(tryEvaluate(compile("timestamp('2024-01-01T00:00:00Z')"), {})).toMatchObject({
      ok: false,
      reason: /not JSON/,
    });
    expect(evaluate(compile("event.data.missing"), { event })).toBeUndefined();
  });

  test.each([undefined, null, 5, "x", [], { data: null }, { data: [] }, { data: "x" }, new Map()])(
    "an event such as %j is no crash",
    (odd) => expect(holds(compile("event.data.a.b == 1 || event.data.list[0] == 2"), { event: odd })).toBe(false),
  );

  test("an event nested beyond the stack is no crash", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level++) deep = [deep];
    expect(holds(compile("event.data.deep == [1]"), { event: { data: { deep } } })).toBe(false);
  });
});
