/**
 * Expressions in CEL: conditions of triggers, waits and cancellations, and keys of flow control. Parsed, checked and bounded when a
 * function is defined; evaluated on JSON, where a missing field makes a condition false.
 */
import type { ASTNode } from "@marcbachmann/cel-js";
import { EXPRESSION_CHARS_MAX, StepwellError } from "../protocol/index.ts";
import { problemOf, TOO_DEEP } from "./cel-check.ts";
import { factsOf } from "./cel-cost.ts";
import { environmentFor, type Variable } from "./cel-environment.ts";
import type { Paths } from "./cel-reads.ts";
import { type Evaluation, type ExpressionContext, type Program, runProgram } from "./cel-run.ts";

/** A checked expression. Make one with `compileExpression`; it cannot be stored, its text can. */
export interface Expression extends Program {
  readonly text: string;
  readonly variables: readonly Variable[];
  /** CEL's type of the result as far as it is known: "bool", "string", …, or "dyn". */
  readonly type: string;
  readonly ast: ASTNode;
}

/** Compiling is pure, so that its results may be kept: the latest of this many. */
const CACHE_MAX = 1_000;
const EXCERPT_CHARS = 40;
const cache = new Map<string, Expression>();

/**
 * Parses and checks an expression. Integers and decimals of JSON mix freely; `/` divides as JavaScript does once JSON is involved.
 *
 * @param text 1 to 4,096 characters, at most 32 levels deep; macros are not nested, `matches` takes simple written-out patterns
 * @param variables what there is: `event`, and `async` in waits, or `events` in batches
 * @param where the option to name in an error
 * @throws StepwellError `STEPWELL_INVALID_EXPRESSION`, pointing at the character
 * @example
 * ```ts
 * const condition = compileExpression("event.data.amount > 100", ["event"], 'the trigger of "charge"');
 * ```
 */
export function compileExpression(text: string, variables: readonly Variable[], where: string): Expression {
  const key = `${[...variables].sort().join()} ${text}`;
  const known = cache.get(key);
  const expression = known ?? compile(text, variables, where);
  cache.delete(key); // set again, it is the latest
  cache.set(key, expression);
  const [oldest] = cache.keys();
  if (cache.size > CACHE_MAX && oldest !== undefined) cache.delete(oldest);
  return expression;
}

/**
 * As `compileExpression`, for a condition: the result must be true or false, or not be known before it runs.
 *
 * @throws StepwellError `STEPWELL_INVALID_EXPRESSION`
 * @example
 * ```ts
 * compileCondition("event.data.amount + 1", ["event"], "if"); // throws: gives a number
 * ```
 */
export function compileCondition(text: string, variables: readonly Variable[], where: string): Expression {
  const expression = compileExpression(text, variables, where);
  if (expression.type === "bool" || expression.type === "dyn") return expression;
  throw refusal(
    text,
    where,
    0,
    `a condition is true or false, and this is of type ${expression.type}. Compare it with something.`,
  );
}

/**
 * The result, or the reason why there is none. Never throws.
 *
 * @example
 * ```ts
 * tryEvaluate(condition, { event: { data: {} } }); // { ok: false, reason: "No such key: amount" }
 * ```
 */
export function tryEvaluate(expression: Expression, context: ExpressionContext): Evaluation {
  const result = runProgram(expression, context);
  return result.ok && typeof result.value === "bigint" ? { ok: true, value: Number(result.value) } : result;
}

/**
 * The result, or `undefined` if there is none. Never throws.
 *
 * @example
 * ```ts
 * evaluate(compileExpression("event.data.userId", ["event"], "key"), { event }); // "u1"
 * ```
 */
export function evaluate(expression: Expression, context: ExpressionContext): unknown {
  const result = tryEvaluate(expression, context);
  return result.ok ? result.value : undefined;
}

/**
 * Whether a condition holds: its result is `true` itself. An error is false, whichever way the condition asks: with no `x` there,
 * `event.data.x == 1` and `event.data.x != 1` are both false. `has(event.data.x)` and `!has(event.data.x)` ask whether it is there;
 * and `true || error` is true.
 *
 * @example
 * ```ts
 * holds(condition, { event: { data: { amount: 120 } } }); // true
 * ```
 */
export function holds(expression: Expression, context: ExpressionContext): boolean {
  const result = runProgram(expression, context);
  return result.ok && result.value === true;
}

/**
 * Which parts of a variable an expression reads: paths of names, none within another. "all" if it takes the variable as a whole, or
 * looks into it by anything but written-out names.
 *
 * @example
 * ```ts
 * projectionOf(compileExpression("event.data.a == event.data.b[0]", ["event"], "if"), "event"); // [["data", "a"], ["data", "b"]]
 * ```
 */
export const projectionOf = (expression: Expression, variable: Variable): Paths => expression.facts.reads[variable];

function compile(text: string, variables: readonly Variable[], where: string): Expression {
  if (typeof text !== "string")
    throw refusal(String(text), where, 0, 'it is not a text. Write one such as "event.data.n == 1".');
  if (text.trim() === "") throw refusal(text, where, 0, "it is empty. Leave the option out instead.");
  if (text.length > EXPRESSION_CHARS_MAX) {
    throw refusal(text, where, 0, `it has ${text.length} characters, and the limit is ${EXPRESSION_CHARS_MAX}.`);
  }
  const parsed = orRefuse(text, where, () => environmentFor(variables).parse(text));
  const problem = problemOf(parsed.ast, variables);
  if (problem !== undefined) throw refusal(text, where, problem.at, problem.message);
  const { error, type = "dyn" } = parsed.check();
  if (error !== undefined) throw refusal(text, where, error.range?.start ?? 0, `${error.summary}.`);
  return { text, variables, type, ast: parsed.ast, run: (context) => parsed(context), facts: factsOf(parsed.ast) };
}

function orRefuse<Result>(text: string, where: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    const { summary = String(error), range } = error as { summary?: string; range?: { start: number } };
    throw refusal(text, where, range?.start ?? 0, explain(summary));
  }
}

/** The library's words, and what to write instead where that is known. */
function explain(summary: string): string {
  if (summary.startsWith("Exceeded maxDepth")) return TOO_DEEP;
  if (summary.startsWith("Exceeded max")) return "it has too many parts. Do the rest in the function.";
  const symbol = /^Unexpected character: ([=&|])$/.exec(summary)?.[1];
  return symbol === undefined ? `${summary}.` : `${summary}. Write ${symbol}${symbol} instead.`;
}

/** Shows the expression around the character, on one line, with a pointer under it. */
function refusal(text: string, where: string, at: number, what: string): StepwellError {
  const from = Math.max(0, at - EXCERPT_CHARS);
  const excerpt = text.slice(from, at + EXCERPT_CHARS).replace(/\s/g, " ");
  const pointer = `${" ".repeat(Math.max(0, Math.min(at - from, excerpt.length)))}^`;
  const message = `${where}: the expression is refused at character ${at + 1}: ${what}\n  ${excerpt}\n  ${pointer}`;
  return new StepwellError("STEPWELL_INVALID_EXPRESSION", message);
}
