import { badInput } from "../../sdk/errors/index.ts";
import { toEngineName } from "./names.ts";

const CODE = "STEPWELL_INVALID_EXPRESSION";
const TEXT = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g;
const TEXT_SOURCE = `("[^"\\\\]*"|'[^'\\\\]*')`;

/** A CEL expression with the engine's names for Inngest's own events. Whatever is no text is checked where all expressions are. */
export const withEngineNames = (expression: unknown): unknown =>
  typeof expression === "string" ? expression.replace(TEXT, (text) => inQuotes(text, toEngineName)) : expression;

/**
 * A CEL condition over a lifecycle event, which is `variable`: Inngest writes its function as `shop-bill`, the engine as `shop/bill`.
 * Comparisons are translated. Whatever else is done with the id is refused, since a condition that is never true would go unnoticed.
 */
export function withAddresses(expression: unknown, variable: "event" | "async", app: string, where: string): unknown {
  if (typeof expression !== "string") return expression;
  const id = `${variable}\\.data\\.function_id`;
  const after = new RegExp(`(\\b${id}\\s*[!=]=\\s*)${TEXT_SOURCE}`, "g");
  const before = new RegExp(`${TEXT_SOURCE}(\\s*[!=]=\\s*${id}\\b)`, "g");
  const others = expression.replace(after, "").replace(before, "").replace(TEXT, "");
  if (new RegExp(`\\b${id}\\b`).test(others)) {
    const text = `compare \`function_id\` with == or != and a text, as in ${variable}.data.function_id == "${app}-bill".`;
    throw badInput(CODE, where, text);
  }
  const address = (text: string) => inQuotes(text, (given) => addressOf(given, app, where));
  return expression
    .replace(after, (_, left: string, text: string) => left + address(text))
    .replace(before, (_, text: string, right: string) => address(text) + right);
}

function addressOf(id: string, app: string, where: string): string {
  if (id.includes("/")) return id;
  if (id.startsWith(`${app}-`)) return `${app}/${id.slice(app.length + 1)}`;
  const text = `"${id}" is no function of the app "${app}". Write a function of another app as "<app>/<function>".`;
  throw badInput(CODE, where, text);
}

const inQuotes = (text: string, change: (inner: string) => string): string =>
  `${text[0]}${change(text.slice(1, -1))}${text[0]}`;
