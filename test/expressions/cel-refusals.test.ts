import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCondition, compileExpression, holds, tryEvaluate } from "../../sdk/expressions/index.ts";

const event = { data: { n: 5, text: "hello", list: [1, "a"] } };
const compile = (text: string) => compileExpression(text, ["event"], "if");

describe("a bad expression is refused when it is defined", () => {
  const hostile: readonly (readonly [string, RegExp])[] = [
    ["", /it is empty/],
    ["  \n", /it is empty/],
    ["event.data.n ==", /character 16.*Unexpected token: EOF/],
    ["event.data.n = 5", /character 14: Unexpected character: =. Write == instead/],
    ["event.data.n === 5", /refused at character/],
    ["event.data.'x' == 1", /refused at character/],
    ["foo.data == 1", /character 1: unknown variable `foo`\. Use event, such as `event\.data\.foo`/],
    ["event.data.a == abc", /character 17: unknown variable `abc`/],
    ["async.data.a == 1", /no arriving event here/],
    ["events[0].data.a == 1", /unknown variable `events`/],
    ["frob(event.data)", /no matching overload for 'frob/],
    ["event.data.text.frob()", /frob/],
    ["event.data.text.constructor('x')()", /refused/],
    ["google.protobuf.Timestamp == 1", /unknown variable `google`/],
    ["cel.bind(x, event.data.n, x + x)", /refused/],
    ["optional.none()", /unknown variable `optional`/],
    ["bytes('{}').json()", /unknown function `json`/],
    ["__proto__.x", /Reserved identifier/],
    ["event + 1", /no such overload/],
    ["'a' == 1", /no such overload/],
    [`'${"x".repeat(4_096)}' == 'x'`, /4105 characters.*limit is 4096/],
    [`${"(".repeat(40)}1${")".repeat(40)}`, /nested deeper than 32/],
    ["[".repeat(2_000), /nested deeper than 32/],
    ["{1:".repeat(1_000), /nested deeper than 32/],
    [`${"!".repeat(4_000)}true`, /too many parts/],
    [`${"!".repeat(40)}true`, /nested deeper than 32/],
    [`${"-".repeat(4_000)}1`, /too many parts/],
    [`event${".a".repeat(40)} == 1`, /nested deeper than 32/],
    [`event.data${".trim()".repeat(40)} == ''`, /nested deeper than 32/],
    [`${"true ? ".repeat(40)}1${" : 2".repeat(40)}`, /nested deeper than 32/],
    [`1${"+1".repeat(2_047)}`, /too many parts/],
    ["1 == 99999999999999999999", /character 6: the number does not fit into 64 bits/],
    [`1 == 0x${"F".repeat(100)}`, /64 bits/],
    ["1.0e999 == 1.0", /Invalid number/],
    ["event.data.n == 5u", /no unsigned numbers/],
    ["uint(5) == 5", /no unsigned numbers/],
    ["event.data.a.all(x, x.b.exists(y, y == 1))", /macros cannot be nested/],
    ["event.data.a.map(x, [x].filter(y, true))", /macros cannot be nested/],
    ["event.data.a.map(x, x.all(y, y == 1), x)", /macros cannot be nested/],
    ["event.data.a.all(event, event == 1)", /item cannot be called `event`/],
    ["event.data.a.all(async, async == 1)", /item cannot be called `async`/],
    ["event.data.a.all(int, true)", /item cannot be called `int`/],
    ["event.data.a.all(1, true)", /invalid predicate iteration variable/],
    ["event.data.a.exists(x, x == 1) && x == 1", /unknown variable `x`/],
    ["has(event)", /has\(\) invalid argument/],
    ["event.data.text.matches('(a+)+$')", /pattern of `matches` is refused.*"\(a"/],
    ["event.data.text.matches('a|b')", /refused.*"\|b"/],
    ["event.data.text.matches('a+b+c+')", /too many unbounded/],
    ["event.data.text.matches('^.*.*.*x')", /too many unbounded/],
    ["event.data.text.matches('a?a?a?a?a?a?a?')", /too many optional/],
    ["event.data.text.matches('a{0,100}b')", /too many optional/],
    ["event.data.text.matches('a{1,999}')", /more than 100 times/],
    ["event.data.text.matches('a**')", /refused/],
    ["event.data.text.matches('a+?')", /refused/],
    [String.raw`event.data.text.matches('(a)\\1')`, /refused/],
    [String.raw`event.data.text.matches('\\1')`, /refused/],
    ["event.data.text.matches('(?=a)')", /refused/],
    ["event.data.text.matches('[z-a]')", /not a regular expression/],
    ["event.data.text.matches('[a')", /refused/],
    ["event.data.text.matches('a$b')", /refused/],
    ["event.data.text.matches('*')", /refused/],
    [`event.data.text.matches('${"a".repeat(300)}')`, /longer than 256/],
    ["event.data.text.matches(event.data.pattern)", /must be written out/],
    ["event.data.text.matches('a' + 'b')", /must be written out/],
  ];
  test.each(hostile.map(([text, reason]) => [text.slice(0, 60), text, reason] as const))(
    "%s",
    (_title, text, reason) => {
      const work = () => compile(text);
      expect(work).toThrow(expect.objectContaining({ code: "STEPWELL_INVALID_EXPRESSION" }));
      expect(work).toThrow(expect.objectContaining({ message: expect.stringMatching(reason) }));
    },
  );

  test.each([undefined, null, 5, {}, ["event"]])("%j is no text", (text) => {
    expect(() => compile(text as unknown as string)).toThrow(
      expect.objectContaining({ code: "STEPWELL_INVALID_EXPRESSION" }),
    );
  });

  test("the message names the place and points at the character", () => {
    expect(() => compileExpression("event.data.a == abc", ["event"], 'the trigger of "f"')).toThrow(
      /^the trigger of "f": the expression is refused at character 17.*\n {2}event\.data\.a == abc\n {2} {16}\^$/s,
    );
  });

  test("a condition has to be true or false", () => {
    expect(() => compileCondition("event.data.n + 1 == 2", ["event"], "if")).not.toThrow();
    expect(() => compileCondition("event.data.n", ["event"], "if")).not.toThrow();
    expect(() => compileCondition("size(event.data.n)", ["event"], "if")).toThrow(/is of type int/);
    expect(() => compileCondition("'true'", ["event"], "if")).toThrow(/is of type string/);
  });

  test("async and events are there where they are said to be", () => {
    expect(
      holds(compileExpression("async.data.n == event.data.n", ["event", "async"], "if"), { event, async: event }),
    ).toBe(true);
    expect(
      holds(compileExpression("events.all(e, e.data.n == 5)", ["event", "events"], "if"), { events: [event, event] }),
    ).toBe(true);
    expect(holds(compileExpression("events[0].data.n == 5", ["events"], "if"), { events: [event] })).toBe(true);
  });

  test("any text is an expression or a typed error, and evaluates without a throw", () => {
    const words = fc.constantFrom(
      "event",
      ".data",
      ".n",
      ".list",
      "[0]",
      "[",
      "]",
      "(",
      ")",
      " == ",
      " && ",
      " || ",
      " + ",
      "!",
      "1",
      "2.5",
      "'a'",
      "true",
      "null",
      " in ",
      ".exists(x, ",
      "x",
      ")",
      "has(",
      "size(",
      ".matches('a+')",
      "?",
      ":",
      ",",
      "{",
      "}",
      "-",
      "async",
    );
    const texts = fc.oneof(
      fc.string(),
      fc.array(words, { maxLength: 12 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          tryEvaluate(compile(text), { event });
        } catch (error) {
          expect(error).toMatchObject({ code: "STEPWELL_INVALID_EXPRESSION" });
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe("an evaluation is bounded", () => {
  const items = Array.from({ length: 20_000 }, (_, index) => ({ id: index, name: `n${index}` }));
  const run = (text: string, data: unknown) => tryEvaluate(compile(text), { event: { data } });

  test("a macro over a long list is fine, one that is quadratic in it is not started", () => {
    expect(run("event.data.items.exists(x, x.id == 19999)", { items })).toEqual({ ok: true, value: true });
    expect(run("event.data.items.exists(x, x.name == event.data.name)", { items, name: "n7" })).toEqual({
      ok: true,
      value: true,
    });
    expect(run("event.data.items.all(x, !(x in event.data.items))", { items })).toMatchObject({
      ok: false,
      reason: /would touch/,
    });
    expect(run("event.data.items.map(x, event.data.items + event.data.items)", { items })).toMatchObject({ ok: false });
    const text = "ab".repeat(500_000);
    expect(run("event.data.text.split('').exists(x, size(event.data.text) < 0)", { text })).toMatchObject({
      ok: false,
    });
    const copies = `size(event.data.items${" + event.data.items".repeat(150)}) == 0`;
    expect(run(copies, { items: Array.from({ length: 100_000 }, () => 1) })).toMatchObject({ ok: false });
  });

  test("a pattern that backtracks is not run on a long text", () => {
    expect(run("event.data.text.matches('^.*foo.*x$')", { text: "foo".repeat(3_000) })).toEqual({
      ok: true,
      value: false,
    });
    expect(run("event.data.text.matches('^.*foo.*x$')", { text: "foo".repeat(30_000) })).toMatchObject({
      ok: false,
      reason: /pattern/,
    });
    expect(run("event.data.text.matches('urgent')", { text: `${"a".repeat(1_000_000)}urgent` })).toEqual({
      ok: true,
      value: true,
    });
  });

  test("a pattern in a macro is bounded by the texts of the items, and by the turns if the text comes from outside", () => {
    const commits = Array.from({ length: 2_000 }, (_, index) => ({
      message: `commit number ${index} of many, by somebody`,
    }));
    const text = "x".repeat(60_000);
    expect(run("event.data.commits.exists(c, c.message.matches('number 1999 '))", { commits })).toEqual({
      ok: true,
      value: true,
    });
    expect(run("event.data.commits.exists(c, event.data.text.matches('never'))", { commits, text })).toMatchObject({
      ok: false,
    });
  });

  test.each([
    ["^h[a-z]+o$", true],
    ["^\\\\w{5}$", true],
    ["ell", true],
    ["^[^x]*$", true],
    ["l{2}", true],
    ["h.llo", true],
    ["\\\\.", false],
    ["^https?://", false],
    ["^[\\\\d-]{1,4}$", false],
    ["", true],
    ["^$", false],
  ])("the simple pattern %s is allowed", (pattern, value) =>
    expect(tryEvaluate(compile(`event.data.text.matches('${pattern}')`), { event })).toEqual({ ok: true, value }),
  );
});
