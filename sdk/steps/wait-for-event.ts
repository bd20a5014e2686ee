import { badInput, isRecord, quote, refuseUnknownKeys } from "../errors/index.ts";
import type { Ledger, WaitForEventRequest } from "../execution/contract.ts";
import { parseDuration } from "../expressions/index.ts";
import { checkCondition, checkMatch } from "../functions/conditions.ts";
import { checkEventName, WAITABLE_LIFECYCLE_EVENTS } from "../functions/event-name.ts";
import { EVENT_FINISHED, EVENT_INVOKED } from "../protocol/index.ts";
import { checkAwaited, isEventType, type SchemaSource } from "../schemas/index.ts";
import type { AnyEvents, StepTools } from "../types/index.ts";
import { checkStepId, rejecting } from "./step-id.ts";

const CODE = "STEPWELL_INVALID_STEP";

export const waitForEvent =
  (ledger: Ledger, schemas?: SchemaSource): StepTools<AnyEvents>["waitForEvent"] =>
  (id, options) =>
    rejecting(() => {
      const { step, where } = checkStepId(id, "step.waitForEvent");
      const asked = ledger.ask({ ...step, kind: "waitForEvent", ...checkWait(options, where) });
      return checkAwaited(asked, { event: options.event, schemas, where });
    });

function checkWait(options: unknown, where: string): Omit<WaitForEventRequest, "kind"> {
  if (!isRecord(options)) {
    throw badInput(
      CODE,
      where,
      `the second argument must be { event, timeout, match? or if? }, got ${quote(options)}.`,
    );
  }
  refuseUnknownKeys(options, ["event", "timeout", "match", "if"], CODE, where);
  if (options.timeout === undefined) {
    throw badInput(CODE, where, 'a `timeout` is required, such as "7d"; 365 days at most.');
  }
  if (options.match !== undefined && options.if !== undefined) {
    throw badInput(CODE, where, "give `match` or `if`, not both. What `match` says can be a part of `if`.");
  }
  return {
    event: checkName(options.event, `${where}: event`),
    timeoutMs: parseDuration(options.timeout, `${where}: timeout`),
    ...(options.match !== undefined && { match: checkMatch(options.match, `${where}: match`) }),
    ...(options.if !== undefined && { if: checkCondition(options.if, ["event", "async"], `${where}: if`) }),
  };
}

function checkName(given: unknown, where: string): string {
  const name = isEventType(given) ? given.name : given;
  if (name === EVENT_FINISHED || name === EVENT_INVOKED) {
    const text = `${name} goes out only to functions that it triggers. Use step.invoke, or make it a function's trigger.`;
    throw badInput(CODE, where, text);
  }
  return checkEventName(name, CODE, where, WAITABLE_LIFECYCLE_EVENTS);
}
