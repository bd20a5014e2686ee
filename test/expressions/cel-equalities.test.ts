import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalValue,
  compileExpression,
  equalitiesOf,
  formatPath,
  holds,
  isFullyKeyed,
  matchToExpression,
  parsePath,
  valueAt,
} from "../../sdk/expressions/index.ts";

const compile = (text: string) => compileExpression(text, ["event", "async"], "if");
const event = { name: "a", ts: 5, data: { userId: "u1", a: 1, b: 2, list: [1], nothing: null } };

/** JSON, made of few enough parts that two of them are often equal; with the keys that JavaScript makes awkward. */
const json = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom(null, true, false, 0, -0, 1, 1.5, 2 ** 53, 1e21, 1e-7, "", "1", "a", "null", "\ud800", "true"),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom("a", "b", "", "constructor", "__proto__", "toString", "length", "a.b"),
        tie("value"),
        { maxKeys: 3, noNullPrototype: false },
      ),
    ),
  }))
  .value.map((value) => JSON.parse(JSON.stringify(value)) as unknown);

/** The same value, written otherwise: keys in reverse. */
function rewritten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(rewritten);
  if (typeof value !== "object" || value === null) return value;
  const text = Object.entries(value)
    .reverse()
    .map(([key, item]) => `${JSON.stringify(key)}:${JSON.stringify(rewritten(item))}`);
  return JSON.parse(`{${text.join()}}`);
}

