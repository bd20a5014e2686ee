import { badInput, quote } from "../../errors/index.ts";
import { evaluate, projectionOf } from "../../expressions/index.ts";
import {
  CONCURRENCY_LIMITS_MAX,
  CONCURRENCY_MAX,
  CONCURRENCY_SCOPES,
  type ConcurrencyLimit,
  type ConcurrencyScope,
  PRIORITY_SECONDS_MAX,
} from "../../protocol/index.ts";
import { checkKey, compileOverEvent } from "../conditions.ts";
import { checkCount } from "../numbers.ts";
import { CODE, checkFields } from "./fields.ts";

/** `concurrency`: a number, a limit, or a list of one or two. */
export function checkConcurrency(value: unknown, where: string): readonly ConcurrencyLimit[] {
  if (!Array.isArray(value)) return [checkLimit(value, where)];
  if (value.length === 0 || value.length > CONCURRENCY_LIMITS_MAX) {
    const text = `a function has one or ${CONCURRENCY_LIMITS_MAX} concurrency limits, this list has ${value.length}.`;
    throw badInput(CODE, where, text);
  }
  const limits = value.map((limit, index) => checkLimit(limit, `${where}[${index}]`));
  const [first, second] = limits;
  if (second === undefined || first?.scope !== second.scope || first.key !== second.key) return limits;
  const text = "has the scope and the key of the first one: only the smaller limit of the two would count. Give one.";
  throw badInput(CODE, `${where}[1]`, text);
}

function checkLimit(value: unknown, where: string): ConcurrencyLimit {
  if (typeof value === "number") return { limit: checkCount(value, 1, CONCURRENCY_MAX, where), scope: "fn" };
  const { limit, scope, key } = checkFields(value, ["limit", "scope?", "key?"], where, "a whole number or ");
  return {
    limit: checkCount(limit, 1, CONCURRENCY_MAX, `${where}.limit`),
    scope: checkScope(scope, key, where),
    ...(key !== undefined && { key: checkKey(key, `${where}.key`) }),
  };
}

function checkScope(scope: unknown, key: unknown, where: string): ConcurrencyScope {
  if (scope === undefined) return "fn";
  if (!CONCURRENCY_SCOPES.includes(scope as ConcurrencyScope)) {
    const text = `must be one of ${CONCURRENCY_SCOPES.map((name) => `"${name}"`).join(", ")}, got ${quote(scope)}.`;
    throw badInput(CODE, `${where}.scope`, text);
  }
  if (scope !== "fn" && key === undefined) {
    const text =
      `the scope ${quote(scope)} needs a \`key\`: functions share the limit by its value. ` +
      `Write a constant one if there is but one thing to share, such as key: '"openai"'.`;
    throw badInput(CODE, `${where}.key`, text);
  }
  return scope as ConcurrencyScope;
}

/** `priority`: how many seconds earlier than it came an event is put into the queue. */
export function checkPriority(value: unknown, where: string): { readonly run: string } {
  const { run } = checkFields(value, ["run"], where);
  return { run: checkSeconds(run, `${where}.run`) };
}

/** A CEL expression that gives a number of seconds, as text. What is not known before there is an event is cut to the range then. */
function checkSeconds(run: unknown, where: string): string {
  const expression = compileOverEvent(run, "event.data.plan == 'pro' ? 120 : 0", where);
  const { text, type } = expression;
  if (!["int", "double", "dyn"].includes(type)) {
    const problem = `must give a number of seconds, and this gives a ${type}.`;
    throw badInput("STEPWELL_INVALID_EXPRESSION", where, problem);
  }
  if (projectionOf(expression, "event").length > 0) return text;
  const seconds = evaluate(expression, {});
  if (typeof seconds === "number" && Math.abs(seconds) <= PRIORITY_SECONDS_MAX) return text;
  const range = `from -${PRIORITY_SECONDS_MAX} to ${PRIORITY_SECONDS_MAX}`;
  throw badInput(CODE, where, `must be a number of seconds ${range}, got ${quote(seconds)}.`);
}
