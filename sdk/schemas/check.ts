import { EventSchemaError } from "./event-schema-error.ts";
import { afterAll, type CheckedFields, type EventIssue, issuesOf, type NowOrLater } from "./issues.ts";
import type { FieldSchemas } from "./standard.ts";

/** One event that is to fit one of several schemas. */
export interface Subject {
  /** Where it is, for the error. */
  readonly where: string;
  readonly alternatives: readonly FieldSchemas[];
  readonly event: CheckedFields;
  /** A `user` that a schema asks for may not be missing. */
  readonly strict: boolean;
  /** What the error says beside the issues. */
  readonly hint?: (issues: readonly EventIssue[]) => string;
}

/** Asks the schemas of all events, and throws for the first that does not fit. @throws EventSchemaError */
export const checkSubjects = (subjects: readonly Subject[]): NowOrLater<void> =>
  afterAll(subjects.map(flawsOf), (found) => {
    const bad = found.findIndex((issues) => issues.length > 0);
    const subject = subjects[bad];
    const issues = found[bad];
    if (subject === undefined || issues === undefined) return;
    throw new EventSchemaError(subject.where, issues, subject.hint?.(issues));
  });

/** Nothing if one of the schemas is content, else what the first one found. */
const flawsOf = ({ alternatives, event, strict }: Subject): NowOrLater<EventIssue[]> =>
  afterAll(
    alternatives.map((schemas) => issuesOf(schemas, event, strict)),
    (found) => (found.some((issues) => issues.length === 0) ? [] : (found[0] ?? [])),
  );
