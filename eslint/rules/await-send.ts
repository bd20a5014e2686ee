import type { Rule, SourceCode } from "eslint";
import type { CallExpression, Node } from "estree";
import { isWrapper, parentOf, pathOf, sourceCodeOf, unwrap, variableOf } from "../ast.ts";
import { stepCallOf } from "../steps.ts";

const CLASSES = ["Stepwell", "Inngest", "OqronKit"];
const METHODS = ["send", "cancel", "sendSignal"];
const NAMES = ["stepwell", "inngest", "oqronkit", "oqron"];

/** A promise of a client's `send` that nobody waits for. */
export const awaitSend: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "require that what sends is awaited", recommended: true },
    hasSuggestions: true,
    schema: [
      {
        type: "object",
        properties: { clients: { type: "array", items: { type: "string" } } },
        additionalProperties: false,
      },
    ],
    messages: {
      floating:
        "Nobody waits for {{call}}(…). Lambda stops the process when its handler is done, and then nothing is sent, and no error is seen. Write `await`, return the promise, or put it into Promise.all.",
      addAwait: "Write `await`.",
    },
  },
  create(context) {
    const sourceCode = sourceCodeOf(context);
    const { clients = [] } = (context.options[0] ?? {}) as { readonly clients?: readonly string[] };
    const names = [...NAMES, ...clients];
    return {
      CallExpression(node) {
        if (!sends(sourceCode, node, names) || !isDropped(node)) return;
        const call = sourceCode.getText(node.callee as Node);
        const suggest: Rule.SuggestionReportDescriptor[] = isInAsync(sourceCode, node)
          ? [{ messageId: "addAwait", fix: (fixer) => fixer.insertTextBefore(node, "await ") }]
          : [];
        context.report({ node, messageId: "floating", data: { call }, suggest });
      },
    };
  },
};

/** A client is what `new Stepwell` made here, or goes by one of the usual names when it comes from another file. */
function sends(sourceCode: SourceCode, node: CallExpression, names: readonly string[]): boolean {
  const step = stepCallOf(sourceCode, node);
  if (step !== undefined) return step.tool === "sendEvent" || step.tool === "sendSignal";
  const callee = pathOf(node.callee);
  const method = callee?.path.at(-1);
  if (callee === undefined || method === undefined || !METHODS.includes(method)) return false;
  if (callee.path.length > 1) return names.includes(callee.path.at(-2) ?? "");
  const definition = variableOf(sourceCode, callee.root)?.defs[0];
  if (definition?.type === "Variable" && definition.node.init) {
    const made = unwrap(definition.node.init);
    if (made.type === "NewExpression") return made.callee.type === "Identifier" && CLASSES.includes(made.callee.name);
  }
  return callee.root.type === "Identifier" && names.includes(callee.root.name);
}

/** Whether the promise ends in a statement of its own, or in a `forEach`. `void` says that it is meant. */
function isDropped(node: Node): boolean {
  const parent = parentOf(node);
  if (parent === undefined) return false;
  if (parent.type === "ExpressionStatement") return true;
  if (parent.type === "ArrowFunctionExpression" && parent.body === node) return isForEach(parent);
  if (isWrapper(parent) || isChained(parent, node)) return isDropped(parent);
  if (parent.type === "LogicalExpression") return parent.right === node && isDropped(parent);
  if (parent.type === "ConditionalExpression") return parent.test !== node && isDropped(parent);
  if (parent.type === "SequenceExpression") return parent.expressions.at(-1) !== node || isDropped(parent);
  return false;
}

/** `send().catch(…)` is a promise too. */
function isChained(parent: Node, node: Node): boolean {
  if (parent.type === "CallExpression") return parent.callee === node;
  if (parent.type !== "MemberExpression" || parent.object !== node) return false;
  return parent.property.type === "Identifier" && ["then", "catch", "finally"].includes(parent.property.name);
}

function isForEach(callback: Node): boolean {
  const parent = parentOf(callback);
  return parent?.type === "CallExpression" && pathOf(parent.callee)?.path.at(-1) === "forEach";
}

function isInAsync(sourceCode: SourceCode, node: Node): boolean {
  const scope = sourceCode.getScope(node).variableScope;
  return scope.type === "module" || (scope.type === "function" && (scope.block as { async?: boolean }).async === true);
}
