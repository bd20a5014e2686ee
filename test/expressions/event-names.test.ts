import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { eventNameProblem, isReserved, isWildcard, nameMatches, validEventName } from "../../sdk/expressions/index.ts";

describe("an event's name", () => {
  test.each([
    "a",
    "app/user.created",
    "EC2 Instance State-change Notification",
    "stepwell/function.failed",
    "é",
    "x".repeat(128),
  ])("%j is valid", (name) => expect(eventNameProblem(name)).toBeUndefined());
  test.each(["", " a", "a ", "a\n", "a\0b", "app/*", "*", "x".repeat(129), "\ud800", undefined, null, 5, {}])(
    "%j is not",
    (name) => expect(validEventName(name)).toBe(false),
  );
  test("a reserved name is valid, and known as such", () => {
    expect(isReserved("stepwell/function.failed")).toBe(true);
    expect(isReserved("stepwells/x")).toBe(false);
  });
});

describe("a wildcard", () => {
  test.each(["app/*", "app/user.*", "a.*", "stepwell/*", "Object Created/*"])("%j is one", (name) =>
    expect(isWildcard(name)).toBe(true),
  );
  test.each(["*", "/*", ".*", "app*", "app/*/x", "a*/b.*", "app/**", "app/user", "", "app/ *", "app//*"])(
    "%j is none",
    (name) => expect(isWildcard(name)).toBe(false),
  );
  test.each([
    ["app/*", "app/user", true],
    ["app/*", "app/user.created", true],
    ["app/user.*", "app/user.created", true],
    ["app/user.*", "app/users.created", false],
    ["app/*", "app/", false],
    ["app/*", "app", false],
    ["app/user", "app/user", true],
    ["app/user", "app/user.created", false],
    ["*", "anything", false],
    ["app/user.*", "app/userXcreated", false],
  ])("%j against %j: %j", (pattern, name, matches) => expect(nameMatches(pattern, name)).toBe(matches));
  test("a name matches every prefix of it that ends at a dot or a slash, and itself", () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 2, maxLength: 5 }), (words) => {
        const name = words.join(".");
        for (let count = 1; count < words.length; count++) {
          expect(nameMatches(`${words.slice(0, count).join(".")}.*`, name)).toBe(true);
        }
        expect(nameMatches(name, name)).toBe(true);
      }),
    );
  });
});
