import { isRecord } from "../errors/index.ts";
import type { OutgoingEvent } from "../execution/contract.ts";
import { checkSubjects } from "./check.ts";
import { ownSchemas } from "./event-type.ts";
import type { EventIssue, NowOrLater } from "./issues.ts";
import type { FieldSchemas } from "./standard.ts";

/** Where the schemas of a client's events are looked up. */
export interface SchemaSource {
  of(name: string): FieldSchemas | undefined;
}

/**
 * How events that are about to go out are checked by their schemas; nothing when none has one. `events` are those that were `given`, as
 * JSON: what is content with that here is content with it where it arrives.
 *
 * @throws EventSchemaError when it is called, naming the first event that does not fit
 */
export function outgoingCheck(
  given: unknown,
  events: readonly OutgoingEvent[],
  { schemas, where }: { readonly schemas: SchemaSource | undefined; readonly where: string },
): (() => NowOrLater<void>) | undefined {
  const subjects = events.flatMap((event, index) => {
    const raw: unknown = Array.isArray(given) ? given[index] : given;
    const own = (isRecord(raw) ? ownSchemas(raw) : undefined) ?? schemas?.of(event.name);
    if (own === undefined) return [];
    const at = Array.isArray(given) ? `${where}: events[${index}]` : where;
    const hint = (issues: readonly EventIssue[]) => hintOf(raw, issues);
    return [{ where: `${at} ${JSON.stringify(event.name)}`, alternatives: [own], event, strict: true, hint }];
  });
  return subjects.length === 0 ? undefined : () => checkSubjects(subjects);
}

const NOTHING_SENT = ". Nothing was sent.";
const DATE_AS_TEXT =
  ". Nothing was sent. Schemas judge the JSON that travels, in which a Date is text: ask for text there, such as an ISO date.";

const hintOf = (raw: unknown, issues: readonly EventIssue[]): string =>
  issues.some(({ path }) => at(raw, path) instanceof Date) ? DATE_AS_TEXT : NOTHING_SENT;

/** What stands at a path such as `data.items[0].at`. */
const at = (value: unknown, path: string): unknown =>
  path.split(/[.[\]"]+/).reduce<unknown>((inner, key) => {
    if (key === "") return inner;
    return typeof inner === "object" && inner !== null ? (inner as Record<string, unknown>)[key] : undefined;
  }, value);
