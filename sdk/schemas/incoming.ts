import { isRecord } from "../errors/index.ts";
import type { UserEvent } from "../execution/user-event.ts";
import { isWildcard, nameMatches } from "../expressions/index.ts";
import { EVENT_INVOKED } from "../protocol/index.ts";
import { checkSubjects } from "./check.ts";
import { isEventType, ownSchemas } from "./event-type.ts";
import type { NowOrLater } from "./issues.ts";
import type { SchemaSource } from "./outgoing.ts";
import type { FieldSchemas } from "./standard.ts";

/** Checks the events that a run is started with, before any of its code runs. @throws EventSchemaError */
export type IncomingCheck = (events: readonly UserEvent[]) => NowOrLater<void>;

/** An event trigger: its pattern, and what its `eventType` brings along. */
interface Listening {
  readonly pattern: string;
  readonly own: FieldSchemas | undefined;
}

/** `triggers`: as they were given, once they have been found to be right. */
export function incomingCheck(triggers: unknown, schemas: SchemaSource | undefined): IncomingCheck {
  const listening = [triggers].flat().flatMap(listeningOf);
  const alternativesFor = (name: string) =>
    name === EVENT_INVOKED ? forInvoked(listening, schemas) : forName(listening, name, schemas);
  return (events) =>
    checkSubjects(
      events.flatMap((event, index) => {
        const alternatives = alternativesFor(event.name);
        const where = `${events.length > 1 ? `events[${index}], ` : ""}the event ${JSON.stringify(event.name)} (${event.id})`;
        return alternatives.length === 0 ? [] : [{ where, alternatives, event, strict: false, hint: () => NOT_RUN }];
      }),
    );
}

const NOT_RUN = ". No code of the function was run.";

function listeningOf(trigger: unknown): Listening[] {
  const { event } = trigger as { readonly event?: unknown };
  if (isEventType(trigger)) return [{ pattern: trigger.name, own: ownSchemas(trigger) }];
  if (isEventType(event)) return [{ pattern: event.name, own: ownSchemas(event) }];
  return typeof event === "string" ? [{ pattern: event, own: undefined }] : [];
}

/** An event's own schemas are those of its triggers; where they have none, the client's. */
function forName(listening: readonly Listening[], name: string, schemas: SchemaSource | undefined): FieldSchemas[] {
  const own = listening.flatMap((one) => (one.own !== undefined && nameMatches(one.pattern, name) ? [one.own] : []));
  const known = schemas?.of(name);
  return own.length > 0 || known === undefined ? own : [known];
}

/**
 * A function is invoked with the data of any of its events. With one among them that is not known at run time, anything may come; so it is
 * for one that listens to invocations themselves.
 */
function forInvoked(listening: readonly Listening[], schemas: SchemaSource | undefined): FieldSchemas[] {
  const each = listening.map(({ pattern, own }) => own ?? (isWildcard(pattern) ? undefined : schemas?.of(pattern)));
  const known = each.filter((one) => one !== undefined);
  return known.length === each.length ? known : [];
}

/**
 * Hands on what `asked` resolves with: the event that a step has waited for, once it is found to be right. `event` is as it was given: a name or
 * an `eventType`, or a list of them and of objects that have one as their `event`.
 */
export function checkAwaited<T>(
  asked: Promise<T>,
  {
    event,
    schemas,
    where,
  }: { readonly event: unknown; readonly schemas: SchemaSource | undefined; readonly where: string },
): Promise<T> {
  const awaited = [event].flat().map((one) => (isRecord(one) && !isEventType(one) ? one.event : one));
  const schemasOf = (name: string) => {
    const type = awaited.filter(isEventType).find((one) => one.name === name);
    return (type && ownSchemas(type)) ?? schemas?.of(name);
  };
  const names = awaited.map((one) => (isEventType(one) ? one.name : String(one)));
  // A promise that needs no check goes through as it is.
  if (names.every((name) => schemasOf(name) === undefined)) return asked;
  const checked = asked.then(async (arrived) => {
    const got = arrived as UserEvent | null;
    const own = got === null ? undefined : schemasOf(got.name);
    if (got === null || own === undefined) return arrived;
    const at = `${where}: the event ${JSON.stringify(got.name)} (${got.id})`;
    await checkSubjects([{ where: at, alternatives: [own], event: got, strict: false }]);
    return arrived;
  });
  // A wait that nobody awaits may fail; that is no unhandled rejection of the process.
  checked.catch(() => {});
  return checked;
}
