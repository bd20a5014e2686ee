/** The CEL dialect of Stepwell: which variables there are, and how JSON's one kind of number meets CEL's int and double. */
import { type ASTNode, Environment } from "@marcbachmann/cel-js";
import { EXPRESSION_DEPTH_MAX } from "../protocol/index.ts";

/** `event`: the trigger. `async`: the event that arrives at a wait. `events`: the events of a batch. */
export type Variable = "event" | "async" | "events";

/** Names that CEL itself gives to types; `type(event.data.x) == string`. */
export const TYPE_NAMES: ReadonlySet<string> = new Set(
  "string bool int uint double map list bytes null_type type".split(" "),
);

/** Macros that run their body once for each item. */
const LOOPS = new Set(["all", "exists", "exists_one", "map", "filter"]);

/** Nodes of one expression. 4,096 characters can hold more; no condition needs them. */
const NODES_MAX = 2_000;
const TYPES = { event: "map", async: "map", events: "list<map>" } as const;
const ARITHMETIC: Readonly<Record<string, (left: number, right: number) => number>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
};

/** One environment for each set of variables: making one is slow, and it never changes. */
const environments = new Map<string, Environment>();

/**
 * The environment in which expressions over these variables are parsed, checked and run. Numbers of JSON are doubles; an int meets a
 * double as a double, so that `event.data.n + 1` and `1 == 1.0` mean what they say.
 *
 * @example
 * ```ts
 * environmentFor(["event"]).parse("event.data.n == 5")({ event }); // true
 * ```
 */
export function environmentFor(variables: readonly Variable[]): Environment {
  const key = [...new Set(variables)].sort().join();
  const known = environments.get(key);
  if (known !== undefined) return known;
  const environment = new Environment({
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: NODES_MAX, maxDepth: EXPRESSION_DEPTH_MAX },
  });
  for (const variable of new Set(variables)) environment.registerVariable(variable, TYPES[variable]);
  // Both ways, for this compares an int and a double exactly, beyond 2^53 too.
  const equal = (left: bigint | number, right: bigint | number) => left <= right && left >= right;
  environment.registerOperator("int == double", equal);
  for (const [operator, calculate] of Object.entries(ARITHMETIC)) {
    const handler = (left: bigint | number, right: bigint | number) => calculate(Number(left), Number(right));
    environment.registerOperator(`int ${operator} double: double`, handler);
    environment.registerOperator(`double ${operator} int: double`, handler);
    if (operator === "%") environment.registerOperator("double % double: double", handler);
  }
  environments.set(key, environment);
  return environment;
}

/** A macro's parts: what it runs over, the name it gives to an item, and what it does with each. */
export interface Loop {
  readonly receiver: ASTNode;
  readonly item: string;
  readonly bodies: readonly ASTNode[];
}

/**
 * The node as a macro that loops, or `undefined`.
 *
 * @example
 * ```ts
 * loopOf(environment.parse("event.data.list.exists(x, x == 1)").ast)?.item; // "x"
 * ```
 */
export function loopOf(node: ASTNode): Loop | undefined {
  if (node.op !== "rcall") return undefined;
  const [name, receiver, [item, ...bodies]] = node.args;
  if (!LOOPS.has(name) || item?.op !== "id" || bodies.length === 0) return undefined;
  return { receiver, item: item.args, bodies };
}

/**
 * The nodes directly under a node, names of macro items included.
 *
 * @example
 * ```ts
 * childrenOf(environment.parse("1 + 2").ast).length; // 2
 * ```
 */
export function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case "value":
    case "id":
      return [];
    case ".":
    case ".?":
      return [node.args[0]];
    case "call":
      return node.args[1];
    case "rcall":
      return [node.args[1], ...node.args[2]];
    case "map":
      return node.args.flat();
    case "!_":
    case "-_":
      return [node.args];
    default:
      return node.args;
  }
}
