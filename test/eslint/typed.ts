import { createRequire } from "node:module";
import type { Linter } from "eslint";

const require = createRequire(createRequire(import.meta.url).resolve("eslint"));
const espree = require("espree") as { parse(code: string, options: object): Tree };

type Tree = { type: string; [field: string]: unknown };

/** The nodes of TypeScript by the functions that stand for them here: `as_(x)` is `x as any`, `not_(x)` is `x!`. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  as_: "TSAsExpression",
  satisfies_: "TSSatisfiesExpression",
  not_: "TSNonNullExpression",
};

/** A parser that makes nodes of TypeScript, in the shape in which its ESLint parser makes them: that one is not installed here. */
const parser: Linter.Parser = {
  parseForESLint: (code: string) => ({
    ast: withTypes(
      espree.parse(code, {
        ecmaVersion: 2024,
        sourceType: "module",
        range: true,
        loc: true,
        comment: true,
        tokens: true,
      }),
    ) as never,
    visitorKeys: {
      ...(require("eslint-visitor-keys") as { KEYS: object }).KEYS,
      TSAsExpression: ["expression"],
      TSSatisfiesExpression: ["expression"],
      TSNonNullExpression: ["expression"],
    },
  }),
};

export const typed: Linter.LanguageOptions = { parser };

function withTypes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withTypes);
  if (typeof value !== "object" || value === null || value instanceof RegExp) return value;
  const node = Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withTypes(field)])) as Tree;
  const callee = node.type === "CallExpression" ? (node.callee as Tree) : undefined;
  const type = STANDS_FOR[String(callee?.name)];
  if (type === undefined) return node;
  const { start, end, range, loc } = node;
  return { type, start, end, range, loc, expression: (node.arguments as Tree[])[0] };
}
