/** The price of an evaluation, estimated before it starts. CEL ends always, but it may end too late: data comes from anybody. */
import type { ASTNode } from "@marcbachmann/cel-js";
import { childrenOf, loopOf, type Variable } from "./cel-environment.ts";
import { type Pattern, readPattern } from "./cel-patterns.ts";
import { project, type Reads, readsOf } from "./cel-reads.ts";
import { isRecord } from "./values.ts";

/** Values (or 16 characters of text) that one evaluation may touch: a few tenths of a second at worst, for a whole event under 1 ms. */
const EVALUATION_COST_MAX = 10_000_000;
/** Steps that the backtracking of `matches` may take. */
const PATTERN_COST_MAX = 100_000_000;
const CHARS_PER_UNIT = 16;

/** What is known of an expression's price without its data. */
export interface CostFacts {
  readonly reads: Reads;
  /** Additions, each of which may copy lists or texts. */
  readonly pluses: number;
  readonly splits: boolean;
  readonly patterns: readonly Pattern[];
  /** For each macro: what its body reads from outside on every turn, how many nodes it has, and its patterns. */
  readonly loops: readonly { readonly reads: Reads; readonly nodes: number; readonly patterns: readonly Pattern[] }[];
}

/** How much there is of a value. */
interface Weight {
  readonly units: number;
  readonly chars: number;
  /** Length of the longest list or object. */
  readonly longest: number;
}

/**
 * Gathers the facts of an expression, once.
 *
 * @example
 * ```ts
 * factsOf(environment.parse("event.data.a + 1").ast).pluses; // 1
 * ```
 */
export function factsOf(root: ASTNode): CostFacts {
  const nodes = [...everyNode(root)];
  const loops = nodes.map(loopOf).filter((loop) => loop !== undefined);
  return {
    reads: readsOf([root]),
    pluses: nodes.filter((node) => node.op === "+").length,
    splits: nodes.some((node) => node.op === "rcall" && node.args[0] === "split"),
    patterns: nodes.flatMap(patternsOf),
    loops: loops.map(({ bodies, item }) => {
      const inside = bodies.flatMap((body) => [...everyNode(body)]);
      return { reads: readsOf(bodies, [item]), nodes: inside.length, patterns: inside.flatMap(patternsOf) };
    }),
  };
}

/**
 * Why an evaluation over this data would take too long, as a sentence, or `undefined` if it may start.
 *
 * @param context what the expression reads, already projected
 * @example
 * ```ts
 * costProblem(factsOf(ast), { event }); // undefined
 * ```
 */
export function costProblem(
  facts: CostFacts,
  context: Readonly<Partial<Record<Variable, unknown>>>,
): string | undefined {
  const all = weigh(Object.values(context));
  const copies = 1 + facts.pluses;
  const turns = Math.max(all.longest, facts.splits ? all.chars : 0) * copies;
  const loops = facts.loops.map((loop) => ({ ...loop, outside: weigh(readParts(loop.reads, context)) }));
  const matching =
    matchingCost(facts.patterns, all.chars * copies) +
    sum(loops.map(({ patterns, outside }) => turns * matchingCost(patterns, outside.chars * copies)));
  if (matching > PATTERN_COST_MAX) {
    return `it would match a pattern against ${all.chars} characters. Shorten the text, or begin the pattern with ^.`;
  }
  const cost = all.units * copies + sum(loops.map(({ nodes, outside }) => turns * (nodes + outside.units)));
  if (cost <= EVALUATION_COST_MAX) return undefined;
  return `it would touch about ${cost} values, and the limit is ${EVALUATION_COST_MAX}. Do it in the function instead.`;
}

const readParts = (reads: Reads, context: Readonly<Partial<Record<Variable, unknown>>>) =>
  (["event", "async", "events"] as const).map((variable) => project(context[variable], reads[variable]));

function weigh(values: readonly unknown[]): Weight {
  let [units, chars, longest] = [0, 0, 0];
  const open: unknown[] = [...values];
  while (open.length > 0 && units <= EVALUATION_COST_MAX) {
    const value = open.pop();
    units += 1;
    if (typeof value === "string") {
      chars += value.length;
      units += Math.floor(value.length / CHARS_PER_UNIT);
    }
    const items = Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];
    longest = Math.max(longest, items.length);
    for (const item of items) open.push(item);
  }
  return { units, chars, longest };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

const matchingCost = (patterns: readonly Pattern[], chars: number) =>
  chars === 0 ? 0 : sum(patterns.map(({ power, choices }) => chars ** power * choices));

function patternsOf(node: ASTNode): Pattern[] {
  if (node.op !== "rcall" || node.args[0] !== "matches") return [];
  const pattern = node.args[2][0]?.args;
  const reading = typeof pattern === "string" ? readPattern(pattern) : undefined;
  return reading !== undefined && "power" in reading ? [reading] : [];
}

function* everyNode(node: ASTNode): Generator<ASTNode> {
  yield node;
  for (const child of childrenOf(node)) yield* everyNode(child);
}
