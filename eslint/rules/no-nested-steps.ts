import type { Rule, SourceCode } from "eslint";
import type { CallExpression, Node } from "estree";
import { contains, type FunctionNode, functionOf, sourceCodeOf } from "../ast.ts";
import { bodyAround, type StepCall, stepCallOf } from "../steps.ts";

/** A step inside of a step's body: also by a function of the same file that is called there. */
export const noNestedSteps: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "disallow steps inside of the body of a step", recommended: true },
    schema: [],
    messages: {
      nested:
        "step.{{inner}} is called inside of the body of step.{{outer}}. A step cannot contain steps, and this one fails at run time. Return from step.{{outer}} what step.{{inner}} needs, and call it afterwards.",
      indirect:
        "{{name}}() has steps, and is called inside of the body of step.{{outer}}. A step cannot contain steps, and this one fails at run time. Call {{name}}() outside of step.{{outer}}.",
    },
  },
  create(context) {
    const sourceCode = sourceCodeOf(context);
    const steps: StepCall[] = [];
    const others: CallExpression[] = [];
    return {
      CallExpression(node) {
        const step = stepCallOf(sourceCode, node);
        if (step === undefined) others.push(node);
        else steps.push(step);
      },
      "Program:exit"() {
        for (const { node, tool, handler } of steps) {
          const outer = bodyAround(steps, node, handler);
          if (outer !== undefined)
            context.report({ node, messageId: "nested", data: { inner: tool, outer: outer.tool } });
        }
        const has = stepsWithin(sourceCode, steps, others);
        for (const node of others) {
          const outer = bodyAround(steps, node);
          const called = functionOf(sourceCode, node.callee);
          if (outer === undefined || called === undefined || contains(called, outer.node) || !has(called, outer))
            continue;
          const name = sourceCode.getText(node.callee as Node);
          context.report({ node, messageId: "indirect", data: { name, outer: outer.tool } });
        }
      },
    };
  },
};

/** Whether a function has steps of the handler that a step belongs to, itself or by what it calls. */
function stepsWithin(sourceCode: SourceCode, steps: readonly StepCall[], others: readonly CallExpression[]) {
  const has = (fn: FunctionNode, outer: StepCall, seen: ReadonlySet<FunctionNode>): boolean => {
    // Written inside of the body, its steps are reported where they stand.
    if (seen.has(fn) || (outer.body !== undefined && contains(outer.body, fn))) return false;
    if (steps.some(({ node, handler }) => contains(fn, node) && (handler === fn || !contains(fn, handler))))
      return true;
    return others.some((call) => {
      const called = contains(fn, call) ? functionOf(sourceCode, call.callee) : undefined;
      return called !== undefined && has(called, outer, new Set([...seen, fn]));
    });
  };
  return (fn: FunctionNode, outer: StepCall) => has(fn, outer, new Set());
}
