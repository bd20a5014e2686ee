import type { Rule, Scope, SourceCode } from "eslint";
import type {
  ArrowFunctionExpression,
  Expression,
  FunctionDeclaration,
  FunctionExpression,
  Node,
  Pattern,
} from "estree";

export type FunctionNode = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression;

/** A node as ESLint hands it out, with its parent. */
type Linked = Node & { readonly parent?: Linked | null };

/** What of TypeScript stands around an expression and changes nothing: `x as T`, `x!`, `x satisfies T`, `<T>x`. */
const WRAPPERS = [
  "TSAsExpression",
  "TSNonNullExpression",
  "TSSatisfiesExpression",
  "TSTypeAssertion",
  "ChainExpression",
];

export const isWrapper = (node: Node): boolean => WRAPPERS.includes(node.type);

/** An expression without what TypeScript, and `?.`, put around it. */
export function unwrap(node: Node): Node {
  return isWrapper(node) ? unwrap((node as unknown as { expression: Expression }).expression) : node;
}

export const parentOf = (node: Node): Node | undefined => (node as Linked).parent ?? undefined;

/** The nodes around a node, from the inside out. */
export function* around(node: Node): Generator<Node> {
  for (let outer = parentOf(node); outer !== undefined; outer = parentOf(outer)) yield outer;
}

export const contains = (outer: Node, inner: Node): boolean => [...around(inner)].includes(outer);

export const isFunction = (node: Node): node is FunctionNode =>
  node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression";

/** `a.b["c"]` as its root `a` and its path `b`, `c`; undefined where a name is computed. */
export function pathOf(expression: Node): { readonly root: Node; readonly path: readonly string[] } | undefined {
  const node = unwrap(expression);
  if (node.type !== "MemberExpression") return { root: node, path: [] };
  const name = keyOf(node.property, node.computed);
  const inner = pathOf(node.object);
  return name === undefined || inner === undefined ? undefined : { root: inner.root, path: [...inner.path, name] };
}

/** The name of a property, where it is known. */
export function keyOf(key: Node, computed: boolean): string | undefined {
  if (key.type === "Identifier" && !computed) return key.name;
  return key.type === "Literal" ? String(key.value) : undefined;
}

/** The variable that a name stands for here; undefined for a global one. */
export function variableOf(sourceCode: SourceCode, node: Node): Scope.Variable | undefined {
  if (node.type !== "Identifier") return undefined;
  for (let scope: Scope.Scope | null = sourceCode.getScope(node); scope !== null; scope = scope.upper) {
    const variable = scope.set.get(node.name);
    if (variable !== undefined) return variable.defs.length === 0 ? undefined : variable;
  }
  return undefined;
}

/** The function that an expression is, or that its name stands for. */
export function functionOf(sourceCode: SourceCode, expression: Node | undefined): FunctionNode | undefined {
  if (expression === undefined) return undefined;
  const node = unwrap(expression);
  if (isFunction(node)) return node;
  const definition = variableOf(sourceCode, node)?.defs[0];
  if (definition?.type === "FunctionName") return definition.node as FunctionDeclaration;
  const init = definition?.type === "Variable" ? definition.node.init : undefined;
  return init && isFunction(unwrap(init)) ? (unwrap(init) as FunctionNode) : undefined;
}

/** Where a name stands in a pattern: `run` in `{ step: { run } }` at `step`, `run`. Undefined when it is not in it. */
export function placeIn(pattern: Pattern | Node, name: Node): readonly string[] | undefined {
  if (pattern === name) return [];
  if (pattern.type === "AssignmentPattern") return placeIn(pattern.left, name);
  if (pattern.type !== "ObjectPattern") return undefined;
  for (const property of pattern.properties) {
    if (property.type !== "Property") continue;
    const key = keyOf(property.key, property.computed);
    const rest = placeIn(property.value, name);
    if (key !== undefined && rest !== undefined) return [key, ...rest];
  }
  return undefined;
}

export const sourceCodeOf = (context: Rule.RuleContext): SourceCode => context.sourceCode;
