import type { Rule, Scope, SourceCode } from "eslint";
import type { Node, Pattern } from "estree";
import { contains, pathOf, sourceCodeOf, unwrap, variableOf } from "../ast.ts";
import { bodyAround, type StepCall, stepCallOf } from "../steps.ts";

/** Methods that change what they are called on, by what was made for the variable. */
const ARRAY = ["push", "pop", "shift", "unshift", "splice", "sort", "reverse", "fill", "copyWithin"];
const COLLECTION = ["set", "add", "delete", "clear"];

/** A variable of the handler that is changed in a step's body. */
export const noVariableMutationInStep: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "disallow changes of outer variables in the body of a step", recommended: true },
    schema: [],
    messages: {
      mutation:
        '"{{name}}" is changed inside of the body of step.{{tool}}. When the function is replayed, the body does not run again, and the change is lost. Return the value from the step, and use what step.{{tool}} resolves to.',
    },
  },
  create(context) {
    const sourceCode = sourceCodeOf(context);
    const steps: StepCall[] = [];
    const changes: { readonly at: Node; readonly target: Node }[] = [];
    const add = (at: Node, target: Node) => changes.push(...targetsOf(target).map((one) => ({ at, target: one })));
    return {
      AssignmentExpression: (node) => void add(node, node.left),
      UpdateExpression: (node) => void add(node, node.argument),
      UnaryExpression: (node) => void (node.operator === "delete" && add(node, node.argument)),
      CallExpression(node) {
        const step = stepCallOf(sourceCode, node);
        if (step !== undefined) steps.push(step);
        const target = changedBy(sourceCode, node.callee);
        if (target !== undefined) add(node, target);
      },
      "Program:exit"() {
        for (const { at, target } of changes) {
          const step = bodyAround(steps, at);
          const variable = variableOf(sourceCode, pathOf(target)?.root ?? target);
          if (step?.body === undefined || variable === undefined || !isOfHandler(variable, step.body)) continue;
          context.report({ node: at, messageId: "mutation", data: { name: variable.name, tool: step.tool } });
        }
      },
    };
  },
};

/** What lives as long as the module, such as a connection that is kept, is not the run's. */
function isOfHandler({ scope, defs }: Scope.Variable, body: Node): boolean {
  if (scope.type === "module" || scope.type === "global") return false;
  const [definition] = defs;
  return definition !== undefined && definition.name !== undefined && !contains(body, definition.name as Node);
}

/** Each place that an assignment changes. */
function targetsOf(target: Pattern | Node): readonly Node[] {
  switch (target.type) {
    case "ArrayPattern":
      return target.elements.flatMap((element) => (element === null ? [] : targetsOf(element)));
    case "ObjectPattern":
      return target.properties.flatMap((property) =>
        targetsOf(property.type === "Property" ? property.value : property.argument),
      );
    case "AssignmentPattern":
      return targetsOf(target.left);
    case "RestElement":
      return targetsOf(target.argument);
    default:
      return [unwrap(target)];
  }
}

/** `list.push`: the list, if it was made as one here. Other things may have methods of these names. */
function changedBy(sourceCode: SourceCode, callee: Node): Node | undefined {
  const node = unwrap(callee);
  const method = node.type === "MemberExpression" ? pathOf(node)?.path.at(-1) : undefined;
  if (node.type !== "MemberExpression" || method === undefined) return undefined;
  const target = unwrap(node.object);
  const definition = variableOf(sourceCode, target)?.defs[0];
  const made = definition?.type === "Variable" && definition.node.init ? unwrap(definition.node.init) : undefined;
  return made !== undefined && methodsOf(made).includes(method) ? target : undefined;
}

function methodsOf(made: Node): readonly string[] {
  if (made.type === "ArrayExpression") return ARRAY;
  const callee = made.type === "NewExpression" || made.type === "CallExpression" ? pathOf(made.callee) : undefined;
  const root = callee?.root.type === "Identifier" ? callee.root.name : "";
  if (root === "Array") return ARRAY;
  return made.type === "NewExpression" && ["Map", "Set", "WeakMap", "WeakSet"].includes(root) ? COLLECTION : [];
}
