/** What an expression may not do. Checked when a function is defined, so that nothing hostile or hopeless is ever stored (L9). */
import type { ASTNode } from "@marcbachmann/cel-js";
import { EXPRESSION_DEPTH_MAX } from "../protocol/index.ts";
import { childrenOf, loopOf, TYPE_NAMES, type Variable } from "./cel-environment.ts";
import { readPattern } from "./cel-patterns.ts";

const INT_MAX = 2n ** 63n - 1n;
/** Nesting beyond the limit, whoever finds it first. */
export const TOO_DEEP = `it is nested deeper than ${EXPRESSION_DEPTH_MAX} levels. Do the rest in the function.`;
const CHAINS = new Set(["&&", "||", "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in"]);
const VARIABLES: ReadonlySet<string> = new Set(["event", "async", "events"]);

/** What is wrong with an expression, and at which character of it, counted from zero. */
export interface Problem {
  readonly at: number;
  readonly message: string;
}

interface Place {
  readonly variables: readonly Variable[];
  readonly depth: number;
  /** The item's name, within a macro's body. */
  readonly item?: string;
}

/**
 * The first thing in a parsed expression that Stepwell refuses although CEL would take it, or `undefined`.
 *
 * @example
 * ```ts
 * problemOf(environment.parse("event.data.a.exists(x, x.b.all(y, y))").ast, ["event"])?.message; // "macros cannot be nested …"
 * ```
 */
export function problemOf(root: ASTNode, variables: readonly Variable[]): Problem | undefined {
  return inspect(root, { variables, depth: 1 });
}

function inspect(node: ASTNode, place: Place): Problem | undefined {
  const message = place.depth > EXPRESSION_DEPTH_MAX ? TOO_DEEP : refusalOf(node, place);
  if (message !== undefined) return { at: node.pos, message };
  const loop = loopOf(node);
  if (loop === undefined) return inspectAll(childrenOf(node), node, place);
  const inside = { ...place, depth: place.depth + 1, item: loop.item };
  return inspect(loop.receiver, place) ?? firstOf(loop.bodies, (body) => inspect(body, inside));
}

/** A chain such as `a && b && c` leans to the left, and is no deeper for being long. */
function inspectAll(children: readonly ASTNode[], parent: ASTNode, place: Place): Problem | undefined {
  const deeper = { ...place, depth: place.depth + 1 };
  return firstOf(children, (child, index) => inspect(child, index === 0 && CHAINS.has(parent.op) ? place : deeper));
}

function refusalOf(node: ASTNode, place: Place): string | undefined {
  switch (node.op) {
    case "id":
      return nameRefusal(node.args, place);
    case "value":
      if (typeof node.args === "bigint") return node.args > INT_MAX ? TOO_LARGE : undefined;
      return typeof node.args === "object" && node.args !== null && !(node.args instanceof Uint8Array)
        ? UNSIGNED
        : undefined;
    case "call":
      return node.args[0] === "uint" ? UNSIGNED : undefined;
    case "rcall":
      return callRefusal(node.args[0], node.args[2], node, place);
    default:
      return undefined;
  }
}

function nameRefusal(name: string, { variables, item }: Place): string | undefined {
  if (name === item || TYPE_NAMES.has(name) || variables.some((variable) => variable === name)) return undefined;
  const names = variables.join(" and ");
  if (name === "async") return `there is no arriving event here, so that \`async\` means nothing. Use ${names}.`;
  return `unknown variable \`${name}\`. Use ${names}, such as \`${variables[0]}.data.${name}\`; a text needs quotes.`;
}

function callRefusal(name: string, args: readonly ASTNode[], node: ASTNode, place: Place): string | undefined {
  if (name === "bind" || name === "json") return `unknown function \`${name}\`.`;
  if (name === "matches") return matchesRefusal(args);
  const loop = loopOf(node);
  if (loop === undefined) return undefined;
  if (place.item !== undefined)
    return "macros cannot be nested (all, exists, exists_one, map, filter). Do the rest in the function.";
  const taken = VARIABLES.has(loop.item) || TYPE_NAMES.has(loop.item);
  return taken ? `the item cannot be called \`${loop.item}\`, which means something else. Call it \`x\`.` : undefined;
}

function matchesRefusal([pattern]: readonly ASTNode[]): string | undefined {
  if (pattern?.op !== "value" || typeof pattern.args !== "string")
    return "the pattern of `matches` must be written out as a text.";
  const reading = readPattern(pattern.args);
  return "problem" in reading ? `the pattern of \`matches\` is refused: ${reading.problem}` : undefined;
}

function firstOf<Item, Found>(
  items: readonly Item[],
  find: (item: Item, index: number) => Found | undefined,
): Found | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

const TOO_LARGE = "the number does not fit into 64 bits. Write it with a decimal point.";
const UNSIGNED = "JSON has no unsigned numbers. Write a plain one, such as 5.";
