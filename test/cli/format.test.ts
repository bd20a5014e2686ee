import { expect, it } from "vitest";
import { duration, short, table } from "../../cli/format.ts";

it.each([
  [-5, "0ms"],
  [0.4, "0ms"],
  [999, "999ms"],
  [1_000, "1.0s"],
  [59_999, "59.9s"],
  [60_000, "1m"],
  [3_599_999, "59m 59s"],
  [3_600_000, "1h"],
  [90_000_000, "1d 1h"],
  [400 * 86_400_000, "400d"],
])("%d ms is shown as %s", (ms, text) => {
  expect(duration(ms)).toBe(text);
});

it("columns are as wide as their widest cell looks, colours or not", () => {
  const rows = [
    ["a", "\u001b[32mgreen\u001b[39m", "x"],
    ["long", "b", ""],
  ];
  expect(table(rows)).toEqual(["a     \u001b[32mgreen\u001b[39m  x", "long  b"]);
});

it("what is long becomes one line of the given length", () => {
  expect(short("a\n  b", 10)).toBe("a b");
  expect(short("x".repeat(11), 10)).toBe(`${"x".repeat(9)}…`);
});
