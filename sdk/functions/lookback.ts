import { badInput, isRecord, quote } from "../errors/index.ts";
import { compileExpression, equalitiesOf } from "../expressions/index.ts";
import { LOOKBACKS_MAX, type Lookback } from "../protocol/index.ts";
import { checkCondition, checkMatch } from "./conditions.ts";
import { checkEventName, WAITABLE_LIFECYCLE_EVENTS } from "./event-name.ts";
import { checkFields } from "./flow/fields.ts";

const CODE = "STEPWELL_INVALID_FUNCTION";

/** `lookback`: one event or a list of them, of which the router notes the arrivals. */
export function checkLookback(value: unknown, where: string): readonly Lookback[] {
  if (!Array.isArray(value)) return [checkEntry(value, where)];
  if (value.length === 0 || value.length > LOOKBACKS_MAX) {
    throw badInput(CODE, where, `a list has 1 to ${LOOKBACKS_MAX} events, this one ${value.length}.`);
  }
  return value.map((entry, index) => checkEntry(entry, `${where}[${index}]`));
}

/**
 * What a handler's own text says of its waits that look back, as far as they are plain literals: `{ event: "shop/paid", match: "data.id",
 * lookback: "10m" }`. The rest has to be declared. What is wrong there is refused by the wait, not here.
 */
export function lookbackIn(handler: unknown): readonly Lookback[] {
  const waits = String(handler).match(/\{[^{}]*\blookback\s*:[^{}]*\}/g) ?? [];
  const found = waits.slice(0, LOOKBACKS_MAX).flatMap((text) => {
    const [event, match, condition] = ["event", "match", "if"].map((name) => literalOf(text, name));
    if (event === undefined) return [];
    try {
      return [checkEntry({ event, match, if: condition }, "")];
    } catch {
      return [];
    }
  });
  return [...new Map(found.map((entry) => [JSON.stringify(entry), entry])).values()];
}

const literalOf = (text: string, name: string): string | undefined =>
  new RegExp(`\\b${name}\\s*:\\s*(["'\`])([^\\\\$]*?)\\1`).exec(text)?.[2];

function checkEntry(value: unknown, where: string): Lookback {
  if (!isRecord(value)) {
    if (typeof value === "string") return { event: checkName(value, where), paths: [] };
    throw badInput(CODE, where, `must be an event's name, or { event, match? or if? }, got ${quote(value)}.`);
  }
  const { event, match, if: condition } = checkFields(value, ["event", "match?", "if?"], where);
  if (match !== undefined && condition !== undefined) {
    throw badInput(CODE, where, "give `match` or `if`, not both. What `match` says can be a part of `if`.");
  }
  return { event: checkName(event, `${where}.event`), paths: pathsOf(match, condition, where) };
}

const checkName = (name: unknown, where: string): string =>
  checkEventName(name, CODE, where, WAITABLE_LIFECYCLE_EVENTS);

/** The paths by which a wait with this condition is found: as `listenerKey` of the engine has them. */
function pathsOf(match: unknown, condition: unknown, where: string): readonly string[] {
  if (match !== undefined) return [checkMatch(match, `${where}.match`)];
  if (condition === undefined) return [];
  const text = checkCondition(condition, ["event", "async"], `${where}.if`);
  const equalities = equalitiesOf(compileExpression(text, ["event", "async"], "if"));
  return [...new Set(equalities.map(({ path }) => path))].sort();
}
