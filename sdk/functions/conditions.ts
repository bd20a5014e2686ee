import { badInput, quote } from "../errors/index.ts";
import { compileCondition, matchToExpression, type Variable } from "../expressions/index.ts";

const CODE = "STEPWELL_INVALID_EXPRESSION";

/** A CEL condition as text, after it has been compiled once to see that it can be. */
export function checkCondition(condition: unknown, variables: readonly Variable[], where: string): string {
  if (typeof condition !== "string") {
    throw badInput(
      CODE,
      where,
      `must be a CEL expression such as \`event.data.total > 100\`, got ${quote(condition)}.`,
    );
  }
  compileCondition(condition, variables, where);
  return condition;
}

/** A path such as `data.orderId`, after it has been seen to lead somewhere. */
export function checkMatch(path: unknown, where: string): string {
  matchToExpression(path as string, where);
  return path as string;
}
