import type { Rule, SourceCode } from "eslint";
import type { CallExpression, MemberExpression, NewExpression, Node } from "estree";
import { around, isFunction, parentOf, pathOf, sourceCodeOf, unwrap, variableOf } from "../ast.ts";
import { argumentAround, bodyAround, type StepCall, stepCallOf } from "../steps.ts";

/** Called, these give another value each time: globals, and exports of modules. */
const VALUES = [
  "Date",
  "Date.now",
  "Math.random",
  "performance.now",
  "process.hrtime",
  "process.hrtime.bigint",
  "crypto.randomUUID",
  "crypto.getRandomValues",
  "crypto.randomBytes",
  "crypto.randomInt",
  "uuid.v1",
  "uuid.v4",
  "uuid.v6",
  "uuid.v7",
  "nanoid.nanoid",
  "ulid.ulid",
];
/** These do something to the world each time. */
const EFFECTS = ["fetch", "setTimeout", "setInterval", "setImmediate"];
/** The clock, chance and the network, in a handler and outside of its steps. */
export const noNondeterminismOutsideSteps: Rule.RuleModule = {
  meta: {
    type: "problem",
    docs: { description: "disallow what differs from replay to replay outside of steps", recommended: true },
    schema: [
      {
        type: "object",
        properties: {
          allow: { type: "array", items: { type: "string" } },
          also: { type: "array", items: { type: "string" } },
        },
        additionalProperties: false,
      },
    ],
    messages: {
      value:
        '{{what}} outside of a step gives another value each time the function is replayed. Put it into one: `const value = await step.run("…", () => {{code}})`.',
      effect:
        '{{what}}() outside of a step is done again each time the function is replayed. Put it into one: `await step.run("…", () => {{code}})`.{{tip}}',
    },
  },
  create(context) {
    const sourceCode = sourceCodeOf(context);
    const { allow = [], also = [] } = (context.options[0] ?? {}) as Options;
    const steps: StepCall[] = [];
    const found: { readonly node: Node; readonly what: string }[] = [];
    const note = (node: Node, what: string | undefined, known: readonly string[]) => {
      if (what !== undefined && known.includes(what) && !allow.includes(what)) found.push({ node, what });
    };
    return {
      CallExpression(node) {
        const step = stepCallOf(sourceCode, node);
        if (step !== undefined) steps.push(step);
        note(node, nameOf(sourceCode, node.callee), [...VALUES, ...EFFECTS, ...also]);
      },
      NewExpression(node) {
        if (node.arguments.length === 0) note(node, nameOf(sourceCode, node.callee), ["Date", ...also]);
      },
      MemberExpression(node) {
        if (!isCallee(node)) note(node, nameOf(sourceCode, node), also);
      },
      "Program:exit"() {
        for (const { node, what } of found)
          if (isReplayed(steps, node)) context.report({ node, ...messageFor(sourceCode, node, what) });
      },
    };
  },
};

interface Options {
  /** Names that are fine: `"Date.now"`. */
  readonly allow?: readonly string[];
  /** Further names that are not: `"process.env"`. */
  readonly also?: readonly string[];
}

const isCallee = (node: MemberExpression): boolean => {
  const parent = parentOf(node);
  return parent?.type === "CallExpression" && parent.callee === node;
};

/** The global that is named, or `module.export`; undefined for what is somebody's own. */
function nameOf(sourceCode: SourceCode, callee: Node): string | undefined {
  const found = pathOf(callee);
  if (found?.root.type !== "Identifier") return undefined;
  const variable = variableOf(sourceCode, found.root);
  if (variable === undefined) return [found.root.name, ...found.path].join(".").replace(/^(globalThis|window)\./, "");
  const [definition] = variable.defs;
  if (definition?.type !== "ImportBinding") return undefined;
  const module = String((definition.parent as { source: { value: unknown } }).source.value).replace(/^node:/, "");
  const specifier = definition.node as { imported?: { name?: string; value?: unknown } };
  const imported = specifier.imported?.name ?? found.path[0] ?? "";
  return `${module}.${imported}`;
}

/** Whether it is in a handler and in no step. What a step is given is looked at once; but its id has to be the same each time. */
function isReplayed(steps: readonly StepCall[], node: Node): boolean {
  if (bodyAround(steps, node) !== undefined) return false;
  for (const outer of around(node)) {
    const step = steps.find(({ node: call }) => call === outer);
    if (step !== undefined && argumentAround(step, node) > 0) return false;
    if (isLog(outer)) return false;
    if (isFunction(outer) && steps.some(({ handler }) => handler === outer)) return true;
  }
  return false;
}

/** What is logged is not decided by. */
function isLog(node: Node): boolean {
  if (node.type !== "CallExpression") return false;
  const callee = pathOf(node.callee);
  const names = [callee?.root.type === "Identifier" ? callee.root.name : "", ...(callee?.path ?? [])];
  return names.length > 1 && ["console", "logger", "log"].includes(names.at(-2) ?? "");
}

function messageFor(sourceCode: SourceCode, node: Node, what: string) {
  const call = unwrap(node) as CallExpression | NewExpression | MemberExpression;
  const code = sourceCode.getText(call);
  const shown = call.type === "MemberExpression" ? code : `${code.slice(0, code.indexOf("("))}()`;
  if (!EFFECTS.includes(what)) return { messageId: "value", data: { what: shown || code, code } };
  const tips: Record<string, string> = { fetch: " Or call step.fetch.", setTimeout: " To wait, call step.sleep." };
  return { messageId: "effect", data: { what, code, tip: tips[what] ?? "" } };
}
