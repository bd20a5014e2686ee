import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson } from "../../cli/json-text.ts";

const faultOf = (text: string): string => {
  try {
    parseJson(text);
    return "";
  } catch (error) {
    return (error as Error).message.split("\n")[0] ?? "";
  }
};

describe("JSON that is wrong", () => {
  it.each([
    ["", "line 1, column 1: it ends too early"],
    ["{", "line 1, column 2: it ends too early"],
    ["{oops", 'line 1, column 2: "o" cannot be there'],
    ["{'a': 1}", `line 1, column 2: "'" cannot be there`],
    ['{"a" 1}', 'line 1, column 6: "1" cannot be there'],
    ['{"a":1,}', 'line 1, column 8: "}" cannot be there'],
    ["[1,2,]", 'line 1, column 6: "]" cannot be there'],
    ["[1 2]", 'line 1, column 4: "2" cannot be there'],
    ["01", 'line 1, column 2: "1" cannot be there'],
    ['{"a": tru}', 'line 1, column 7: "t" cannot be there'],
    ['{"a": "b', 'line 1, column 7: "\\"" cannot be there'],
    ["{} {}", 'line 1, column 4: "{" cannot be there'],
    ['{\n  "a": 1,\n  b: 2\n}', 'line 3, column 3: "b" cannot be there'],
  ])("%j: %s", (text, message) => {
    expect(faultOf(text)).toBe(message);
  });

  it("is marked in its line, also in a long one", () => {
    const text = `{"a":"${"x".repeat(500)}",b:1}`;
    const message = (() => {
      try {
        return parseJson(text);
      } catch (error) {
        return (error as Error).message;
      }
    })() as string;
    const [, line = "", mark = ""] = message.split("\n");
    expect(line.length).toBeLessThanOrEqual(60);
    expect(line[mark.indexOf("^")]).toBe("b");
  });

  it("is found wherever a text stops being JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (json, cut) => {
        const at = cut % json.length;
        const text = `${json.slice(0, at)}\u0001${json.slice(at)}`;
        const column = Number(/column (\d+)/.exec(faultOf(text))?.[1]);
        // The token that has it may have begun before.
        expect(column).toBeGreaterThan(0);
        expect(column).toBeLessThanOrEqual(at + 1);
      }),
    );
  });
});

it("JSON that is right is what JSON.parse says", () => {
  fc.assert(fc.property(fc.json(), (json) => void expect(parseJson(json)).toEqual(JSON.parse(json))));
});
