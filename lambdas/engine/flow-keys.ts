import { createHash } from "node:crypto";
import { canonicalValue, compileExpression, tryEvaluate } from "../../sdk/expressions/index.ts";
import {
  type ConcurrencyLimit,
  type FlowManifest,
  type GateRef,
  PRIORITY_SECONDS_MAX,
  type QueuePlace,
  type RunAddress,
} from "../../sdk/protocol/index.ts";
import type { FunctionMatch } from "./match.ts";

/**
 * Keys of flow control: CEL over the event, evaluated once, when the run is scheduled. A key that is false, null or missing switches its
 * control off for that event, which `offOptions` lists for the log.
 */
export type FlowKey =
  | {
      readonly on: true;
      /** The key's value as canonical JSON: equal values have equal texts. Absent: the control has no key. */
      readonly text?: string;
    }
  | { readonly on: false };

/** A function, wherever it is spoken of. */
export type FunctionAddress = Omit<RunAddress, "runId">;

/** An event as expressions see it, with what a place in a queue is made of. */
export type KeyedEvent = object & { readonly id: string; readonly ts: number };

/** Digits of a time in a sort key: milliseconds until the year 33658. */
const ORDER_DIGITS = 15;
/** Characters of a key's value that are kept for people. */
const LABEL_CHARS_MAX = 64;
const HASH_CHARS = 22;

/**
 * The value of a control's key for an event.
 *
 * @param expression the option's text; undefined: the control is the same for all events
 * @example
 * ```ts
 * keyOf("event.data.user", { data: { user: "u1" } }); // { on: true, text: '"u1"' }
 * keyOf("event.data.user", { data: {} }); // { on: false }
 * ```
 */
export function keyOf(expression: string | undefined, event: object): FlowKey {
  if (expression === undefined) return { on: true };
  const value = resultOf(expression, event);
  const text = value === false || value === null ? undefined : canonicalValue(value);
  return text === undefined ? { on: false } : { on: true, text };
}

/**
 * A short hash for keys of the table: of texts in their order, absent ones told from empty ones.
 *
 * @example
 * ```ts
 * hashOf("order", "event.data.user", '"u1"'); // 22 characters
 * ```
 */
export const hashOf = (...parts: readonly (string | undefined)[]): string =>
  createHash("sha256")
    .update(JSON.stringify(parts.map((part) => part ?? null)))
    .digest("base64url")
    .slice(0, HASH_CHARS);

/**
 * A key's value for people: texts without their quotes, and shortened.
 *
 * @example
 * ```ts
 * labelOf('"u1"'); // "u1"
 * ```
 */
export function labelOf(text: string): string {
  const plain = text.startsWith('"') ? (JSON.parse(text) as string) : text;
  const chars = [...plain];
  return chars.length <= LABEL_CHARS_MAX ? plain : `${chars.slice(0, LABEL_CHARS_MAX - 1).join("")}…`;
}

export interface Priority {
  /** −600 to 600; more goes first. */
  readonly seconds: number;
  /** The expression gave no number: it counts as 0. */
  readonly odd?: true;
}

/** How far an event's run is put forward. */
export function priorityOf(expression: string | undefined, event: object): Priority {
  if (expression === undefined) return { seconds: 0 };
  const value = resultOf(expression, event);
  if (typeof value !== "number" || Number.isNaN(value)) return { seconds: 0, odd: true };
  return { seconds: Math.max(-PRIORITY_SECONDS_MAX, Math.min(PRIORITY_SECONDS_MAX, value)) };
}

/** The gates that an event's run has to pass: one for each limit whose key is on. */
export const gatesOf = (
  fn: Pick<FunctionAddress, "app" | "functionId">,
  concurrency: readonly ConcurrencyLimit[] | undefined,
  event: object,
): readonly GateRef[] =>
  (concurrency ?? []).flatMap((limit) => {
    const key = keyOf(limit.key, event);
    if (!key.on) return [];
    const { scope } = limit;
    const { text } = key;
    const gate = { scope, of: limitOf(limit), id: gateIdOf(fn, limit, text) };
    return [text === undefined ? gate : { ...gate, key: labelOf(text) }];
  });

/** Which limit of its function a gate belongs to: the size may change in a deploy, scope and key make it another. */
export const limitOf = ({ scope, key }: ConcurrencyLimit): string => hashOf(scope, key);

/**
 * The size of the limit that a gate belongs to, as its function has it today. Where a deploy has given the limit another key or scope, those who
 * stand under the old one go by the smallest that there is. Undefined: the function has no limit any more.
 */
export function limitToday(flow: FlowManifest | undefined, { of }: GateRef): number | undefined {
  const { concurrency } = flow ?? {};
  if (concurrency === undefined) return undefined;
  const same = concurrency.find((limit) => limitOf(limit) === of);
  return same?.limit ?? Math.min(...concurrency.map(({ limit }) => limit));
}

/** What is limited together: a function's own gates by its key and value; functions share a wider scope's by the value alone. */
export const gateIdOf = (
  { app, functionId }: Pick<FunctionAddress, "app" | "functionId">,
  { scope, key }: ConcurrencyLimit,
  text: string | undefined,
): string => (scope === "fn" ? hashOf(scope, app, functionId, key, text) : hashOf(scope, text));

/** Where an event's run stands in the queues of its function's limits. Undefined: no limit holds for it. */
export function placeOf(match: FunctionMatch, event: KeyedEvent): QueuePlace | undefined {
  const { id: functionId, flow } = match.fn;
  const gates = gatesOf({ app: match.app.manifest.app, functionId }, flow?.concurrency, event);
  if (gates.length === 0) return undefined;
  return { gates, order: orderOf(event, priorityOf(flow?.priority?.run, event).seconds) };
}

/** Runs of a gate go by the time of their event less their priority, then by the event's id. */
export function orderOf({ id, ts }: KeyedEvent, prioritySeconds: number): string {
  const time = Math.floor(ts - prioritySeconds * 1_000);
  const inRange = Math.max(0, Math.min(10 ** ORDER_DIGITS - 1, time));
  return `${String(inRange).padStart(ORDER_DIGITS, "0")}#${id}`;
}

/** The options that an event has switched off, as users write their paths: a missing key, or a priority that is no number. */
export function offOptions(flow: FlowManifest, event: object): readonly string[] {
  const { idempotency, rateLimit, debounce, batchEvents, singleton, throttle, concurrency = [], priority } = flow;
  const keys: readonly (readonly [string, string | undefined])[] = [
    ["idempotency", idempotency],
    ["rateLimit.key", rateLimit?.key],
    ["debounce.key", debounce?.key],
    ["batchEvents.key", batchEvents?.key],
    ["singleton.key", singleton?.key],
    ["throttle.key", throttle?.key],
    ...concurrency.map(
      (limit, i) => [concurrency.length === 1 ? "concurrency.key" : `concurrency[${i}].key`, limit.key] as const,
    ),
  ];
  const off = keys.filter(([, expression]) => !keyOf(expression, event).on).map(([option]) => option);
  return priorityOf(priority?.run, event).odd ? [...off, "priority.run"] : off;
}

function resultOf(expression: string, event: object): unknown {
  const result = tryEvaluate(compileExpression(expression, ["event"], "a key"), { event });
  return result.ok ? result.value : undefined;
}
