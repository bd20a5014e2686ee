/** What an event may be called, and which names a trigger listens to. */
import { EVENT_NAME_CHARS_MAX, RESERVED_EVENT_PREFIX } from "../protocol/index.ts";

/**
 * Why a text cannot be an event's name, as the end of a sentence, or `undefined` if it can. Names are 1 to 128 characters, the
 * bound of EventBridge's `DetailType`; spaces inside are allowed, for foreign events have them ("EC2 Instance State-change").
 *
 * @example
 * ```ts
 * eventNameProblem("app/*"); // "contains *, which only triggers may use"
 * ```
 */
export function eventNameProblem(name: unknown): string | undefined {
  if (typeof name !== "string") return "is not a text";
  if (name === "") return "is empty";
  if (name.length > EVENT_NAME_CHARS_MAX) return `is longer than ${EVENT_NAME_CHARS_MAX} characters`;
  if (name !== name.trim()) return "begins or ends with a space";
  if (/\p{Cc}|\p{Cs}/u.test(name)) return "contains a control character or half a surrogate pair";
  if (name.includes("*")) return "contains *, which only triggers may use";
  return undefined;
}

/**
 * Whether an event can have this name. A reserved name is valid too: see `isReserved`.
 *
 * @example
 * ```ts
 * validEventName("app/user.created"); // true
 * ```
 */
export const validEventName = (name: unknown): name is string => eventNameProblem(name) === undefined;

/**
 * Whether a trigger's name stands for many: it ends in `/*` or `.*`. A bare `*` is no wildcard: such a function would be started
 * by its own lifecycle events too.
 *
 * @example
 * ```ts
 * isWildcard("app/user.*"); // true
 * ```
 */
export const isWildcard = (name: string): boolean => /[^/.][/.]\*$/.test(name) && validEventName(name.slice(0, -1));

/**
 * Whether events of this name start a trigger of this pattern. A wildcard stands for one character or more.
 *
 * @example
 * ```ts
 * nameMatches("app/*", "app/user.created"); // true
 * ```
 */
export function nameMatches(pattern: string, name: string): boolean {
  if (!isWildcard(pattern)) return pattern === name;
  return name.length >= pattern.length && name.startsWith(pattern.slice(0, -1));
}

/**
 * Whether a name belongs to Stepwell itself. Such events may start functions, but nobody may send them.
 *
 * @example
 * ```ts
 * isReserved("stepwell/function.failed"); // true
 * ```
 */
export const isReserved = (name: string): boolean => name.startsWith(RESERVED_EVENT_PREFIX);
