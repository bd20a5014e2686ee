import { type Linter, RuleTester } from "eslint";
import stepwell from "stepwell/eslint";
import { describe, it } from "vitest";

RuleTester.describe = describe;
RuleTester.it = it;
RuleTester.itOnly = it.only;

const tester = new RuleTester({ languageOptions: { ecmaVersion: 2024, sourceType: "module" } });

interface Invalid {
  readonly name?: string;
  readonly code: string;
  readonly errors: readonly { readonly messageId: string; readonly data?: Readonly<Record<string, string>> }[];
  readonly options?: readonly unknown[];
  readonly languageOptions?: Linter.LanguageOptions;
}

/** Runs a rule of the plugin over code that is fine and code that is not. A suggestion is checked where its case gives one. */
export function rule(
  name: string,
  cases: { readonly valid: readonly unknown[]; readonly invalid: readonly Invalid[] },
): void {
  const found = stepwell.rules?.[name];
  if (found === undefined) throw new Error(`There is no rule "${name}".`);
  tester.run(name, found as never, cases as never);
}

/** A handler with this as its code. */
export const handler = (code: string) =>
  `stepwell.createFunction({ id: "a" }, { event: "b" }, async ({ event, step, logger }) => {\n${code}\n});`;
