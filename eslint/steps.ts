import type { Scope, SourceCode } from "eslint";
import type { CallExpression, Node } from "estree";
import { around, contains, type FunctionNode, functionOf, parentOf, pathOf, placeIn, variableOf } from "./ast.ts";

/** The step tools. Those with a body take it as their second argument. */
const TOOLS: Readonly<Record<string, { readonly body?: true }>> = {
  run: { body: true },
  "ai.wrap": { body: true },
  "ai.infer": {},
  sleep: {},
  sleepUntil: {},
  waitForEvent: {},
  waitForSignal: {},
  sendSignal: {},
  sendEvent: {},
  invoke: {},
  fetch: {},
};

/** A call such as `step.run(…)`. */
export interface StepCall {
  readonly node: CallExpression;
  /** `run`, `ai.wrap`, … */
  readonly tool: string;
  /** The function that got the step tools as its parameter: a handler, or a helper. */
  readonly handler: FunctionNode;
  /** The function that the step runs, where it can be seen. */
  readonly body: FunctionNode | undefined;
}

/** The call as one of a step tool: by `step` that comes from a parameter, however it is taken apart or renamed. */
export function stepCallOf(sourceCode: SourceCode, node: CallExpression): StepCall | undefined {
  const callee = originOf(sourceCode, node.callee, 0);
  if (callee === undefined || callee.path[0] !== "step") return undefined;
  const tool = callee.path.slice(1).join(".");
  if (!Object.hasOwn(TOOLS, tool)) return undefined;
  const body = TOOLS[tool]?.body === true ? functionOf(sourceCode, node.arguments[1]) : undefined;
  return { node, tool, handler: callee.handler, body };
}

interface Origin {
  readonly handler: FunctionNode;
  /** From the handler's context: `step`, `run`. */
  readonly path: readonly string[];
}

/** Names that are given to names may go round in a circle. */
const ALIASES_MAX = 5;

function originOf(sourceCode: SourceCode, expression: Node, depth: number): Origin | undefined {
  const found = pathOf(expression);
  const variable = found && variableOf(sourceCode, found.root);
  const definition = variable?.defs[0];
  if (found === undefined || definition === undefined || depth > ALIASES_MAX) return undefined;
  const base =
    definition.type === "Parameter" ? ofParameter(definition) : ofVariable(sourceCode, definition, depth + 1);
  return base && { ...base, path: [...base.path, ...found.path] };
}

function ofParameter({ node, name }: Scope.Definition): Origin | undefined {
  const handler = node as FunctionNode;
  for (const parameter of handler.params) {
    const place = placeIn(parameter, name);
    if (place === undefined) continue;
    // A helper that is given the tools themselves calls them so.
    return { handler, path: place.length === 0 && name.name === "step" ? ["step"] : place };
  }
  return undefined;
}

function ofVariable(sourceCode: SourceCode, { type, node, name }: Scope.Definition, depth: number): Origin | undefined {
  if (type !== "Variable" || !node.init) return undefined;
  const place = placeIn(node.id, name);
  const base = originOf(sourceCode, node.init, depth);
  return place && base && { ...base, path: [...base.path, ...place] };
}

/** The step in whose body a node stands, of a handler that the node belongs to; undefined outside of bodies. */
export function bodyAround(calls: readonly StepCall[], node: Node, handler?: FunctionNode): StepCall | undefined {
  const outer = [...around(node)];
  return calls.find(({ body, node: call }) => {
    if (body === undefined || !outer.includes(body)) return false;
    // A handler that is defined inside of a body has steps of its own.
    return handler === undefined || contains(handler, call);
  });
}

/** Which argument of a step call a node stands in. */
export function argumentAround({ node: call }: StepCall, node: Node): number {
  const chain = [node, ...around(node)];
  return call.arguments.findIndex((argument) => chain.includes(argument) && parentOf(argument) === call);
}
