import { badInput, quote } from "../errors/index.ts";
import {
  compileCondition,
  compileExpression,
  type Expression,
  matchToExpression,
  type Variable,
} from "../expressions/index.ts";

const CODE = "STEPWELL_INVALID_EXPRESSION";

/** CEL's types that have no JSON. */
const NOT_JSON = /^(bytes|type|google\.)/;

/** A CEL condition as text, after it has been compiled once to see that it can be. */
export function checkCondition(condition: unknown, variables: readonly Variable[], where: string): string {
  const text = checkText(condition, "event.data.total > 100", where);
  compileCondition(text, variables, where);
  return text;
}

/** The CEL expression of a key over `event`, as text. A constant is a key as well: all events have the same. */
export function checkKey(key: unknown, where: string): string {
  const { text, type } = compileOverEvent(key, "event.data.userId", where);
  if (!NOT_JSON.test(type)) return text;
  throw badInput(CODE, where, `a key is a text, a number or other JSON, and this gives a ${type}.`);
}

/** A path such as `data.orderId`, after it has been seen to lead somewhere. */
export function checkMatch(path: unknown, where: string): string {
  if (typeof path !== "string")
    throw badInput(CODE, where, `must be a path such as "data.userId", got ${quote(path)}.`);
  matchToExpression(path, where);
  return path;
}

/** An expression of flow control. `example` is shown to whoever gives no text. */
export const compileOverEvent = (text: unknown, example: string, where: string): Expression =>
  compileExpression(checkText(text, example, where), ["event"], where);

function checkText(text: unknown, example: string, where: string): string {
  if (typeof text === "string") return text;
  throw badInput(CODE, where, `must be a CEL expression such as \`${example}\`, got ${quote(text)}.`);
}
