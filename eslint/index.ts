import type { ESLint, Linter, Rule } from "eslint";
import { awaitSend } from "./rules/await-send.ts";
import { noNestedSteps } from "./rules/no-nested-steps.ts";
import { noNondeterminismOutsideSteps } from "./rules/no-nondeterminism-outside-steps.ts";
import { noVariableMutationInStep } from "./rules/no-variable-mutation-in-step.ts";

/** The rules by their names. */
const rules: Readonly<Record<string, Rule.RuleModule>> = {
  "no-nested-steps": noNestedSteps,
  "await-send": awaitSend,
  "no-variable-mutation-in-step": noVariableMutationInStep,
  "no-nondeterminism-outside-steps": noNondeterminismOutsideSteps,
};

const plugin: ESLint.Plugin = { meta: { name: "stepwell" }, rules: { ...rules } };

/** All rules as errors, for a flat config. */
const recommended: Linter.Config = {
  name: "stepwell/recommended",
  plugins: { stepwell: plugin },
  rules: Object.fromEntries(Object.keys(rules).map((name) => [`stepwell/${name}`, "error"])),
};

/**
 * The plugin of Stepwell for ESLint 9 and 10: the rules `no-nested-steps`, `await-send`, `no-variable-mutation-in-step` and
 * `no-nondeterminism-outside-steps`, and the config `recommended`, which has them all as errors.
 *
 * @example
 * ```ts
 * // eslint.config.js
 * import stepwell from "stepwell/eslint";
 *
 * export default [stepwell.configs.recommended];
 * ```
 */
const stepwell: ESLint.Plugin & { readonly configs: { readonly recommended: Linter.Config } } = Object.assign(plugin, {
  configs: { recommended },
});

export default stepwell;
