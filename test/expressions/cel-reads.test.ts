import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { environmentFor } from "../../sdk/expressions/cel-environment.ts";
import { compileExpression, holds, project, projectionOf, tryEvaluate } from "../../sdk/expressions/index.ts";

const compile = (text: string) => compileExpression(text, ["event"], "if");

describe("the projection", () => {
  test.each([
    [
      "event.data.userId == 'x' && event.data.items.exists(i, i.n > 1)",
      [
        ["data", "userId"],
        ["data", "items"],
      ],
    ],
    [
      "event.data.a.b == 1 && event.data.a == event.data.c",
      [
        ["data", "a"],
        ["data", "c"],
      ],
    ],
    [
      "event.data['user-id'] == event.data['a.b'].c",
      [
        ["data", "user-id"],
        ["data", "a.b", "c"],
      ],
    ],
    ["event.data.list[0].x == event.data.list[event.ts]", [["ts"], ["data", "list"]]],
    ["event.data[event.name] == 1", [["name"], ["data"]]],
    ["has(event.data.x) && 'y' in event.user", [["user"], ["data", "x"]]],
    [
      "event.data.l.exists(x, x == event.data.y)",
      [
        ["data", "l"],
        ["data", "y"],
      ],
    ],
    ["true", []],
    ["event == event", "all"],
    ["event[event.name] == 1", "all"],
    ["'x' in event", "all"],
    ["size(event) > 1 && event.data.x == 1", "all"],
  ])("of %s is %j", (text, paths) => {
    const projection = projectionOf(compile(text), "event");
    const sorted = (list: unknown) => (Array.isArray(list) ? list.map((path) => JSON.stringify(path)).sort() : list);
    expect(sorted(projection)).toEqual(sorted(paths));
  });

  test("keeps only what is named, and empties lists on the way", () => {
    const value = { data: { a: { b: 1, c: 2 }, d: [1], e: null, f: "x" }, name: "n" };
    const paths = [
      ["data", "a", "b"],
      ["data", "d", "x"],
      ["data", "e", "x"],
      ["data", "missing"],
      ["user", "id"],
      ["data", "f", "x"],
    ];
    expect(project(value, paths)).toEqual({ data: { a: { b: 1 }, d: [], e: null, f: "x" } });
    expect(project(value, "all")).toBe(value);
    expect(project(value, [])).toEqual({});
  });

  test("evaluating on it equals evaluating on the whole event, with the bare library too", () => {
    const leaf = fc.oneof(
      fc.integer({ min: 0, max: 2 }),
      fc.constantFrom("a", "b", null, true, 0.5),
      fc.constant({ a: 1 }),
      fc.constant([1, "a"]),
    );
    const keys = fc.constantFrom("a", "b", "c", "user-id");
    const data = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.dictionary(keys, tie("node")),
        fc.array(tie("node"), { maxLength: 3 }),
      ),
    })).node;
    const access = fc.constantFrom(".a", ".b", ".c", "['user-id']", "[0]", "['a']", "[event.data.a]");
    const path = fc.array(access, { maxLength: 3 }).map((parts) => `event.data${parts.join("")}`);
    const literal = fc.constantFrom("1", "'a'", "null", "true", "0.5", "[1, 'a']", "{'a': 1}");
    const term = fc.oneof(
      fc.tuple(path, fc.constantFrom("==", "!=", "<", "in"), fc.oneof(path, literal)).map((parts) => parts.join(" ")),
      fc
        .tuple(path, fc.constantFrom("exists", "all"), path)
        .map(([list, macro, other]) => `${list}.${macro}(x, x == ${other})`),
      path.map((text) => `has(${text}.b)`).filter((text) => !text.includes("[")),
      path.map((text) => `size(${text}) > 1`),
    );
    const texts = fc
      .array(term, { minLength: 1, maxLength: 3 })
      .chain((terms) => fc.constantFrom(" && ", " || ").map((by) => terms.join(by)));
    fc.assert(
      fc.property(texts, data, (text, value) => {
        fc.pre(compiles(text)); // a few are refused for their types
        const expression = compile(text);
        const whole = { name: "n", data: value };
        const projected = project(whole, projectionOf(expression, "event"));
        expect(tryEvaluate(expression, { event: projected })).toEqual(tryEvaluate(expression, { event: whole }));
        expect(holds(expression, { event: whole })).toBe(bare(text, whole));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** The library itself, on the whole event. */
function bare(text: string, whole: unknown): boolean {
  try {
    return environmentFor(["event"]).parse(text)({ event: whole }) === true;
  } catch {
    return false;
  }
}

function compiles(text: string): boolean {
  try {
    return compile(text).text === text;
  } catch {
    return false;
  }
}