describe("a canonical value", () => {
  test.each([
    [1, "1"],
    [1.0, "1"],
    [1n, "1"],
    [-0, "0"],
    ["1", '"1"'],
    [null, "null"],
    [true, "true"],
    [1e21, "1e+21"],
    [10n ** 21n, "1e+21"],
    [2n ** 53n + 1n, "int 9007199254740993"],
    [[1, [2n, "x"]], '[1,[2,"x"]]'],
    [{ b: 1, a: { d: 1, c: undefined } }, '{"a":{"d":1},"b":1}'],
    [undefined, undefined],
    [Number.NaN, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [[undefined], undefined],
    [new Date(0), undefined],
    [() => 1, undefined],
    [Symbol("x"), undefined],
  ])("of %o is %o", (value, text) => expect(canonicalValue(value)).toBe(text));

  test("of a value nested beyond reason is none, and no crash", () => {
    let deep: unknown = 1;
    for (let level = 0; level < 200_000; level++) deep = { a: deep };
    expect(canonicalValue(deep)).toBeUndefined();
  });

  test("agrees with CEL's equality on all JSON", () => {
    const equal = compile("async.data.x == event.data.x");
    const pair = json.chain((left) => fc.tuple(fc.constant(left), fc.oneof(json, fc.constant(rewritten(left)))));
    fc.assert(
      fc.property(pair, ([left, right]) => {
        const [a, b] = [canonicalValue(left), canonicalValue(right)];
        expect(holds(equal, { event: { data: { x: left } }, async: { data: { x: right } } })).toBe(
          a !== undefined && a === b,
        );
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("a path", () => {
  test("is one text for each list of names", () => {
    const names = fc.array(fc.oneof(fc.string(), fc.stringMatching(/^[.~01]{0,4}$/)), { minLength: 1 });
    fc.assert(
      fc.property(names, names, (path, other) => {
        expect(parsePath(formatPath(path))).toEqual(path);
        expect(formatPath(path) === formatPath(other)).toBe(JSON.stringify(path) === JSON.stringify(other));
      }),
    );
  });
  test.each([
    ["data.userId", "u1"],
    ["data.nothing", null],
    ["data.list", [1]],
    ["data.list.0", undefined],
    ["data.list.length", undefined],
    ["data.userId.length", undefined],
    ["data.missing.x", undefined],
    ["data.toString", undefined],
    ["data.__proto__", undefined],
    ["data.nothing.x", undefined],
  ])("valueAt %s is %j", (path, value) => expect(valueAt(event, path)).toEqual(value));
});

describe("equalities", () => {
  test.each<[string, [string, unknown][], boolean]>([
    ["async.data.userId == event.data.userId", [["data.userId", "u1"]], true],
    ["event.data.userId == async.data.userId", [["data.userId", "u1"]], true],
    ["async.data['user-id'] == 5", [["data.user-id", 5]], true],
    ["async.data['a.b']['~'] == 'x'", [["data.a~1b.~0", "x"]], true],
    [
      "async.name == 'a' && async.data.x == event.data.a",
      [
        ["name", "a"],
        ["data.x", 1],
      ],
      true,
    ],
    [
      "(async.data.x == 1) && (true == async.data.y && async.data.z == null)",
      [
        ["data.x", 1],
        ["data.y", true],
        ["data.z", null],
      ],
      true,
    ],
    ["async.data.x == (event.data.a - (event.data.b - event.data.a))", [["data.x", 0]], true],
    ["async.data.x == [event.data.a, 'y']", [["data.x", [1, "y"]]], true],
    ["async.data.x == 1 && async.data.y > 1", [["data.x", 1]], false],
    ["async.data.x == event.data.a && event.data.b == 2", [["data.x", 1]], false],
    ["async.data.x == 9007199254740993", [["data.x", 9007199254740993n]], true],
    ["async.data.x == 1e30", [["data.x", 1e30]], true],
    ["async.data.x == event.data.list.map(v, v + 1)", [["data.x", [2]]], true],
    ["async.data.x == 1 || async.data.y == 2", [], false],
    ["async.data.x != 1", [], false],
    ["!(async.data.x == 1)", [], false],
    ["async.data.x == async.data.y", [], false],
    ["async.data.x == event.data.list[async.data.i]", [], false],
    ["async.data.list[0] == 1", [], false],
    ["async.data[event.name] == 1", [], false],
    ["async == event", [], false],
    ["(async.data.x == 1) == true", [], false],
    ["async.data.x == 1 ? true : false", [], false],
    ["event.data.a == 1", [], false],
    ["true", [], false],
  ])("of %s", (text, expected, fully) => {
    const expression = compile(text);
    const found = equalitiesOf(expression).map((equality) => [equality.path, equality.valueOf(event)]);
    expect(found).toEqual(expected.map(([path, value]) => [path, { ok: true, value }]));
    expect(isFullyKeyed(expression)).toBe(fully);
  });

  test.each(["event.data.missing", "event.data.userId + 1", "timestamp('2024-01-01T00:00:00Z')", "b'x'", "int"])(
    "the side %s has no value, and nothing can match it",
    (side) => {
      const expression = compile(`async.data.x == ${side}`);
      expect(equalitiesOf(expression)[0]?.valueOf(event).ok).toBe(false);
      expect(holds(expression, { event, async: { data: { x: "2024-01-01T00:00:00.000Z" } } })).toBe(false);
    },
  );

  test("a key that differs means that the condition is false, and keys that agree decide a fully keyed one", () => {
    const side = fc.constantFrom(
      "event.data.x",
      "event.data.y",
      "1",
      "1.0",
      "'a'",
      "null",
      "true",
      "[1, 'a']",
      "{'a': 1}",
      "event.data.x + 1",
      "size(event.data.x)",
      "event.data.missing",
      "has(event.data.y)",
      "event.data.x == 1",
      "event.data['a.b']",
      "[event.data.x]",
      "{'a': event.data.y}",
    );
    const path = fc.constantFrom("async.data.x", "async.data.y", "async.data['a.b']", "async.data.x.a", "async.name");
    const equality = fc
      .tuple(path, side, fc.boolean())
      .map(([a, b, turned]) => (turned ? `${b} == ${a}` : `${a} == (${b})`));
    const other = fc.constantFrom(
      "async.data.x != 1",
      "async.data.y > 0",
      "event.data.x == 1",
      "(async.data.x == 1 || true)",
    );
    const texts = fc.array(fc.oneof({ weight: 4, arbitrary: equality }, { weight: 1, arbitrary: other }), {
      minLength: 1,
      maxLength: 3,
    });
    const small = fc.oneof(
      fc.constantFrom<unknown>(1, "a", null, true, [1, "a"], { a: 1 }, 2, { constructor: 1 }),
      json,
    );
    const data = fc.record({ x: small, y: small, "a.b": small }, { requiredKeys: [] });
    fc.assert(
      fc.property(texts, data, data, (terms, mine, theirs) => {
        const expression = compile(terms.join(" && "));
        const [trigger, arriving] = [
          { name: "a", data: mine },
          { name: "a", data: theirs },
        ];
        const keysAgree = equalitiesOf(expression).every((equality) => {
          const value = equality.valueOf(trigger);
          const key = value.ok ? canonicalValue(value.value) : undefined;
          return key !== undefined && key === canonicalValue(valueAt(arriving, equality.path));
        });
        const truth = holds(expression, { event: trigger, async: arriving });
        if (!keysAgree) expect(truth).toBe(false);
        if (isFullyKeyed(expression)) expect(truth).toBe(keysAgree);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("match", () => {
  test.each([
    ["data.userId", "async.data.userId == event.data.userId"],
    ["data.a.b_1", "async.data.a.b_1 == event.data.a.b_1"],
    ["user.id", "async.user.id == event.user.id"],
    ["name", "async.name == event.name"],
    ["data.user-id", 'async.data["user-id"] == event.data["user-id"]'],
    ["data.in.true", 'async.data["in"]["true"] == event.data["in"]["true"]'],
    ["data.for.1st", 'async.data.for["1st"] == event.data.for["1st"]'],
  ])("%s is %s, fully keyed", (match, text) => {
    expect(matchToExpression(match, "match")).toBe(text);
    const expression = compile(text);
    expect(isFullyKeyed(expression)).toBe(true);
    expect(equalitiesOf(expression)[0]?.path).toBe(match);
  });

  test.each([
    ["", /begins with one of/],
    ["userId", /Write "data\.userId"\?/],
    ["event.data.x", /leave out "event\."/],
    ["async.data.x", /leave out "async\."/],
    ["data.", /"" is not a name/],
    ["data..x", /not a name/],
    ["data.items.0", /no list index/],
    ["data.items[0]", /not a name/],
    ["data.x == 1", /not a name/],
    ["data.x y", /not a name/],
    [".data", /begins with one of/],
    [undefined, /not a text/],
  ])("%j is refused", (match, reason) => {
    const work = () => matchToExpression(match as string, "waitForEvent");
    expect(work).toThrow(
      expect.objectContaining({ code: "STEPWELL_INVALID_EXPRESSION", message: expect.stringMatching(reason) }),
    );
  });
});
