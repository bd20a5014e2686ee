import { badInput } from "../sdk/errors/index.ts";
import type { AnyEvents, AnyFunction, OutgoingEventOf } from "../sdk/index.ts";
import { RESERVED_EVENT_PREFIX, StepwellError, type TriggerManifest } from "../sdk/protocol/index.ts";

/** What starts the run when no event is given: the function's first trigger, with no data. */
export type Start =
  | { readonly kind: "events"; readonly events: readonly OutgoingEventOf<AnyEvents>[] }
  | { readonly kind: "cron" };

/** @throws StepwellError `STEPWELL_INVALID_OPTION` when the first trigger is an event that only the engine sends */
export function startOf(
  { id, manifest }: AnyFunction,
  events: readonly OutgoingEventOf<AnyEvents>[] | undefined,
): Start {
  if (events !== undefined) return { kind: "events", events };
  const [trigger] = manifest.triggers;
  if (trigger === undefined || trigger.kind === "cron") return { kind: "cron" };
  if (trigger.event.startsWith(RESERVED_EVENT_PREFIX)) {
    throw badInput(
      "STEPWELL_INVALID_OPTION",
      "TestEngine: function",
      `"${id}" is triggered by ${trigger.event}, which only the engine sends. Test the function whose end it hears of, and give this one with "functions".`,
    );
  }
  return { kind: "events", events: [{ name: trigger.event.replace("*", "test"), data: {} }] };
}

/** None of the events has started a run. */
export const notTriggered = ({ id, manifest }: AnyFunction, names: readonly string[]): StepwellError =>
  new StepwellError(
    "STEPWELL_NOT_TRIGGERED",
    `TestEngine: the event ${names.join(", ")} does not start the function "${id}". Its triggers: ${manifest.triggers.map(show).join("; ")}. ` +
      'Give an event that matches one of them: events: [{ name: "…", data: { … } }].',
  );

const show = (trigger: TriggerManifest): string => {
  if (trigger.kind === "cron") return `cron ${trigger.cron}`;
  return trigger.if === undefined ? trigger.event : `${trigger.event} if ${trigger.if}`;
};
