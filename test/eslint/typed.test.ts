import { ESLint } from "eslint";
import stepwell from "stepwell/eslint";
import { describe, expect, it } from "vitest";
import { handler } from "./tester.ts";
import { typed } from "./typed.ts";

/** The rules that code breaks, of the recommended ones. */
async function broken(code: string): Promise<readonly (string | null)[]> {
  const eslint = new ESLint({
    overrideConfigFile: true,
    overrideConfig: [stepwell.configs.recommended, { languageOptions: typed }],
  });
  const [result] = await eslint.lintText(code);
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe("types around expressions change nothing", () => {
  it.each<[string, string, string[]]>([
    ["tools", `await as_(step).run("a", () => not_(step).sleep("b", 1));`, ["stepwell/no-nested-steps"]],
    ["a body", `await step.run("a", as_(async () => { await step.sleep("b", 1); }));`, ["stepwell/no-nested-steps"]],
    [
      "a helper",
      `const f = satisfies_(() => step.sleep("b", 1)); await step.run("a", () => not_(f)());`,
      ["stepwell/no-nested-steps"],
    ],
    ["a step tool", `await not_(step.run)("a", () => as_(step.sleep)("b", 1));`, ["stepwell/no-nested-steps"]],
    ["optional tools", `await step?.run("a", () => step?.sleep?.("b", 1));`, ["stepwell/no-nested-steps"]],
    [
      "a promise",
      `as_(stepwell.send(event)); not_(stepwell).send(event);`,
      ["stepwell/await-send", "stepwell/await-send"],
    ],
    ["a promise that is awaited", `await as_(stepwell.send(event)); const sent = not_(step.sendEvent("a", []));`, []],
    [
      "a variable",
      `let n; await step.run("a", () => { not_(as_(n)).b = 1; as_(n).c++; });`,
      ["stepwell/no-variable-mutation-in-step", "stepwell/no-variable-mutation-in-step"],
    ],
    [
      "a list",
      `const list = as_([]); await step.run("a", () => not_(list).push(1));`,
      ["stepwell/no-variable-mutation-in-step"],
    ],
    [
      "a call",
      `const now = as_(Date).now(); const r = as_(Math.random()); await step.run("a", () => as_(Date.now()));`,
      ["stepwell/no-nondeterminism-outside-steps", "stepwell/no-nondeterminism-outside-steps"],
    ],
    ["what a step is given", `await step.sleepUntil("a", as_(new Date(as_(Date.now()))));`, []],
  ])("around %s", async (_, code, expected) => {
    expect(await broken(handler(code))).toEqual(expected);
  });
});

describe("the recommended config", () => {
  it("has every rule, as an error", () => {
    const { plugins, rules } = stepwell.configs.recommended;
    expect(plugins).toEqual({ stepwell });
    expect(Object.keys(rules ?? {})).toEqual(Object.keys(stepwell.rules ?? {}).map((name) => `stepwell/${name}`));
    expect(new Set(Object.values(rules ?? {}))).toEqual(new Set(["error"]));
  });

  it("says what to do in each message", () => {
    const messages = Object.values(stepwell.rules ?? {}).flatMap(({ meta }) => Object.values(meta?.messages ?? {}));
    expect(messages.length).toBeGreaterThan(4);
    for (const message of messages) expect(message).toMatch(/Return|Call|Write|Put it/);
  });
});
