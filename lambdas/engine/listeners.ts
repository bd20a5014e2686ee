import { createHash } from "node:crypto";
import {
  canonicalValue,
  compileExpression,
  equalitiesOf,
  isFullyKeyed,
  project,
  projectionOf,
  valueAt,
} from "../../sdk/expressions/index.ts";
import type { CancelOn } from "../../sdk/protocol/index.ts";

/** A condition over two events, as users write it. */
export interface Condition {
  readonly match?: string;
  readonly if?: string;
}

/** How a waiting step is found by the events that may resolve it. */
export interface ListenerKey {
  /** Paths in the arriving event whose values are part of the key; none: every event of the name is looked at. */
  readonly paths: readonly string[];
  /** Hash of the paths and the values that they must have. */
  readonly match: string;
  /** What is left to evaluate, over the arriving event and this part of the trigger. */
  readonly rest?: { readonly if: string; readonly trigger: object };
}

const EVERY_EVENT = "*";

/** Bus time has one-second resolution: an event in the same second as the wait counts as after it (L7). In milliseconds. */
const BUS_TIME_RESOLUTION_MS = 1_000;

/** The earliest bus time, in milliseconds, of an event that counts for whoever listens since then. */
export const countsFrom = (since: number): number => since - BUS_TIME_RESOLUTION_MS + 1;

/** The key of a wait. Undefined: the trigger lacks a value that the condition compares, so no event can ever match. */
export function listenerKey(condition: Condition, trigger: object): ListenerKey | undefined {
  if (condition.match !== undefined) return keyed([[condition.match, valueAt(trigger, condition.match)]]);
  if (condition.if === undefined) return { paths: [], match: EVERY_EVENT };
  const expression = compileExpression(condition.if, ["event", "async"], "if");
  const values: [string, unknown][] = [];
  for (const equality of equalitiesOf(expression)) {
    const value = equality.valueOf(trigger);
    if (!value.ok) return undefined;
    values.push([equality.path, value.value]);
  }
  const key = keyed(values);
  if (key === undefined || isFullyKeyed(expression)) return key;
  const read = projectionOf(expression, "event");
  return { ...key, rest: { if: condition.if, trigger: read === "all" ? trigger : (project(trigger, read) as object) } };
}

/** Where the listeners of a run's `cancelOn` are to lie. Those that can match no event are not among them. */
export function cancelKeys(
  cancelOn: readonly CancelOn[],
  trigger: object,
): readonly { readonly on: CancelOn; readonly index: number; readonly key: ListenerKey }[] {
  return cancelOn.flatMap((on, index) => {
    const key = listenerKey(on, trigger);
    return key === undefined ? [] : [{ on, index, key }];
  });
}

/** The hash under which an arriving event looks for waits on `paths`. Undefined: it has no value at one of them. */
export function matchOf(paths: readonly string[], event: object): string | undefined {
  return keyed(paths.map((path) => [path, valueAt(event, path)]))?.match;
}

function keyed(pairs: readonly (readonly [string, unknown])[]): ListenerKey | undefined {
  if (pairs.length === 0) return { paths: [], match: EVERY_EVENT };
  const byPath = new Map<string, string>();
  for (const [path, value] of pairs) {
    const text = canonicalValue(value);
    if (text === undefined) return undefined;
    byPath.set(path, byPath.get(path) ?? text);
  }
  const sorted = [...byPath].sort(([a], [b]) => (a < b ? -1 : 1));
  return { paths: sorted.map(([path]) => path), match: hash(JSON.stringify(sorted)) };
}

const hash = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 22);
