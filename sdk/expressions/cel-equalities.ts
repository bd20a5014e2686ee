/** Equalities between the arriving event and what is known at the wait: they become the listener's key, so that it is found, not searched. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { StepwellError } from "../protocol/index.ts";
import type { Expression } from "./cel.ts";
import { environmentFor } from "./cel-environment.ts";
import { chainOf, readsOf } from "./cel-reads.ts";
import { type Evaluation, partOf, runProgram } from "./cel-run.ts";
import { formatPath } from "./values.ts";

/** `async.<path> == <a value known when the wait begins>`. */
export interface Equality {
  /** Names from the arriving event's root, as `formatPath` writes them. */
  readonly path: string;
  /** The other side for this trigger, for `canonicalValue`: an integer beyond 2^53 stays a BigInt. Not ok: it cannot be computed, the condition never holds, and nothing need be waited for. */
  readonly valueOf: (event: unknown) => Evaluation;
}

/** What an event consists of at its root; foreign ones bring the second line. */
const ROOTS = ["data", "user", "name", "id", "ts", "v", "source", "account", "region", "time", "resources"];
const KEYWORDS = new Set(["true", "false", "null", "in"]);

/** Found once for each expression: pure memoization. */
const found = new WeakMap<Expression, readonly Equality[]>();

/**
 * The equalities that must all be true for the condition to be true: terms of its outermost `&&` with a path of names in `async` on one
 * side, and on the other a constant or something of `event` only. The condition cannot hold for an event whose `canonicalValue` at
 * `path` differs from that of `valueOf`.
 *
 * @example
 * ```ts
 * equalitiesOf(compileExpression("async.data.id == event.data.id && async.data.n > 1", ["event", "async"], "if"))[0]?.path; // "data.id"
 * ```
 */
export function equalitiesOf(expression: Expression): readonly Equality[] {
  const known = found.get(expression);
  if (known !== undefined) return known;
  const equalities = termsOf(expression.ast)
    .map((term) => equalityOf(term, expression))
    .filter((equality) => equality !== undefined);
  found.set(expression, equalities);
  return equalities;
}

/**
 * Whether the equalities decide alone: every outermost term is one. Then the condition holds exactly if the canonical values agree on
 * every path, and need not be evaluated. (A property test holds `canonicalValue` to CEL's `==` for all JSON.)
 *
 * @example
 * ```ts
 * isFullyKeyed(compileExpression("async.data.id == event.data.id", ["event", "async"], "if")); // true
 * ```
 */
export const isFullyKeyed = (expression: Expression): boolean =>
  equalitiesOf(expression).length === termsOf(expression.ast).length;

/**
 * The expression that `match: "data.userId"` stands for: the same path in both events.
 *
 * @param where the option to name in an error
 * @throws StepwellError `STEPWELL_INVALID_EXPRESSION` if it is no path of names from an event's root
 * @example
 * ```ts
 * matchToExpression("data.user-id", "match"); // 'async.data["user-id"] == event.data["user-id"]'
 * ```
 */
export function matchToExpression(match: string, where: string): string {
  const refuse = (problem: string) =>
    new StepwellError(
      "STEPWELL_INVALID_EXPRESSION",
      `${where}: the match ${JSON.stringify(match)} is refused: ${problem}`,
    );
  if (typeof match !== "string") throw refuse('it is not a text. Write a path such as "data.userId".');
  const names = match.split(".");
  const [root = ""] = names;
  if (root === "event" || root === "async") throw refuse(`leave out "${root}.": the path is looked up in both events.`);
  if (!ROOTS.includes(root)) throw refuse(`a path begins with one of ${ROOTS.join(", ")}. Write "data.${match}"?`);
  const bad = names.find((name) => !/^[\w-]{1,128}$/.test(name) || /^\d+$/.test(name));
  if (bad !== undefined) {
    throw refuse(`${JSON.stringify(bad)} is not a name (letters, digits, _ and -; no list index). Use \`if\` instead.`);
  }
  const path = names
    .map((name) => (/^[A-Za-z_]\w*$/.test(name) && !KEYWORDS.has(name) ? `.${name}` : `["${name}"]`))
    .join("");
  return `async${path} == event${path}`;
}

function termsOf(node: ASTNode): readonly ASTNode[] {
  return node.op === "&&" ? [...termsOf(node.args[0]), ...termsOf(node.args[1])] : [node];
}

function equalityOf(term: ASTNode, { variables }: Expression): Equality | undefined {
  if (term.op !== "==") return undefined;
  const [left, right] = term.args;
  for (const [side, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const chain = chainOf(side);
    if (chain?.root !== "async" || chain.path.length === 0) continue;
    const reads = readsOf([other]);
    if (reads.async.length > 0 || reads.events.length > 0) continue;
    const program = partOf(environmentFor(variables), other);
    return { path: formatPath(chain.path), valueOf: (event) => runProgram(program, { event }) };
  }
  return undefined;
}
