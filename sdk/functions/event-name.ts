import { badInput, quote } from "../errors/index.ts";
import { eventNameProblem, isReserved, isWildcard } from "../expressions/index.ts";
import {
  type Code,
  EVENT_CANCELLED,
  EVENT_FAILED,
  EVENT_FINISHED,
  EVENT_INVOKED,
  RESERVED_EVENT_PREFIX,
} from "../protocol/index.ts";

/** Events of the engine itself that functions may be triggered by. */
export const TRIGGERING_LIFECYCLE_EVENTS: readonly string[] = [
  EVENT_FAILED,
  EVENT_CANCELLED,
  EVENT_FINISHED,
  EVENT_INVOKED,
];
/** Those of them that go out whether somebody listens or not, so that a run can wait for them. */
export const WAITABLE_LIFECYCLE_EVENTS: readonly string[] = [EVENT_FAILED, EVENT_CANCELLED];

/** A name that an event can have, and none of the engine's own except `allowed`. */
export function checkEventName(name: unknown, code: Code, where: string, allowed: readonly string[] = []): string {
  const flaw = eventNameProblem(name);
  if (flaw !== undefined) throw badInput(code, where, `the event name ${quote(name)} ${flaw}.`);
  if (isReserved(name as string) && !allowed.includes(name as string)) {
    const but = allowed.length === 0 ? "" : ` except ${allowed.join(", ")}`;
    throw badInput(
      code,
      where,
      `names that begin with "${RESERVED_EVENT_PREFIX}" are the engine's own${but}; got ${quote(name)}.`,
    );
  }
  return name as string;
}

/** The same for what listens to events: a wildcard too. */
export function checkEventPattern(name: unknown, code: Code, where: string, allowed: readonly string[] = []): string {
  if (typeof name !== "string" || !name.includes("*")) return checkEventName(name, code, where, allowed);
  if (isWildcard(name) && !isReserved(name)) return name;
  const text = isReserved(name)
    ? `the engine's own events are listened to by their full names: ${TRIGGERING_LIFECYCLE_EVENTS.join(", ")}.`
    : `a wildcard stands at the end, after "/" or ".", as in "app/*" or "app/user.*".`;
  throw badInput(code, where, `${quote(name)} is refused: ${text}`);
}
