/** Runs a checked expression on JSON, and brings the result back to JSON. */
import type { ASTNode, Environment } from "@marcbachmann/cel-js";
import { type CostFacts, costProblem, factsOf } from "./cel-cost.ts";
import type { Variable } from "./cel-environment.ts";
import { project } from "./cel-reads.ts";
import { isRecord } from "./values.ts";

/** The values of an expression's variables: JSON, as it was sent. */
export type ExpressionContext = Readonly<Partial<Record<Variable, unknown>>>;

/** A result, or why there is none: a missing field, values that do not go together, too much to do. */
export type Evaluation =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: string };

/** Something that can be run: an expression, or a part of one. */
export interface Program {
  readonly run: (context: ExpressionContext) => unknown;
  readonly facts: CostFacts;
}

/**
 * A part of a checked expression, as a program of its own: it becomes the only item of a list, since the library runs nothing
 * but what it parsed, and its serializer drops parentheses that matter.
 *
 * @example
 * ```ts
 * partOf(environment, ast.args[1]).run({ event });
 * ```
 */
export function partOf(environment: Environment, node: ASTNode): Program {
  const list = environment.parse("[null]");
  if (list.ast.op === "list") list.ast.args[0] = node;
  return { run: (context) => list(context)[0], facts: factsOf(node) };
}

/**
 * Runs a program. Never throws. The program sees only what it reads: that bounds its cost, and makes the result on a projected event
 * the same by construction. An integer too large for a JavaScript number stays a BigInt.
 *
 * @example
 * ```ts
 * runProgram(expression, { event: { data: { n: 1 } } }); // { ok: true, value: 2 }
 * ```
 */
export function runProgram({ run, facts }: Program, context: ExpressionContext): Evaluation {
  try {
    const seen: Partial<Record<Variable, unknown>> = {};
    for (const variable of ["event", "async", "events"] as const) {
      if (context[variable] !== undefined) seen[variable] = project(context[variable], facts.reads[variable]);
    }
    const problem = costProblem(facts, seen);
    if (problem !== undefined) return { ok: false, reason: problem };
    for (const variable of ["event", "async", "events"] as const) {
      if (seen[variable] !== undefined) seen[variable] = toCel(seen[variable]);
    }
    return { ok: true, value: fromCel(run(seen)) };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}

/** The library asks an object for its `constructor`, and takes a key of that name for a class. A Map has no such doubts. */
function toCel(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(toCel);
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isRecord(value)) return value;
  if (Object.hasOwn(value, "__proto__"))
    throw new Error("a key is called __proto__, which nothing can be compared with.");
  const entries = Object.entries(value).map(([key, item]) => [key, toCel(item)] as const);
  if (Object.hasOwn(value, "constructor")) return new Map(entries);
  if (entries.every(([key, item]) => item === value[key])) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, item] of entries) copy[key] = item;
  return copy;
}

function fromCel(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(fromCel);
  const entries = value instanceof Map ? [...value] : isRecord(value) ? Object.entries(value) : undefined;
  if (entries === undefined) {
    if (typeof value !== "object" || value === null) return value;
    throw new Error("the result is not JSON. Turn it into a text or a number.");
  }
  const record: Record<string, unknown> = Object.create(null);
  for (const [key, item] of entries) record[String(key)] = fromCel(item);
  return record;
}

function reasonOf(error: unknown): string {
  if (error instanceof Error && "summary" in error && typeof error.summary === "string") return error.summary;
  return error instanceof Error ? error.message : String(error);
}
