import { StepwellError } from "../protocol/index.ts";
import type { EventIssue } from "./issues.ts";

/** Issues that a message spells out; all are in `issues`. */
const ISSUES_SHOWN = 5;

/**
 * An event's data does not fit its schema. Thrown by `send` before anything is sent, and by a function before any of its code runs; not
 * retried. `issues` has what the schema found; it does not outlive a step, a run or a process: there the message tells.
 *
 * @example
 * ```ts
 * const answer = await stepwell.send(event).catch((error) => {
 *   if (error instanceof EventSchemaError) return { status: 400, issues: error.issues };
 *   throw error;
 * });
 * ```
 */
export class EventSchemaError extends StepwellError {
  override readonly name: string = "EventSchemaError";
  readonly issues: readonly EventIssue[];

  constructor(where: string, issues: readonly EventIssue[], ending = "") {
    const shown = issues.slice(0, ISSUES_SHOWN).map(({ path, message }) => `${path}: ${message}`);
    const more = issues.length > ISSUES_SHOWN ? `; and ${issues.length - ISSUES_SHOWN} more` : "";
    super("STEPWELL_SCHEMA_MISMATCH", `${where} does not fit its schema: ${shown.join("; ")}${more}${ending}`);
    this.issues = issues;
  }
}
