import { isRecord } from "../input.ts";

/** An error of a state: what Retry and Catch look at. */
export class StateError extends Error {
  override readonly name: string;
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

/** What `$` and `$$` mean in one state of one execution. */
export interface Scope {
  readonly input: unknown;
  readonly context: unknown;
}

/** Fills in a payload template: members that end in `.$` are paths or intrinsic functions. */
export function fillTemplate(template: unknown, scope: Scope): unknown {
  if (Array.isArray(template)) return template.map((element) => fillTemplate(element, scope));
  if (!isRecord(template)) return template;
  const filled = Object.entries(template).map(([key, value]) =>
    key.endsWith(".$") ? [key.slice(0, -2), evaluate(String(value), scope)] : [key, fillTemplate(value, scope)],
  );
  return Object.fromEntries(filled) as Record<string, unknown>;
}

/** A path (`$.a.b`, `$$.Task.Token`), a number, a string in quotes, or a call of an intrinsic function. */
export function evaluate(expression: string, scope: Scope): unknown {
  const text = expression.trim();
  if (text.startsWith("$")) return follow(text, scope);
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("\\'", "'");
  const [, name = "", inner = ""] = /^(States\.\w+)\((.*)\)$/s.exec(text) ?? [];
  const args = splitArguments(inner).map((argument) => evaluate(argument, scope));
  switch (name) {
    case "States.Format":
      return format(String(args[0]), args.slice(1));
    case "States.MathAdd":
      return Number(args[0]) + Number(args[1]);
    default:
      throw new StateError("States.Runtime", `The local cloud cannot evaluate ${text}.`);
  }
}

function follow(path: string, { input, context }: Scope): unknown {
  const [root, ...fields] = path.split(".");
  let value = root === "$$" ? context : input;
  for (const field of fields) {
    if (!isRecord(value) || !Object.hasOwn(value, field)) {
      throw new StateError("States.ParameterPathFailure", `The path '${path}' could not be found.`);
    }
    value = value[field];
  }
  return value;
}

function format(template: string, args: readonly unknown[]): string {
  let next = 0;
  return template.replaceAll("{}", () => {
    const arg = args[next++];
    return typeof arg === "string" ? arg : JSON.stringify(arg);
  });
}

/** Splits at the commas that are in no parentheses and in no quotes. */
function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let [depth, quoted, current] = [0, false, ""];
  for (const char of text) {
    if (char === "'") quoted = !quoted;
    if (!quoted && char === "(") depth++;
    if (!quoted && char === ")") depth--;
    if (char === "," && depth === 0 && !quoted) {
      parts.push(current);
      current = "";
    } else current += char;
  }
  return current.trim() === "" ? parts : [...parts, current];
}
